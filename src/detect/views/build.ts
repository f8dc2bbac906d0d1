import type { View } from "./view.js";

/** What is put in the place of other text may be long: it is marked so often that no window passes over its middle. */
const STEP = 512;

/** Builds a view piece by piece, remembering where each of its characters came from. */
class ViewBuilder {
  #parts: string[] = [];
  #length = 0;
  /** Boundaries: view offset → original offset, and where the piece ends in it when it was not copied one to one. */
  readonly #at: number[] = [];
  readonly #from: number[] = [];
  readonly #to: (number | undefined)[] = [];
  readonly #changes: number[] = [];

  get changed(): boolean {
    return this.#changes.length > 0;
  }

  /** Copies original text that starts at `from`. */
  copy(text: string, from: number): void {
    if (text === "") return;
    this.#mark(from, undefined);
    this.#append(text);
  }

  /** Puts `text` where the original has [from, to). Each of its characters stands for all of that. */
  replace(text: string, from: number, to: number): void {
    for (let at = 0; at < text.length; at += STEP) this.#changes.push(this.#length + at);
    this.#changes.push(this.#length + text.length);
    if (text === "") return;
    this.#mark(from, to);
    this.#append(text);
  }

  #mark(from: number, to: number | undefined): void {
    this.#at.push(this.#length);
    this.#from.push(from);
    this.#to.push(to);
  }

  #append(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
  }

  /** The view, or undefined when nothing differs. `end` is the original's length. */
  view(end: number): View | undefined {
    if (!this.changed) return undefined;
    const at = this.#at;
    const from = this.#from;
    const to = this.#to;
    const text = this.#parts.join("");
    /** The piece that a character of the view belongs to. */
    const pieceOf = (offset: number): number => lastUpTo(at, offset);
    const copied = (piece: number, offset: number): number =>
      (from[piece] as number) + offset - (at[piece] as number);
    return {
      text,
      changes: this.#changes,
      forth: (offset) => {
        const piece = lastUpTo(from, offset);
        const there = (at[piece] ?? 0) + Math.max(0, offset - (from[piece] ?? 0));
        return Math.min(there, at[piece + 1] ?? text.length);
      },
      back: (start, stop) => {
        if (at.length === 0) return [0, end];
        const head = pieceOf(start);
        const tail = pieceOf(Math.max(start, stop - 1));
        const first = to[head] === undefined ? copied(head, start) : (from[head] as number);
        const last = to[tail] ?? copied(tail, Math.max(start, stop - 1)) + 1;
        return [Math.min(first, end), Math.min(Math.max(last, first + 1), end)];
      },
    };
  }
}

/** Index of the last of the rising numbers that is no greater than `value`; 0 where none is. */
function lastUpTo(numbers: readonly number[], value: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const mid = (low + high + 1) >> 1;
    if ((numbers[mid] as number) <= value) low = mid;
    else high = mid - 1;
  }
  return low;
}

/** A view of a view, as one of the original. */
export function composed(first: View, second: View): View {
  const moved = (first.changes ?? []).map((at) => second.forth?.(at) ?? at);
  const changes =
    first.changes === undefined || second.changes === undefined
      ? {}
      : { changes: [...moved, ...second.changes].toSorted((a, b) => a - b) };
  return {
    text: second.text,
    ...changes,
    back: (start, end) => first.back(...second.back(start, end)),
  };
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
