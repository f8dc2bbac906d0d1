import type { ErasureBody } from "./record.js";

export interface ErasedCheck {
  /** Record `seq` has no body. */
  missing(seq: number, id: string): void;
  /** A record of erasure, and where it stands. */
  erasure(seq: number, body: ErasureBody): void;
  /** Bodies that are missing and that no later record names as erased: somebody else took them. */
  unexplained(): readonly { readonly seq: number; readonly id: string }[];
  /** How many bodies were erased by the book. */
  count(): number;
}

interface Stretch {
  first: number;
  last: number;
  readonly id: string;
}

/** Kept as stretches: of a million old records nearly all are erased. */
export function erasedCheck(): ErasedCheck {
  const gone: Stretch[] = [];
  const named: (readonly [number, number])[] = [];
  let missing = 0;

  function unexplained(): { seq: number; id: string }[] {
    const ranges = named.toSorted(([a], [b]) => a - b);
    const left: { seq: number; id: string }[] = [];
    let at = 0;
    for (const { first, last, id } of gone) {
      for (let seq = first; seq <= last; seq++) {
        while (at < ranges.length && ranges[at]![1] < seq) at++;
        if (at < ranges.length && ranges[at]![0] <= seq) seq = Math.min(last, ranges[at]![1]);
        else left.push({ seq, id: seq === first ? id : "" });
      }
    }
    return left;
  }

  return {
    missing(seq, id) {
      missing++;
      const newest = gone.at(-1);
      if (newest?.last === seq - 1) newest.last = seq;
      else gone.push({ first: seq, last: seq, id });
    },
    erasure(seq, { ranges }) {
      // What comes later cannot have been erased by then.
      for (const [first, last] of ranges) if (first <= last && last < seq) named.push([first, last]);
    },
    unexplained,
    count: () => missing - unexplained().length,
  };
}
