const SIZE = /^(\d{1,15})\s?(B|KB|MB|GB|KiB|MiB|GiB)$/;
const SIZES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};
const DURATION = /^(\d{1,12})\s?(ms|s|m|h)$/;
const DURATIONS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** What a size may look like, for messages. */
export const SIZE_FORM = 'a whole number of bytes, or text such as "64KiB", "2MB", "1GiB"';
export const DURATION_FORM = 'milliseconds as a whole number, or text such as "500ms", "30s", "5m", "1h"';
export const COUNT_FORM = "a whole number of at least 1";

/** Bytes; undefined when it is no size. */
export function parseSize(value: unknown): number | undefined {
  return typeof value === "string" ? withUnit(SIZE, SIZES, value) : parseCount(value);
}

/** Milliseconds; undefined when it is no duration. */
export function parseDuration(value: unknown): number | undefined {
  return typeof value === "string" ? withUnit(DURATION, DURATIONS, value) : parseCount(value);
}

const DAY_MS = 86_400_000;

export const AGE_FORM = 'an age such as "90d" or "12h"';

/** Milliseconds; undefined when it is no age. A bare number has no unit that one could guess. */
export function parseAge(value: unknown): number | undefined {
  return typeof value === "string"
    ? withUnit(/^(\d{1,5})\s?(h|d)$/, { h: 3_600_000, d: DAY_MS }, value)
    : undefined;
}

/** A positive integer that a double holds exactly; undefined otherwise. */
export function parseCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function withUnit(form: RegExp, units: Readonly<Record<string, number>>, text: string): number | undefined {
  const match = form.exec(text.trim());
  return match === null ? undefined : parseCount(Number(match[1]) * (units[match[2] ?? ""] ?? NaN));
}
