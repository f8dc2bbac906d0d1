const LETTER = /\p{L}/u;
/** Scripts that put no spaces between words. */
const unspaced = /^[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;

/** True when one of the (lower-case) words stands within `before`/`after` characters of [start, end). */
export function contextNear(
  text: string,
  start: number,
  end: number,
  context: { readonly words: readonly string[]; readonly before: number; readonly after: number },
): boolean {
  const from = Math.max(0, start - context.before);
  return (
    holdsWord(text.slice(from, start), context.words) ||
    (context.after > 0 && holdsWord(text.slice(end, end + context.after), context.words))
  );
}

function holdsWord(window: string, words: readonly string[]): boolean {
  const lower = window.toLowerCase();
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
