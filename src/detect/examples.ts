/** What a rule says of one of its own examples. */
import type { Engine } from "./engine.js";
import type { DetectorRule, RuleExample } from "./rule.js";
import { fillTemplate } from "./template.js";

/** Whether the rule finds the example, as a leaf of the role and phase that it speaks to where the example names none. */
export function findsExample(engine: Engine, rule: DetectorRule, example: string | RuleExample): boolean {
  const { text, role, phase, key } = typeof example === "string" ? { text: example } : { ...example };
  const usual = rule.roles === undefined || rule.roles.includes("text") ? "text" : rule.roles[0];
  const at = {
    role: role ?? usual ?? "text",
    phase: phase ?? rule.phases?.[0] ?? "input",
    ...(key !== undefined && { key }),
  };
  return engine.scanText(fillTemplate(text), at).some(({ detector }) => detector === rule.id);
}
