/**
 * Text that hides. A view is the text as its reader will understand it: look-alike letters folded, invisible ones
 * gone, escapes and encodings undone. Views are made only when a cheap test says there is something to unfold, and
 * every span found in one maps back to the original text.
 */
import { AMPERSAND, BACKSLASH, NON_ASCII, PERCENT } from "./automaton.js";
import { decodeBase64Runs } from "./views/base64.js";
import { decodeEntities, decodeEscapes, decodePercent } from "./views/escapes.js";
import { foldUnicode } from "./views/unicode.js";
import { joinSpaced } from "./views/spaced.js";

export interface View {
  readonly text: string;
  /** A span of the view, as the smallest span of the original that covers it. */
  back(start: number, end: number): [start: number, end: number];
}

/** Shortest run of base64 characters worth decoding: shorter ones hold no phrase and no key. */
const MIN_BASE64 = 20;
/** Views of larger texts are not made: what a reader decodes by hand is short, and time stays bounded. */
const MAX_VIEWED = 4 << 20;

/** The views of a text; `bits` and `word` are what the automaton saw in it. */
export function viewsOf(text: string, bits: number, word: number): readonly View[] {
  const some = bits & (NON_ASCII | PERCENT | BACKSLASH | AMPERSAND);
  const spaced = word <= 2 && text.length >= 16;
  if ((some === 0 && word < MIN_BASE64 && !spaced) || text.length > MAX_VIEWED) return NONE;
  const views: View[] = [];
  const add = (view: View | undefined): void => void (view !== undefined && views.push(view));
  if ((bits & NON_ASCII) !== 0) add(foldUnicode(text));
  if ((bits & PERCENT) !== 0) add(decodePercent(text));
  if ((bits & BACKSLASH) !== 0) add(decodeEscapes(text));
  if ((bits & AMPERSAND) !== 0) add(decodeEntities(text));
  if (word >= MIN_BASE64) views.push(...decodeBase64Runs(text, MIN_BASE64));
  if (spaced) add(joinSpaced(text));
  return views;
}
const NONE: readonly never[] = [];
