/**
 * Text that hides. A view is the text as its reader will understand it: look-alike letters folded, invisible ones
 * gone, escapes and encodings undone. Views are made only when a cheap test says there is something to unfold, and
 * every span found in one maps back to the original text.
 */
import { AMPERSAND, BACKSLASH, NON_ASCII, PERCENT } from "./automaton.js";
import { unfoldBase64 } from "./views/base64.js";
import { MIN_RUN } from "./views/base64-runs.js";
import { decodeHexRuns } from "./views/hex.js";
import { unleet } from "./views/leet.js";
import { unsqueeze } from "./views/squeezed.js";
import { composed } from "./views/build.js";
import { decodeEntities, decodeEscapes, decodePercent } from "./views/escapes.js";
import { foldUnicode } from "./views/unicode.js";
import { plainWords } from "./views/shell-words.js";
import { joinSpaced } from "./views/spaced.js";
import type { Unfolded, View } from "./views/view.js";

/** Views of larger texts are not made, so that time stays bounded; that nobody looked is a finding of its own. */
const MAX_VIEWED = 4 << 20;

/** The views of a text; `bits`, `digits` and `word` are what the first pass saw in it. `command`: it is one. */
export function viewsOf(
  text: string,
  bits: number,
  digits: number,
  word: number,
  command: boolean,
): Unfolded {
  const some = bits & (NON_ASCII | PERCENT | BACKSLASH | AMPERSAND);
  const spaced = word <= 2 && text.length >= 16;
  // Letters in groups that are no words, or all in one.
  const grouped = (word <= 4 && text.length >= 32) || (word >= 24 && !text.includes(" "));
  if (some === 0 && word < MIN_RUN && !spaced && !grouped && !command && digits === 0) return NONE;
  if (text.length > MAX_VIEWED) return { views: [], unread: true };
  const base64 = word >= MIN_RUN ? unfoldBase64(text) : NONE;
  const views: View[] = [...base64.views];
  const add = (view: View | undefined): void => void (view !== undefined && views.push(view));
  add(decoded(text, bits));
  // By itself, because some languages are read with their accents.
  if ((bits & NON_ASCII) !== 0) add(foldUnicode(text));
  if (word >= 24 && digits > 0) decodeHexRuns(text, false).forEach(add);
  if (word <= 2 && text.length >= 35) decodeHexRuns(text, true).forEach(add);
  if (command) add(plainWords(text));
  if (spaced) add(joinSpaced(text));
  if (grouped) add(unsqueeze(text));
  if (digits > 0) add(unleet(text));
  return { views, unread: base64.unread };
}

const DECODERS = [
  [PERCENT, decodePercent],
  [BACKSLASH, decodeEscapes],
  [AMPERSAND, decodeEntities],
] as const;

/** All escapes undone, whatever they are: one view for all, since a view of each, and of each of those, is read whole. */
function decoded(text: string, bits: number): View | undefined {
  let view: View | undefined;
  for (const [bit, decode] of DECODERS) {
    // What one has undone may be the sign of the next.
    const next = view !== undefined || (bits & bit) !== 0 ? decode(view?.text ?? text) : undefined;
    if (next !== undefined) view = view === undefined ? next : composed(view, next);
  }
  return view;
}
const NONE: Unfolded = { views: [], unread: false };
