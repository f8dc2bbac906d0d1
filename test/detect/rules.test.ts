import { describe, expect, test } from "vitest";
import { CATEGORIES } from "../../src/model/nouns.js";
import type { DetectorRule, RuleExample } from "../../src/detect/rule.js";
import { fillTemplate } from "../../src/detect/template.js";
import { builtinRules, engine } from "./load.js";

/** What a rule says of one of its own examples. */
function foundBy(rule: DetectorRule, example: string | RuleExample): boolean {
  const { text, role, phase, key } = typeof example === "string" ? { text: example } : { ...example };
  const at = {
    role: role ?? (rule.roles?.includes("text") === false ? rule.roles[0] : undefined) ?? "text",
    phase: phase ?? rule.phases?.[0] ?? "input",
    ...(key !== undefined && { key }),
  } as const;
  return engine.scanText(fillTemplate(text), at).some((f) => f.detector === rule.id);
}

test("every category has a handful of detectors", () => {
  for (const category of CATEGORIES) {
    expect(builtinRules.filter((r) => r.category === category).length, category).toBeGreaterThanOrEqual(5);
  }
});

describe.each(builtinRules.map((rule) => [rule.id, rule] as const))("%s", (_, rule) => {
  test("finds its hits and leaves its misses alone", () => {
    expect(
      rule.hits.filter((e) => !foundBy(rule, e)),
      "hits not found",
    ).toEqual([]);
    expect(
      rule.misses.filter((e) => foundBy(rule, e)),
      "misses found",
    ).toEqual([]);
  });
});
