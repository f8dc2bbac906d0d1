/** Safer calls in place of those that were made. */
import type { Json, JsonObject } from "../../model/json.js";
import type { Remedy } from "./spec.js";

/** Both, to the lesser of two numbers. Two rules that set one argument to different values: see `mended`. */
export function mergeRemedies(one: Remedy, other: Remedy): Remedy {
  const cap = mergeMin(one.cap, other.cap);
  const set = { ...one.set, ...other.set };
  for (const name of Object.keys(one.set ?? {}))
    if (other.set !== undefined && Object.hasOwn(other.set, name) && !same(one.set![name]!, other.set[name]!))
      // Which of them is meant, nobody can say: the same one whatever the order.
      set[name] = [one.set![name]!, other.set[name]!].toSorted(byText)[0]!;
  const limit = Math.min(one.sql_limit ?? Infinity, other.sql_limit ?? Infinity);
  const redact = [...new Set([...(one.redact ?? []), ...(other.redact ?? [])])].toSorted();
  return {
    ...(Object.keys(set).length > 0 && { set }),
    ...(cap !== undefined && { cap }),
    ...(limit !== Infinity && { sql_limit: limit }),
    ...(redact.length > 0 && { redact }),
  };
}

const same = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b);
const byText = (a: Json, b: Json): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

function mergeMin(one: Remedy["cap"], other: Remedy["cap"]): Remedy["cap"] {
  if (one === undefined || other === undefined) return one ?? other;
  const merged = { ...one };
  for (const [name, most] of Object.entries(other)) merged[name] = Math.min(merged[name] ?? Infinity, most);
  return merged;
}

export interface Mended {
  readonly args: JsonObject;
  /** Names of the arguments that are not as they were sent. */
  readonly changed: readonly string[];
  /** What could not be mended, by argument: then the call must not run. */
  readonly failed: readonly string[];
}

/**
 * The arguments as a remedy leaves them. `limit` bounds a SQL text, or answers undefined when it cannot; `sqlNames` are
 * the arguments that hold SQL.
 */
export function mended(
  remedy: Remedy,
  args: JsonObject,
  sqlNames: readonly string[],
  limit: (sql: string, max: number) => string | undefined,
): Mended {
  const next: Record<string, Json> = { ...args };
  const failed: string[] = [];
  for (const [name, value] of Object.entries(remedy.set ?? {})) next[name] = value;
  for (const [name, most] of Object.entries(remedy.cap ?? {})) {
    const value = Object.hasOwn(next, name) ? next[name] : undefined;
    if (typeof value === "number") next[name] = Math.min(value, most);
    else if (value === undefined) next[name] = most;
    else failed.push(name);
  }
  if (remedy.sql_limit !== undefined)
    for (const name of sqlNames) {
      const text = next[name];
      const bounded = typeof text === "string" ? limit(text, remedy.sql_limit) : undefined;
      if (bounded === undefined) failed.push(name);
      else next[name] = bounded;
    }
  const changed = Object.keys(next).filter(
    (name) => !same(next[name]!, args[name] ?? null) || !Object.hasOwn(args, name),
  );
  return { args: next, changed, failed };
}
