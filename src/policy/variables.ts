import type { Category } from "../model/nouns.js";
import { CATEGORIES } from "../model/nouns.js";
import type { Problem } from "./problem.js";
import { editDistance, listNames, nearest } from "./problem.js";

export type Env = Readonly<Record<string, string | undefined>>;

/** The variable that sets one category's action outright. */
export const ACTION_VARIABLES: Readonly<Record<Category, string>> = {
  pii: "PII_ACTION",
  sqli: "SQLI_ACTION",
  sensitive_data: "SENSITIVE_DATA_ACTION",
  high_risk: "HIGH_RISK_ACTION",
  dangerous_queries: "DANGEROUS_QUERY_ACTION",
  dangerous_commands: "DANGEROUS_COMMAND_ACTION",
  prompt_injection: "PROMPT_INJECTION_ACTION",
  unsafe_code: "UNSAFE_CODE_ACTION",
  tool_integrity: "TOOL_INTEGRITY_ACTION",
  exfiltration: "EXFILTRATION_ACTION",
};

const OWN = [
  "SALLYPORT_PROFILE",
  "SALLYPORT_ENFORCE",
  "SALLYPORT_HOME",
  "SALLYPORT_TOKEN",
  "SALLYPORT_LOG_LEVEL",
] as const;

const ALIASES = ["AXONFLOW_PROFILE", "AXONFLOW_ENFORCE"] as const;

/** A variable's value; an empty one counts as unset, as it does for most tools. */
export function variable(env: Env, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === "" ? undefined : value;
}

/** A variable under its own name or its alias; both set and different is a problem, since one of them must be wrong. */
export function aliased(
  env: Env,
  name: "PROFILE" | "ENFORCE",
): { value?: string; source: string; problem?: Problem } {
  const [own, alias] = [`SALLYPORT_${name}`, `AXONFLOW_${name}`];
  const [ours, theirs] = [variable(env, own), variable(env, alias)];
  if (ours !== undefined && theirs !== undefined && ours !== theirs) {
    const message = `${own} is "${ours}" but its alias ${alias} is "${theirs}"`;
    return { source: own, problem: { message, file: own, fix: `unset ${alias}, or make both equal` } };
  }
  const value = ours ?? theirs;
  return {
    ...(value !== undefined && { value }),
    source: ours === undefined && theirs !== undefined ? alias : own,
  };
}

/** An environment has a hundred names that are nothing like ours: most are told apart by their length. */
function within(name: string, other: string, slips: number): boolean {
  return Math.abs(name.length - other.length) <= slips && editDistance(name, other) <= slips;
}

/**
 * Variables that look like ours and are not. A misspelt name would weaken enforcement in silence, so every unknown
 * SALLYPORT_* is refused, and so is what is a slip away from another of our names.
 */
export function misspelt(env: Env): Problem[] {
  const others = [...Object.values(ACTION_VARIABLES), ...ALIASES];
  const known = new Set<string>([...OWN, ...others]);
  const byCategory = new Map<string, string>(
    CATEGORIES.map((category) => [`${category.toUpperCase()}_ACTION`, ACTION_VARIABLES[category]]),
  );
  const problems: Problem[] = [];
  for (const name of Object.keys(env).toSorted()) {
    if (known.has(name) || env[name] === undefined) continue;
    const meant = name.startsWith("SALLYPORT_")
      ? (nearest(name, OWN) ?? `one of: ${listNames(OWN)}`)
      : (byCategory.get(name) ?? others.find((other) => within(name, other, slips(other))));
    if (meant !== undefined)
      problems.push({
        message: `unknown variable ${name}`,
        file: name,
        fix: `did you mean ${meant}? unset ${name} otherwise`,
      });
  }
  return problems;
}

/** Short names are a slip away from other people's variables (CI_ACTION), long ones are not. */
function slips(name: string): number {
  return name.length < 14 ? 1 : 2;
}
