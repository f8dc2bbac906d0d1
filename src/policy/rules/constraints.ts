/** Constraints: merged to what all of them allow, and tried on a call. */
import type { ArgumentRule, Constraints } from "../../model/call.js";
import type { Json, JsonObject } from "../../model/json.js";

/** What both allow. The order does not matter, and merging twice changes nothing. */
export function mergeConstraints(one: Constraints, other: Constraints): Constraints {
  const maxRows = least(one.max_rows, other.max_rows);
  const maxBytes = least(one.max_bytes, other.max_bytes);
  const timeout = least(one.timeout, other.timeout);
  const readOnly = one.read_only === true || other.read_only === true;
  const rules = mergeArguments(one.arguments, other.arguments);
  const rate =
    one.rate === undefined || other.rate === undefined
      ? (one.rate ?? other.rate)
      : {
          per_minute: Math.min(one.rate.per_minute, other.rate.per_minute),
          burst: Math.min(one.rate.burst, other.rate.burst),
        };
  return {
    ...(maxRows !== undefined && { max_rows: maxRows }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    ...(timeout !== undefined && { timeout }),
    ...(readOnly && { read_only: true }),
    ...(rules !== undefined && { arguments: rules }),
    ...(rate !== undefined && { rate }),
  };
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

function most(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}

function mergeArguments(
  one: Constraints["arguments"],
  other: Constraints["arguments"],
): Constraints["arguments"] {
  if (one === undefined || other === undefined) return one ?? other;
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])].toSorted();
  return Object.fromEntries(names.map((name) => [name, mergeRule(one[name] ?? {}, other[name] ?? {})]));
}

function mergeRule(one: ArgumentRule, other: ArgumentRule): ArgumentRule {
  const min = most(one.min, other.min);
  const max = least(one.max, other.max);
  const oneOf =
    one.one_of === undefined || other.one_of === undefined
      ? (one.one_of ?? other.one_of)
      : one.one_of.filter((value) => other.one_of!.some((each) => same(each, value))).toSorted(byText);
  const patterns = [...new Set([...(one.matches ?? []), ...(other.matches ?? [])])].toSorted();
  return {
    ...(oneOf !== undefined && { one_of: oneOf }),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(patterns.length > 0 && { matches: patterns }),
  };
}

const byText = (a: Json, b: Json): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
const same = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether a whole text matches; the pattern was checked at load. */
export type MatchesWhole = (pattern: string, text: string) => boolean;

/** Names of the arguments that break their rule. What is not sent, breaks none. */
export function brokenArguments(
  rules: NonNullable<Constraints["arguments"]>,
  args: JsonObject,
  matchesWhole: MatchesWhole,
): string[] {
  return Object.entries(rules).flatMap(([name, rule]) => {
    const value = Object.hasOwn(args, name) ? args[name] : undefined;
    return value === undefined || obeys(rule, value, matchesWhole) ? [] : [name];
  });
}

function obeys(rule: ArgumentRule, value: Json, matchesWhole: MatchesWhole): boolean {
  const { one_of: oneOf, min, max, matches } = rule;
  if (oneOf !== undefined && !oneOf.some((each) => same(each, value))) return false;
  if (min !== undefined && !(typeof value === "number" && value >= min)) return false;
  if (max !== undefined && !(typeof value === "number" && value <= max)) return false;
  if (matches === undefined) return true;
  // A list of paths must be paths, each of them.
  const texts = Array.isArray(value) ? (value as readonly Json[]) : [value];
  return texts.every((text) => typeof text === "string" && matches.every((each) => matchesWhole(each, text)));
}
