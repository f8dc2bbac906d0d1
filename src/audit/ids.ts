import { randomBytes } from "node:crypto";

const CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz";
const RANDOM_CHARS = 16;

/** decision (and its call), outcome, writer, start, posture, tool (its pin), end, client session, key, hold, erasure, brake, approval, vote, leap of the clock */
export type IdPrefix =
  | "d"
  | "o"
  | "w"
  | "s"
  | "p"
  | "t"
  | "e"
  | "c"
  | "k"
  | "h"
  | "x"
  | "b"
  | "a"
  | "v"
  | "l";

let lastTime = 0;
let random = new Uint8Array(RANDOM_CHARS);

/**
 * `d_` and 26 lower-case Crockford characters (a ULID: 48 bits of milliseconds, 80 random bits). Sorts by
 * time, strictly within a process even when the clock steps back; unique across processes. Not a secret: the
 * next id of the same millisecond is one higher.
 */
export function newId(prefix: IdPrefix): string {
  const now = Date.now();
  if (now > lastTime) {
    lastTime = now;
    random = drawn();
  } else {
    increment();
  }
  let text = "";
  for (const digit of random) text += CROCKFORD[digit];
  return `${prefix}_${timeText(lastTime)}${text}`;
}

/** Asking the system costs more than all the rest of an id: many at a time. */
let pool = new Uint8Array(0);
let used = 0;

function drawn(): Uint8Array<ArrayBuffer> {
  if (used + RANDOM_CHARS > pool.length) {
    pool = new Uint8Array(randomBytes(256 * RANDOM_CHARS));
    used = 0;
  }
  return pool.slice(used, (used += RANDOM_CHARS)).map((byte) => byte & 31);
}

function increment(): void {
  for (let at = RANDOM_CHARS - 1; at >= 0; at--) {
    const digit = ((random[at] ?? 0) + 1) & 31;
    random[at] = digit;
    if (digit !== 0) return;
  }
  lastTime++; // 2^80 ids in one millisecond
}

function timeText(ms: number): string {
  let text = "";
  for (let rest = ms, at = 0; at < 10; at++, rest = Math.floor(rest / 32)) {
    text = (CROCKFORD[rest % 32] ?? "") + text;
  }
  return text;
}
