import type { Severity } from "../model/nouns.js";

/** A value to look for again, and what it is. */
export interface KnownValue {
  readonly value: string;
  readonly type: string;
  readonly severity: Severity;
}

export interface Hit {
  readonly start: number;
  readonly end: number;
  readonly type: string;
  readonly severity: Severity;
}

/** Shorter values stand everywhere by chance. */
export const MIN_VALUE = 6;
/** Longer ones are looked for by their beginning, so that the work per character stays bounded. */
const MAX_VALUE = 64;

interface Known extends KnownValue {
  /** The longest value that begins like this one. */
  readonly length: number;
}

export interface ValueIndex {
  /**
   * Where any of the values stands in `text`, not beginning or ending inside a word. In order, none
   * overlapping.
   */
  find(text: string): Hit[];
  /** The value that is exactly `text`. */
  exact(text: string): KnownValue | undefined;
}

/**
 * Indexes values of at least MIN_VALUE characters by their first ones: one pass over a text finds all of
 * them.
 */
export function indexValues(values: readonly KnownValue[]): ValueIndex {
  const known = new Map<string, Known>();
  const lengths = new Map<string, Set<number>>();
  const firsts = new Uint8Array(0x10000);
  for (const item of values) {
    const { value, type, severity } = item;
    if (value.length < MIN_VALUE) continue;
    const key = value.slice(0, MAX_VALUE);
    const length = Math.max(value.length, known.get(key)?.length ?? 0);
    known.set(key, { value, type, severity, length });
    const prefix = value.slice(0, MIN_VALUE);
    lengths.set(prefix, (lengths.get(prefix) ?? new Set()).add(key.length));
    firsts[value.charCodeAt(0)] = 1;
  }
  const longestFirst = new Map(
    [...lengths].map(([prefix, set]) => [prefix, [...set].toSorted((a, b) => b - a)] as const),
  );

  const longestAt = (text: string, start: number): Hit | undefined => {
    for (const length of longestFirst.get(text.slice(start, start + MIN_VALUE)) ?? []) {
      const item = known.get(text.slice(start, start + length));
      if (item === undefined) continue;
      // A long value known by its beginning takes its whole length: rather too much than its tail left standing.
      const end = Math.min(start + item.length, text.length);
      if (length < MAX_VALUE && insideWord(text, end)) continue;
      return { start, end, type: item.type, severity: item.severity };
    }
    return undefined;
  };

  return {
    find(text) {
      const hits: Hit[] = [];
      for (let at = 0; at + MIN_VALUE <= text.length; at++) {
        if (firsts[text.charCodeAt(at)] === 0 || insideWord(text, at)) continue;
        const hit = longestAt(text, at);
        if (hit === undefined) continue;
        hits.push(hit);
        at = hit.end - 1;
      }
      return hits;
    },
    exact: (text) => known.get(text),
  };
}

/** True when the characters before and after `at` are both letters or digits. */
function insideWord(text: string, at: number): boolean {
  return at > 0 && at < text.length && isWord(text, at - 1) && isWord(text, at);
}

function isWord(text: string, at: number): boolean {
  const c = text.charCodeAt(at);
  if (c < 0x80) return (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a);
  return /[\p{L}\p{N}]/u.test(text.charAt(at));
}
