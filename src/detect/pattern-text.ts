/** How a pattern is written: enough of it to know where a group ends and what a character may be. */

/** What one character of a pattern may be. */
export interface CharKind {
  readonly digit: boolean;
  readonly letter: boolean;
  /** Which signs that are in no word, a bit for each kind of them; see signOf. */
  readonly other: number;
}
export const ANY_SIGN = 255;
export const ANYTHING: CharKind = { digit: true, letter: true, other: ANY_SIGN };
const REST = 128;
/** A bit for a sign that often stands behind a word; the others share one, with the end of the text. */
export function signOf(c: string): number {
  const named = ".:-/@)".indexOf(c);
  return c === "" || named === -1 ? (/^\s$/.test(c) ? 64 : REST) : 1 << named;
}

/** Past the character, escape, set or group that begins at `at`. */
export function past(pattern: string, at: number): number {
  const c = pattern[at];
  if (c === "\\") return at + 2;
  if (c === "[") {
    let to = at + 1;
    while (to < pattern.length && pattern[to] !== "]") to += pattern[to] === "\\" ? 2 : 1;
    return to + 1;
  }
  if (c !== "(") return at + 1;
  let to = at + 1;
  while (to < pattern.length && pattern[to] !== ")") to = past(pattern, to);
  return to + 1;
}

/** The alternatives of a whole pattern: each has an end of its own. */
export function alternatives(pattern: string): string[] {
  const ways: string[] = [];
  let start = 0;
  for (let at = 0; at < pattern.length;) {
    if (pattern[at] === "|") {
      ways.push(pattern.slice(start, at));
      start = ++at;
    } else at = past(pattern, at);
  }
  return [...ways, pattern.slice(start)];
}

export function kindOf(c: string): CharKind {
  const digit = c >= "0" && c <= "9";
  const letter = (c >= "a" && c <= "z") || (c >= "A" && c <= "Z") || c === "_";
  return { digit, letter, other: digit || letter ? 0 : signOf(c) };
}

/** How often the atom before `at` may stand, and where what says so ends; undefined: it is not understood. */
export function quantifierAt(
  pattern: string,
  at: number,
): { readonly min: number; readonly max: number; readonly end: number } | undefined {
  const c = pattern[at];
  if (c !== "?" && c !== "*" && c !== "+" && c !== "{") return { min: 1, max: 1, end: at };
  const found = /^(?:[?*+]|\{(\d+)(,(\d*))?\})\??/.exec(pattern.slice(at, at + 12));
  if (found === null) return undefined;
  const [written, least, comma, most] = found;
  const end = at + written.length;
  if (least === undefined) return { min: c === "+" ? 1 : 0, max: c === "?" ? 1 : Infinity, end };
  const min = Number(least);
  return { min, max: comma === undefined ? min : most === "" ? Infinity : Number(most), end };
}

/** Whether what begins at `at` is only looked at: a lookahead or lookbehind. */
export function looksAround(pattern: string, at: number): boolean {
  return /^\(\?<?[=!]/.test(pattern.slice(at, at + 4));
}

/** Where the inside of the group at `at` begins; undefined: it is of a kind that is not understood. */
export function insideGroup(pattern: string, at: number): number | undefined {
  const open = /^\((?:\?:|\?<[a-z]\w*>|(?!\?))/.exec(pattern.slice(at, at + 32));
  return open === null ? undefined : at + open[0].length;
}
