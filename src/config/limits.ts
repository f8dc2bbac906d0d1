import type { Json } from "../model/json.js";
import type { Limits, OnExceed, RateLimit, ShowLeft, WindowLimit } from "../model/posture.js";
import { join, type Reader } from "./reader.js";
import { COUNT_FORM, parseCount, parseSize, SIZE_FORM } from "./units.js";

export const LIMIT_KEYS = [
  "max_rows",
  "max_bytes",
  "on_exceed",
  "window",
  "rate",
  "tool_rates",
  "costs",
  "concurrency",
  "show_left",
] as const;
export const WINDOW_KEYS = ["per", "max_calls", "max_cost", "max_rows", "max_bytes"] as const;
export const RATE_KEYS = ["per_minute", "burst"] as const;
export const SHOW_LEFT: readonly ShowLeft[] = ["always", "low", "never"];
export const WINDOW_PERIODS = ["minute", "hour", "day"] as const;
const ON_EXCEED: readonly OnExceed[] = ["truncate", "block"];

/** Limits of a connector or a server: the same keys in both. Problems go to the reader. */
export function readLimits(reader: Reader, value: Json | undefined, path: string): Limits {
  const limits = reader.object(value, path);
  if (limits === undefined) return {};
  reader.keys(limits, path, LIMIT_KEYS);
  const maxRows = reader.formed(limits["max_rows"], `${path}.max_rows`, parseCount, COUNT_FORM);
  const maxBytes = reader.formed(limits["max_bytes"], `${path}.max_bytes`, parseSize, SIZE_FORM);
  const onExceed = reader.oneOf(limits["on_exceed"], `${path}.on_exceed`, ON_EXCEED);
  const window = readWindows(reader, limits["window"], `${path}.window`);
  const rate = readRate(reader, limits["rate"], `${path}.rate`);
  const toolRates = readPerTool(reader, limits["tool_rates"], `${path}.tool_rates`, readRate);
  const costs = readPerTool(reader, limits["costs"], `${path}.costs`, readCost);
  const concurrency = reader.formed(limits["concurrency"], `${path}.concurrency`, parseCount, COUNT_FORM);
  const showLeft = reader.oneOf(limits["show_left"], `${path}.show_left`, SHOW_LEFT);
  return {
    ...(maxRows !== undefined && { max_rows: maxRows }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    ...(onExceed !== undefined && { on_exceed: onExceed }),
    ...(window !== undefined && { window }),
    ...(rate !== undefined && { rate }),
    ...(toolRates !== undefined && { tool_rates: toolRates }),
    ...(costs !== undefined && { costs }),
    ...(concurrency !== undefined && { concurrency }),
    ...(showLeft !== undefined && { show_left: showLeft }),
  };
}

/** Ten seconds' worth at once: a model calls in bursts, and a person waits for it. */
const BURST_PER_MINUTE = 1 / 6;

export function readRate(reader: Reader, value: Json | undefined, path: string): RateLimit | undefined {
  const rate = reader.object(value, path);
  if (rate === undefined) return undefined;
  reader.keys(rate, path, RATE_KEYS);
  const perMinute = reader.formed(rate["per_minute"], `${path}.per_minute`, parseCount, COUNT_FORM);
  const burst = reader.formed(rate["burst"], `${path}.burst`, parseCount, COUNT_FORM);
  if (rate["per_minute"] === undefined)
    return reader.problem(`${path}.per_minute`, "a rate without a number", "set per_minute: calls a minute");
  if (perMinute === undefined) return undefined;
  return { per_minute: perMinute, burst: burst ?? Math.ceil(perMinute * BURST_PER_MINUTE) };
}

function readCost(reader: Reader, value: Json | undefined, path: string): number | undefined {
  return reader.formed(value, path, parseCount, COUNT_FORM);
}

/** Glob over tools → something, in the order of the file. */
function readPerTool<T>(
  reader: Reader,
  value: Json | undefined,
  path: string,
  read: (reader: Reader, value: Json | undefined, path: string) => T | undefined,
): Readonly<Record<string, T>> | undefined {
  const map = reader.object(value, path);
  if (map === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(map).flatMap(([glob, each]) => {
      const known = read(reader, each, join(path, glob));
      return known === undefined ? [] : [[glob, known]];
    }),
  );
}

/** One window, or a list of them. */
function readWindows(reader: Reader, value: Json | undefined, path: string): WindowLimit[] | undefined {
  if (value === undefined) return undefined;
  const listed = Array.isArray(value);
  const windows = (listed ? (value as readonly Json[]) : [value]).flatMap(
    (each, at) => readWindow(reader, each, listed ? `${path}[${at}]` : path) ?? [],
  );
  const twice = windows.find(({ per }, at) => windows.findIndex((each) => each.per === per) < at);
  if (twice !== undefined) reader.problem(path, `two windows per ${twice.per}`, "put their limits into one");
  return windows;
}

function readWindow(reader: Reader, value: Json | undefined, path: string): WindowLimit | undefined {
  const window = reader.object(value, path);
  if (window === undefined) return undefined;
  reader.keys(window, path, WINDOW_KEYS);
  const per = reader.oneOf(window["per"], `${path}.per`, WINDOW_PERIODS);
  const maxCalls = reader.formed(window["max_calls"], `${path}.max_calls`, parseCount, COUNT_FORM);
  const maxCost = reader.formed(window["max_cost"], `${path}.max_cost`, parseCount, COUNT_FORM);
  const maxRows = reader.formed(window["max_rows"], `${path}.max_rows`, parseCount, COUNT_FORM);
  const maxBytes = reader.formed(window["max_bytes"], `${path}.max_bytes`, parseSize, SIZE_FORM);
  if (window["per"] === undefined)
    return reader.problem(
      `${path}.per`,
      "a window without a length",
      `set per: ${WINDOW_PERIODS.join(", ")}`,
    );
  if (WINDOW_KEYS.slice(1).every((key) => window[key] === undefined))
    return reader.problem(
      path,
      "a window that limits nothing",
      "set max_calls, max_cost, max_rows or max_bytes",
    );
  return (
    per && {
      per,
      ...(maxCalls !== undefined && { max_calls: maxCalls }),
      ...(maxCost !== undefined && { max_cost: maxCost }),
      ...(maxRows !== undefined && { max_rows: maxRows }),
      ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    }
  );
}
