import type { View } from "../normalize.js";

/** Builds a view piece by piece, remembering where each of its characters came from. */
class ViewBuilder {
  #parts: string[] = [];
  #length = 0;
  /** Boundaries: view offset → original offset, for pieces that are not copied one to one. */
  readonly #from: number[] = [];
  readonly #at: number[] = [];
  changed = false;

  /** Copies original text that starts at `from`. */
  copy(text: string, from: number): void {
    if (text === "") return;
    this.#mark(from);
    this.#append(text);
  }

  /** Puts `text` where the original has [from, to). */
  replace(text: string, from: number, to: number): void {
    this.changed = true;
    if (text === "") return;
    for (let i = 0; i < text.length; i++) {
      this.#mark(from);
      this.#append(text[i] as string);
    }
    this.#mark(to);
  }

  #mark(from: number): void {
    this.#at.push(this.#length);
    this.#from.push(from);
  }

  #append(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
  }

  /** The view, or undefined when nothing differs. `end` is the original's length. */
  view(end: number): View | undefined {
    if (!this.changed) return undefined;
    this.#mark(end);
    const at = this.#at;
    const from = this.#from;
    const text = this.#parts.join("");
    const origin = (offset: number, atEnd: boolean): number => {
      let low = 0;
      let high = at.length - 1;
      while (low < high) {
        const mid = (low + high + 1) >> 1;
        if ((at[mid] as number) <= offset) low = mid;
        else high = mid - 1;
      }
      // Several marks can share an offset; the end of a span wants the first (nothing after it was read).
      if (atEnd) while (low > 0 && at[low - 1] === at[low] && at[low] === offset) low--;
      return (from[low] as number) + offset - (at[low] as number);
    };
    return {
      text,
      back: (start, stop) => {
        const first = origin(start, false);
        // The last character's own origin, then one past what it came from.
        const last = Math.max(origin(stop, true), origin(stop - 1, false) + 1);
        return [first, Math.min(Math.max(last, first + 1), end)];
      },
    };
  }
}

/** A view that replaces every match of `pattern` (global) by what `decode` makes of it; undefined leaves it. */
export function replaceView(
  text: string,
  pattern: RegExp,
  decode: (match: string) => string | undefined,
): View | undefined {
  const builder = new ViewBuilder();
  let from = 0;
  for (const m of text.matchAll(pattern)) {
    const decoded = decode(m[0]);
    if (decoded === undefined || decoded === m[0]) continue;
    builder.copy(text.slice(from, m.index), from);
    builder.replace(decoded, m.index, m.index + m[0].length);
    from = m.index + m[0].length;
  }
  if (!builder.changed) return undefined;
  builder.copy(text.slice(from), from);
  return builder.view(text.length);
}
