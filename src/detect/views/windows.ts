import type { View } from "./view.js";

/** A part of a view; what touches an end that was cut may be cut itself. */
export interface Window extends Pick<View, "text" | "back"> {
  readonly cutBefore: boolean;
  readonly cutAfter: boolean;
}

/** Views up to this are read whole, also by what reads values as a whole and looks at none that is longer. UTF-16 units. */
const LONG = 16_384;
/** What is read on either side of a change: more than any pattern reaches but for blocks of key text, whose lines change. */
const AROUND = 1024;
/** How far an end is moved so that it stands between words. */
const TO_SPACE = 128;

export const wholeOf = ({ text, back }: View): Window => ({ text, back, cutBefore: false, cutAfter: false });

/**
 * The parts of a view that differ from its original, and what stands around them; the rest has been read already. A
 * megabyte of source code with a dozen entities in it is not read twice for them.
 */
export function windowsOf(view: View): readonly Window[] {
  const { text, changes, back } = view;
  if (changes === undefined || text.length <= LONG) return [wholeOf(view)];
  const spans: [number, number][] = [];
  let sum = 0;
  for (const at of changes) {
    const last = spans.at(-1);
    const to = Math.min(text.length, at + AROUND);
    if (last !== undefined && at - AROUND <= last[1]) {
      sum += to - last[1];
      last[1] = to;
    } else {
      const from = Math.max(0, at - AROUND);
      spans.push([from, to]);
      sum += to - from;
    }
  }
  if (2 * sum > text.length) return [wholeOf(view)];
  return spans.map(([start, end]) => {
    const from = start === 0 ? 0 : pastSpace(text, start, -1);
    const to = end === text.length ? end : pastSpace(text, end, 1);
    return {
      text: text.slice(from, to),
      back: (a, b) => back(a + from, b + from),
      cutBefore: from > 0,
      cutAfter: to < text.length,
    };
  });
}

/** The nearest white space from `at` in a direction, or `at` where none is near. */
function pastSpace(text: string, at: number, direction: 1 | -1): number {
  for (let n = 0; n < TO_SPACE; n++) {
    const to = at + direction * n;
    if (to <= 0 || to >= text.length) return Math.max(0, Math.min(to, text.length));
    if (/\s/.test(text[to] as string)) return to;
  }
  return at;
}
