import type { Json } from "../model/json.js";
import type { Limits, OnExceed, WindowLimit } from "../model/posture.js";
import type { Reader } from "./reader.js";
import { COUNT_FORM, parseCount, parseSize, SIZE_FORM } from "./units.js";

export const LIMIT_KEYS = ["max_rows", "max_bytes", "on_exceed", "window"] as const;
export const WINDOW_KEYS = ["per", "max_calls", "max_rows", "max_bytes"] as const;
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
  const window = readWindow(reader, limits["window"], `${path}.window`);
  return {
    ...(maxRows !== undefined && { max_rows: maxRows }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    ...(onExceed !== undefined && { on_exceed: onExceed }),
    ...(window !== undefined && { window }),
  };
}

function readWindow(reader: Reader, value: Json | undefined, path: string): WindowLimit | undefined {
  const window = reader.object(value, path);
  if (window === undefined) return undefined;
  reader.keys(window, path, WINDOW_KEYS);
  const per = reader.oneOf(window["per"], `${path}.per`, WINDOW_PERIODS);
  const maxCalls = reader.formed(window["max_calls"], `${path}.max_calls`, parseCount, COUNT_FORM);
  const maxRows = reader.formed(window["max_rows"], `${path}.max_rows`, parseCount, COUNT_FORM);
  const maxBytes = reader.formed(window["max_bytes"], `${path}.max_bytes`, parseSize, SIZE_FORM);
  if (window["per"] === undefined)
    return reader.problem(
      `${path}.per`,
      "a window without a length",
      `set per: ${WINDOW_PERIODS.join(", ")}`,
    );
  if (WINDOW_KEYS.slice(1).every((key) => window[key] === undefined))
    return reader.problem(path, "a window that limits nothing", "set max_calls, max_rows or max_bytes");
  return (
    per && {
      per,
      ...(maxCalls !== undefined && { max_calls: maxCalls }),
      ...(maxRows !== undefined && { max_rows: maxRows }),
      ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    }
  );
}
