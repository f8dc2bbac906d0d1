/** Where the words of a text are, so that patterns which can only begin at one are not tried at every character. */
import type { FirstTokens } from "./first-token.js";

/** The words of one text: runs of `\w`, in order. Only the first `count` are meaningful. */
export interface Words {
  readonly count: number;
  readonly starts: Int32Array;
  /**
   * Length (31: that or longer), what the word is made of (32 digits alone, 64 none, 96 both), and from bit 7 on the sign
   * behind it, as signOf says.
   */
  readonly kinds: Uint16Array;
}

const LONGEST = 31;
export const SIGN_SHIFT = 7;
/** All kinds are below this. */
export const KINDS = 1 << 15;

/** Whether a match can begin with a word of this kind. */
export function mayBegin(first: FirstTokens, kind: number): boolean {
  const mask = (kind & 96) === 96 ? first.mixed : (kind & 64) !== 0 ? first.letters : first.digits;
  if ((mask & (1 << (kind & LONGEST))) === 0) return false;
  return first.behind === undefined || (first.behind & (kind >> SIGN_SHIFT)) !== 0;
}
