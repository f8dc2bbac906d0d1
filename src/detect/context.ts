import { lazily } from "./lazily.js";

const LETTER = /\p{L}/u;
/** Scripts that put no spaces between words. */
const unspaced = /^[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;

interface Context {
  readonly words: readonly string[];
  readonly quick: (() => RegExp) | undefined;
  readonly before: number;
  readonly after: number;
}

/** One pattern for many words: names of five hundred vendors are not looked for one by one. */
export function quickly(words: readonly string[]): (() => RegExp) | undefined {
  if (words.length < 8) return undefined;
  return lazily(() => new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")));
}

/** True when one of the (lower-case) words stands within `before`/`after` characters of [start, end). */
export function contextNear(text: string, start: number, end: number, context: Context): boolean {
  const from = Math.max(0, start - context.before);
  return (
    holdsWord(text.slice(from, start), context) ||
    (context.after > 0 && holdsWord(text.slice(end, end + context.after), context))
  );
}

function holdsWord(window: string, { words, quick }: Context): boolean {
  const lower = window.toLowerCase();
  if (quick?.().test(lower) === false) return false;
  return words.some((word) => {
    for (let at = lower.indexOf(word); at !== -1; at = lower.indexOf(word, at + 1)) {
      if (unspaced.test(word) || (startsWord(window, at) && endsWord(window, at + word.length))) return true;
    }
    return false;
  });
}

/** Not inside a longer word, but for its plural; the hump of `ssnOfCustomer` or `githubTOKEN` ends one. */
function endsWord(window: string, end: number): boolean {
  const next = window[end] ?? " ";
  if (!LETTER.test(next) || next === "s") return true;
  const own = window[end - 1] ?? "";
  const after = window[end + 1] ?? " ";
  return next !== next.toLowerCase() && (own === own.toLowerCase() || after !== after.toUpperCase());
}

/** Not inside a longer word; the hump of `customerSsn` starts one. */
function startsWord(window: string, at: number): boolean {
  const previous = window[at - 1] ?? " ";
  if (!LETTER.test(previous)) return true;
  const own = window[at] ?? "";
  return own !== own.toLowerCase() && previous === previous.toLowerCase();
}
