import type { ExceptionSpec } from "./exceptions.js";
import { endOf } from "./exceptions.js";
import type { Category } from "../model/nouns.js";
import { CATEGORIES } from "../model/nouns.js";
import type { Posture } from "../model/posture.js";

/** The six of the product's contract, under the names its boot line has always had. */
const CONTRACT: readonly (readonly [name: string, category: Category])[] = [
  ["PII", "pii"],
  ["SQLI", "sqli"],
  ["SensitiveData", "sensitive_data"],
  ["HighRisk", "high_risk"],
  ["DangerousQuery", "dangerous_queries"],
  ["DangerousCommand", "dangerous_commands"],
];

const OTHERS: readonly (readonly [name: string, category: Category])[] = [
  ["PromptInjection", "prompt_injection"],
  ["UnsafeCode", "unsafe_code"],
  ["ToolIntegrity", "tool_integrity"],
  ["Exfiltration", "exfiltration"],
];

/**
 * Two lines for the log at start. The first has a fixed form that other tools match on; the second gives the other
 * four categories and where every value comes from.
 */
export function bootLines(posture: Posture): readonly [string, string] {
  const table = (rows: typeof CONTRACT): string =>
    rows.map(([name, category]) => `${name}=${posture.actions[category].action}`).join(", ");
  return [
    `[Profile] sallyport active: ${posture.profile} — ${table(CONTRACT)}`,
    `[Profile] also: ${table(OTHERS)}; ${sources(posture)}`,
  ];
}

/** `profile strict from SALLYPORT_PROFILE; pii from PII_ACTION`: categories grouped by source. */
function sources(posture: Posture): string {
  const base = `profile ${posture.profile} from ${posture.profileSource}`;
  const bySource = new Map<string, Category[]>();
  for (const category of CATEGORIES) {
    const { source } = posture.actions[category];
    if (source !== `profile ${posture.profile}`)
      bySource.set(source, [...(bySource.get(source) ?? []), category]);
  }
  return [
    base,
    ...[...bySource].map(([source, categories]) => `${categories.join(", ")} from ${source}`),
  ].join("; ");
}

/**
 * One line per exception that no longer holds, and one that counts those that do. An expired one is void, not fatal:
 * a start must not fail at midnight, but nobody may go on believing in it.
 */
export function exceptionLines(
  exceptions: readonly ExceptionSpec[],
  now: number,
): { readonly level: "warn" | "info"; readonly text: string }[] {
  const expired = exceptions.filter((each) => now >= endOf(each));
  const lines = expired.map(({ source, detector, owner, expires }) => ({
    level: "warn" as const,
    text: `[Exceptions] EXPIRED on ${expires} and void: ${source} (${detector}, owner ${owner}); renew or remove it`,
  }));
  const holding = exceptions.length - expired.length;
  return holding === 0 ? lines : [...lines, { level: "info", text: `[Exceptions] ${holding} in force` }];
}
