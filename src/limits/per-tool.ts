import type { Limits, RateLimit } from "../model/posture.js";
import { compileGlob } from "../policy/glob.js";
import { tighterRate } from "./rate.js";

type Matching<T> = (tool: string) => readonly T[];

const compiled = new WeakMap<object, Matching<unknown>>();

/** The values under all globs that match the tool. */
function matching<T>(map: Readonly<Record<string, T>>): Matching<T> {
  const known = compiled.get(map) as Matching<T> | undefined;
  if (known !== undefined) return known;
  const entries = Object.entries(map).map(([glob, value]) => ({ matches: compileGlob(glob), value }));
  const made: Matching<T> = (tool) =>
    entries.filter(({ matches }) => matches(tool)).map(({ value }) => value);
  compiled.set(map, made);
  return made;
}

/** Units of `max_cost` that one call of the tool takes: the most that any glob says. */
export function costOf({ costs }: Limits, tool: string): number {
  return costs === undefined ? 1 : Math.max(1, ...matching(costs)(tool));
}

/** The tightest rate that names the tool, else the one for all. */
export function rateOf({ rate, tool_rates: rates }: Limits, tool: string): RateLimit | undefined {
  const own = rates === undefined ? [] : matching(rates)(tool);
  return own.length === 0 ? rate : own.reduce<RateLimit | undefined>(tighterRate, undefined);
}
