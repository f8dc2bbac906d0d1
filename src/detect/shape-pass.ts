import { codes } from "./codes.js";
import { signOf } from "./pattern-text.js";
import { LONGEST_WORD } from "./first-token.js";
import { wordKind, type Words } from "./words.js";

/** What a text is made of. */
export interface Shape {
  /** Union of the bits of the characters seen. */
  bits: number;
  /** Longest run of digits, single or double separators inside it not counted. */
  digits: number;
  /** Longest run of base64 characters. */
  word: number;
  /** Most plain words in a row: of three to eight letters, one or two signs between them. */
  plain: number;
  /** Which words there are, as first-token.ts writes them. */
  readonly tokens: { digits: number; letters: number; mixed: number };
  /** Where they are; of texts of `LONG` and more. */
  readonly words: Words;
}

/** From here on it pays to know where the words are. */
export const LONG = 256;
/** Bits that are free for characters: those below this. */
export const CHAR_BITS = 26;
const DIGIT = 1 << 26;
const LETTER = 1 << 27;
const SEPARATOR = 1 << 28;
const BASE64 = 1 << 29;
const WORD = DIGIT | LETTER;
/** What stands behind a word, by its UTF-16 unit. */
const END = signOf("");
const signs = new Uint8Array(65536).fill(END);
for (let c = 0; c < 128; c++) signs[c] = signOf(String.fromCharCode(c));
for (const c of "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff")
  signs[c.charCodeAt(0)] = signOf(c);

/** Reads stretches of one text after the other. */
export interface ShapePass {
  begin(text: string): void;
  /** Units `from` to `to` of `codes` stand at `at` of the text. */
  read(from: number, to: number, at: number): void;
  /** The text is over: `shape` is its shape, until the next one begins. */
  end(): Shape;
  readonly shape: Shape;
}

/** `info`: the bits of each UTF-16 unit, all below CHAR_BITS; the pass adds its own to them. */
export function shapePass(info: Int32Array): ShapePass {
  const add = (chars: string, flags: number): void => {
    for (const c of chars) info[c.charCodeAt(0)] = (info[c.charCodeAt(0)] as number) | flags;
  };
  add("0123456789", DIGIT | BASE64);
  for (let c = 0x41; c <= 0x5a; c++) add(String.fromCharCode(c, c + 32), LETTER | BASE64);
  add("_", LETTER | BASE64);
  add("+/=-", BASE64);
  add(" -.()/", SEPARATOR);

  const tokens = { digits: 0, letters: 0, mixed: 0 };
  const words = { count: 0, starts: new Int32Array(1024), kinds: new Uint16Array(1024) };
  const shape: Shape = { bits: 0, digits: 0, word: 0, plain: 0, tokens, words };
  let text = "";
  /** The run of digits in hand and the separators since its last one. */
  let run = 0;
  let gap = 0;
  /** Where the run of base64, and the word, in hand began; -1: there is none. */
  let base64 = 0;
  let start = -1;
  let kinds = 0;
  /** The plain words in hand, and where the last of them ended. */
  let plain = 0;
  let plainEnd = 0;

  function endRun(): void {
    if (run > shape.digits) shape.digits = run;
    run = gap = 0;
  }

  function endWord(end: number, sign: number): void {
    const length = end - start;
    const size = 1 << (length < LONGEST_WORD ? length : LONGEST_WORD);
    if ((kinds & DIGIT) === 0) {
      tokens.letters |= size;
      if (run !== 0) endRun();
      if (length < 3 || length > 8) plain = 0;
      else {
        plain = start - plainEnd <= 2 ? plain + 1 : 1;
        plainEnd = end;
        if (plain > shape.plain) shape.plain = plain;
      }
    } else if ((kinds & LETTER) === 0) {
      tokens.digits |= size;
      run += length;
      gap = 0;
    } else {
      tokens.mixed |= size;
      for (let i = start; i < end; i++) {
        const c = text.charCodeAt(i);
        if (c < 0x30 || c > 0x39) endRun();
        else {
          run++;
          gap = 0;
        }
      }
    }
    if (text.length >= LONG) keepWord(length, sign);
    start = -1;
    kinds = 0;
  }

  function keepWord(length: number, sign: number): void {
    if (words.count === words.starts.length) {
      const { starts, kinds: old } = words;
      (words.starts = new Int32Array(2 * words.count)).set(starts);
      (words.kinds = new Uint16Array(2 * words.count)).set(old);
    }
    words.starts[words.count] = start;
    words.kinds[words.count++] = wordKind(length, (kinds & DIGIT) !== 0, (kinds & LETTER) !== 0, sign);
  }

  return {
    shape,
    begin(of) {
      text = of;
      run = gap = base64 = kinds = 0;
      start = -1;
      shape.bits = shape.digits = shape.word = shape.plain = plain = plainEnd = words.count = 0;
      tokens.digits = tokens.letters = tokens.mixed = 0;
    },
    read(from, to, at) {
      let { bits } = shape;
      const offset = at - from;
      for (let i = from; i < to; i++) {
        let s = info[codes[i] as number] as number;
        bits |= s;
        if ((s & WORD) !== 0) {
          if (start === -1) start = i + offset;
          let seen = s;
          while (++i < to && ((s = info[codes[i] as number] as number) & WORD) !== 0) seen |= s;
          kinds |= seen;
          bits |= seen;
          // Where the stretch ends the word may go on.
          if (i === to) break;
          bits |= s;
        }
        if (start !== -1) endWord(i + offset, signs[codes[i] as number] as number);
        if (run !== 0 && ((s & SEPARATOR) === 0 || ++gap > 2)) endRun();
        if ((s & BASE64) === 0) {
          const length = i + offset - base64;
          if (length > shape.word) shape.word = length;
          base64 = i + offset + 1;
        }
      }
      shape.bits = bits;
    },
    end() {
      if (start !== -1) endWord(text.length, END);
      endRun();
      shape.word = Math.max(shape.word, text.length - base64);
      shape.bits &= (1 << CHAR_BITS) - 1;
      text = "";
      return shape;
    },
  };
}
