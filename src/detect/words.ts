/** Where the words of a text are, so that patterns which can only begin at one are not tried at every character. */
import type { FirstTokens } from "./first-token.js";

/** The words of one text: runs of `\w`, in order. Only the first `count` are meaningful. */
export interface Words {
  readonly count: number;
  readonly starts: Int32Array;
  /** Length (31: that or longer), and what the word is made of: 32 digits alone, 64 none, 96 both. */
  readonly kinds: Uint8Array;
}

const LONGEST = 31;

/** Whether a match can begin with a word of this kind. */
export function mayBegin(first: FirstTokens, kind: number): boolean {
  const mask = kind >= 96 ? first.mixed : kind >= 64 ? first.letters : first.digits;
  return (mask & (1 << (kind & LONGEST))) !== 0;
}
