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
/** Steps between one look at what was found and the next. */
const BLOCK = 64;

const isLower = (c: number): boolean => c >= 0x61 && c <= 0x7a;
const isUpper = (c: number): boolean => c >= 0x41 && c <= 0x5a;
const SMALL_S = 0x73;
const ANY = 1;
const WORDS = 2;

export function literalSearch(literals: readonly Literal[], report: (id: number) => void): LiteralSearch {
  const { classOf, width, next, outputs } = buildTable(literals);
  const overlap = literals.reduce((most, { text }) => Math.max(most, text.length + 1), 0);
  /** By id, the length of a word; 0: it counts inside of longer ones as well. */
  const wordLength = new Uint8Array(literals.reduce((most, { id }) => Math.max(most, id + 1), 0));
  for (const { id, word, text } of literals) wordLength[id] = word ? text.length : 0;
  /** 1: something ends in that state that was not reported of this text; 2: nothing but words. */
  const kindOf = (ids: readonly number[] | undefined): number =>
    ids === undefined ? 0 : ids.every((id) => wordLength[id] !== 0) ? WORDS : ANY;
  const ends = new Uint8Array(outputs.length);
  for (let state = 0; state < ends.length; state++) ends[state] = kindOf(outputs[state]);
  const news = ends.slice();
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
    return goesOn(end);
  }

  /** Whether a word that is read up to `end` is longer. */
  function goesOn(end: number): boolean {
    if (end + 1 === count) return !isLast;
    const after = codes[end + 1] as number;
    return isLower(after) && after !== SMALL_S;
  }

  /** What ends at `at` in that state. Words that turn out to be parts of others leave it as it was. */
  function tell(state: number, at: number): void {
    const kind = news[state];
    if (kind === 0 || (kind === WORDS && goesOn(at))) return;
    let all = true;
    for (const id of outputs[state] as readonly number[]) {
      const length = wordLength[id] as number;
      if (length > 0 && isInside(at + 1 - length, at)) all = false;
      else report(id);
    }
    if (!all) return;
    news[state] = 0;
    reported.push(state);
  }

  /** What of a block of steps is worth a look: the step, and the states of the four places after it. */
  const hits = new Int32Array(5 * BLOCK);

  /** Reads `steps` units at four places, `lane` apart; says the state at the last. */
  function lanes(lane: number, steps: number): number {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let from = 0; from < steps; from += BLOCK) {
      const to = Math.min(from + BLOCK, steps);
      let found = 0;
      // No call in here: the engine then keeps in registers what it would read again after each.
      for (let i = from; i < to; i++) {
        a = next[Math.imul(a, width) + (classOf[codes[i] as number] as number)] as number;
        b = next[Math.imul(b, width) + (classOf[codes[i + lane] as number] as number)] as number;
        c = next[Math.imul(c, width) + (classOf[codes[i + 2 * lane] as number] as number)] as number;
        d = next[Math.imul(d, width) + (classOf[codes[i + 3 * lane] as number] as number)] as number;
        if (((news[a] as number) | (news[b] as number) | (news[c] as number) | (news[d] as number)) !== 0) {
          hits[found] = i;
          hits[found + 1] = a;
          hits[found + 2] = b;
          hits[found + 3] = c;
          hits[found + 4] = d;
          found += 5;
        }
      }
      for (let n = 0; n < found; n += 5)
        for (let l = 0; l < 4; l++) tell(hits[n + 1 + l] as number, (hits[n] as number) + l * lane);
    }
    return d;
  }

  return {
    overlap,
    read(units, opens, closes) {
      count = units;
      isFirst = opens;
      isLast = closes;
      let state = 0;
      let from = 0;
      if (count >= LANES_FROM) {
        const lane = (count - overlap) >> 2;
        // Each lane reads on into the next one, as far as a literal may reach that begins in its own.
        state = lanes(lane, lane + overlap);
        from = 4 * lane + overlap;
      }
      for (let i = from; i < count; i++) {
        state = next[Math.imul(state, width) + (classOf[codes[i] as number] as number)] as number;
        if (news[state] !== 0) tell(state, i);
      }
    },
    end() {
      if (reported.length === 0) return;
      for (const state of reported) news[state] = ends[state] as number;
      reported = [];
    },
  };
}
