/** Where the words of a text are, so that patterns which can only begin at one are not tried at every character. */
import type { FirstTokens } from "./first-token.js";

/** The words of one text: runs of `\w`, in order. Only the first `count` are meaningful. */
export interface Words {
  readonly count: number;
  readonly starts: Int32Array;
  /** Length (31: that or longer), and what the word is made of: 32 digits alone, 64 none, 96 both. */
  readonly kinds: Uint8Array;
}

const DIGIT = 32;
const OTHER = 64;
const LONGEST = 31;
const classes = new Uint8Array(128);
for (let c = 0; c < 128; c++) {
  const char = String.fromCharCode(c);
  classes[c] = /\d/.test(char) ? DIGIT : /\w/.test(char) ? OTHER : 0;
}

/** Finds them in one pass. The result is good until the next call: texts are read one at a time. */
export function wordFinder(): (text: string) => Words {
  let starts = new Int32Array(1024);
  let kinds = new Uint8Array(1024);
  return (text) => {
    if (starts.length < text.length / 2 + 1) {
      starts = new Int32Array(text.length / 2 + 1);
      kinds = new Uint8Array(text.length / 2 + 1);
    }
    let count = 0;
    let start = -1;
    let kind = 0;
    for (let at = 0; at <= text.length; at++) {
      const c = text.charCodeAt(at);
      const cls = c < 128 ? (classes[c] as number) : 0;
      if (cls !== 0) {
        if (start === -1) start = at;
        kind |= cls;
      } else if (start !== -1) {
        starts[count] = start;
        kinds[count++] = kind | Math.min(at - start, LONGEST);
        start = -1;
        kind = 0;
      }
    }
    return { count, starts, kinds };
  };
}

/** Whether a match can begin with a word of this kind. */
export function mayBegin(first: FirstTokens, kind: number): boolean {
  const mask = kind >= 96 ? first.mixed : kind >= 64 ? first.letters : first.digits;
  return (mask & (1 << (kind & LONGEST))) !== 0;
}
