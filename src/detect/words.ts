/** Where the words of a text are, so that patterns which can only begin at one are not tried at every character. */
import { LONGEST_WORD, type FirstTokens } from "./first-token.js";

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

const DIGITS = 32;
const LETTERS = 64;
const SIGN_SHIFT = 7;
/** All kinds are below this. */
export const KINDS = 1 << 15;

/** The kind of a word; `sign`: what stands behind it. */
export function wordKind(length: number, digits: boolean, letters: boolean, sign: number): number {
  const size = length < LONGEST_WORD ? length : LONGEST_WORD;
  return size | (digits ? DIGITS : 0) | (letters ? LETTERS : 0) | (sign << SIGN_SHIFT);
}

/** Whether a match can begin with a word of this kind. */
export function mayBegin(first: FirstTokens, kind: number): boolean {
  const digits = (kind & DIGITS) !== 0;
  const mask = (kind & LETTERS) === 0 ? first.digits : digits ? first.mixed : first.letters;
  if ((mask & (1 << (kind & LONGEST_WORD))) === 0) return false;
  return first.behind === undefined || (first.behind & (kind >> SIGN_SHIFT)) !== 0;
}
