import { codes } from "./codes.js";
import type { Literal } from "./literal-table.js";
import { buildTable } from "./literal-table.js";

/** Which of many literals stand in a text, read stretch by stretch. */
export interface LiteralSearch {
  /** How many units of the last stretch must stand before the next one, so that no literal is cut. */
  readonly overlap: number;
  /**
   * Searches the first `count` of `codes`; reports what ends there, some of it more than once. `opens` and `closes`: the
   * text begins, or ends, with this stretch.
   */
  read(count: number, opens: boolean, closes: boolean): void;
  /** The text is over. */
  end(): void;
}

/** From here on a stretch is read at four places in turn: each step waits for the one before it, at its own place only. */
const LANES_FROM = 512;

const isLower = (c: number): boolean => c >= 0x61 && c <= 0x7a;
const isUpper = (c: number): boolean => c >= 0x41 && c <= 0x5a;
const SMALL_S = 0x73;

export function literalSearch(literals: readonly Literal[], report: (id: number) => void): LiteralSearch {
  const { classOf, width, next, outputs } = buildTable(literals);
  const overlap = literals.reduce((most, { text }) => Math.max(most, text.length + 1), 0);
  const wordLength = new Map(literals.map(({ id, word, text }) => [id, word ? text.length : 0]));
  /** 1: something ends in that state that was not reported of this text. */
  const news = Uint8Array.from(outputs, (ids) => (ids === undefined ? 0 : 1));
  let reported: number[] = [];

  let count = 0;
  let isFirst = true;
  let isLast = true;

  /**
   * Whether units `start` to `end` of `codes` are in the middle of a longer word: `ring` in `string`. A plural's `s` and
   * the humps of `customerTin` end a word; context.ts looks again. What stands at the edge of a stretch is whole in the
   * one beside it.
   */
  function isInside(start: number, end: number): boolean {
    if (start === 0) {
      if (!isFirst) return true;
    } else {
      const before = codes[start - 1] as number;
      if (isUpper(before) || (isLower(before) && !isUpper(codes[start] as number))) return true;
    }
    if (end + 1 === count) return !isLast;
    const next = codes[end + 1] as number;
    return isLower(next) && next !== SMALL_S;
  }

  /** What ends at `at` in that state. Words that turn out to be parts of others leave it as it was. */
  function tell(state: number, at: number): void {
    if (news[state] === 0) return;
    let all = true;
    for (const id of outputs[state] as readonly number[]) {
      const length = wordLength.get(id) as number;
      if (length > 0 && isInside(at + 1 - length, at)) all = false;
      else report(id);
    }
    if (!all) return;
    news[state] = 0;
    reported.push(state);
  }

  const step = (state: number, at: number): number =>
    next[Math.imul(state, width) + (classOf[codes[at] as number] as number)] as number;

  return {
    overlap,
    read(units, opens, closes) {
      count = units;
      isFirst = opens;
      isLast = closes;
      let a = 0;
      let from = 0;
      if (count >= LANES_FROM) {
        const lane = (count - overlap) >> 2;
        let b = 0;
        let c = 0;
        let d = 0;
        // Each lane reads on into the next one, as far as a literal may reach that begins in its own.
        for (let i = 0; i < lane + overlap; i++) {
          a = step(a, i);
          b = step(b, i + lane);
          c = step(c, i + 2 * lane);
          d = step(d, i + 3 * lane);
          if (((news[a] as number) | (news[b] as number) | (news[c] as number) | (news[d] as number)) !== 0) {
            tell(a, i);
            tell(b, i + lane);
            tell(c, i + 2 * lane);
            tell(d, i + 3 * lane);
          }
        }
        a = d;
        from = 4 * lane + overlap;
      }
      for (let i = from; i < count; i++) {
        a = step(a, i);
        if (news[a] !== 0) tell(a, i);
      }
    },
    end() {
      if (reported.length === 0) return;
      for (const state of reported) news[state] = 1;
      reported = [];
    },
  };
}
