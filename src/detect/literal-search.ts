import { codes } from "./codes.js";
import type { Literal } from "./literal-table.js";
import { buildTable } from "./literal-table.js";

/** Which of many literals stand in a text, read stretch by stretch. */
export interface LiteralSearch {
  /** How many units of the last stretch must stand before the next one, so that no literal is cut. */
  readonly overlap: number;
  /** Searches the first `count` of `codes`; tells the ids of what ends there, not all of them once only. */
  read(count: number): void;
  /** The text is over. */
  end(): void;
}

/** From here on a stretch is read at four places in turn: each step waits for the one before it, at its own place only. */
const LANES_FROM = 512;

export function literalSearch(
  literals: readonly Literal[],
  report: (ids: readonly number[]) => void,
): LiteralSearch {
  const { classOf, width, next, outputs } = buildTable(literals);
  const overlap = Math.max(0, ...literals.map(({ text }) => text.length - 1));
  /** 1: something ends in that state that was not reported of this text. */
  const news = Uint8Array.from(outputs, (ids) => (ids === undefined ? 0 : 1));
  let reported: number[] = [];

  function tell(state: number): void {
    if (news[state] === 0) return;
    news[state] = 0;
    reported.push(state);
    report(outputs[state] as readonly number[]);
  }

  const step = (state: number, at: number): number =>
    next[Math.imul(state, width) + (classOf[codes[at] as number] as number)] as number;

  return {
    overlap,
    read(count) {
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
            tell(a);
            tell(b);
            tell(c);
            tell(d);
          }
        }
        a = d;
        from = 4 * lane + overlap;
      }
      for (let i = from; i < count; i++) {
        a = step(a, i);
        if (news[a] !== 0) tell(a);
      }
    },
    end() {
      if (reported.length === 0) return;
      for (const state of reported) news[state] = 1;
      reported = [];
    },
  };
}
