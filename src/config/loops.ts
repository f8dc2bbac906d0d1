import type { Json } from "../model/json.js";
import type { LoopLimits, Threshold } from "../model/posture.js";
import type { Reader } from "./reader.js";
import { COUNT_FORM, DURATION_FORM, parseCount, parseDuration } from "./units.js";

const STREAKS = ["repeats", "repeated_reads", "errors", "denials"] as const;
export const LOOP_KEYS = [...STREAKS, "within", "action"] as const;
export const THRESHOLD_KEYS = ["slow_after", "stop_after"] as const;
export const LOOP_ACTIONS = ["log", "warn", "block"] as const;

/**
 * Far from what honest work does: a state asked for every five seconds is a hundred and twenty reads in ten minutes, a
 * build that is repaired fails a few times, a refusal is understood after one or two.
 */
export const DEFAULT_LOOPS: LoopLimits = {
  repeats: { slow_after: 10, stop_after: 40 },
  repeated_reads: { slow_after: 60, stop_after: 240 },
  errors: { slow_after: 10, stop_after: 30 },
  denials: { slow_after: 5, stop_after: 20 },
  within_ms: 600_000,
};

/** `loops:` of a configuration, over the defaults. Problems go to the reader. */
export function readLoops(reader: Reader, value: Json | undefined, path = "loops"): LoopLimits {
  const loops = reader.object(value, path);
  if (loops === undefined) return DEFAULT_LOOPS;
  reader.keys(loops, path, LOOP_KEYS);
  const streaks = Object.fromEntries(
    STREAKS.map((key) => [key, readThreshold(reader, loops[key], `${path}.${key}`, DEFAULT_LOOPS[key])]),
  ) as unknown as Pick<LoopLimits, (typeof STREAKS)[number]>;
  const within = reader.formed(loops["within"], `${path}.within`, parseDuration, DURATION_FORM);
  const action = reader.oneOf(loops["action"], `${path}.action`, LOOP_ACTIONS);
  return {
    ...streaks,
    within_ms: within ?? DEFAULT_LOOPS.within_ms,
    ...(action !== undefined && { action }),
  };
}

function readThreshold(
  reader: Reader,
  value: Json | undefined,
  path: string,
  fallback: Threshold,
): Threshold {
  const threshold = reader.object(value, path);
  if (threshold === undefined) return fallback;
  reader.keys(threshold, path, THRESHOLD_KEYS);
  const read = (key: keyof Threshold): number =>
    reader.formed(threshold[key], `${path}.${key}`, parseCount, COUNT_FORM) ?? fallback[key];
  const [slow, stop] = [read("slow_after"), read("stop_after")];
  if (stop < slow)
    reader.problem(path, `calls are stopped after ${stop} and slowed down after ${slow}`, "slow down first");
  return { slow_after: slow, stop_after: stop };
}
