import { loadCodes, MAX_OVERLAP } from "./codes.js";
import { lazily } from "./lazily.js";
import type { LiteralSearch } from "./literal-search.js";
import { literalSearch } from "./literal-search.js";
import type { Shape } from "./shape-pass.js";
import { CHAR_BITS, shapePass } from "./shape-pass.js";

/**
 * One pass over a text that says which literals are in it and what it is made of. Everything else runs only if this
 * pass gives it a reason to. The automaton is Aho-Corasick's, as a table, so the pass costs the same per character
 * whatever the text.
 */

export interface Scan {
  readonly shape: Shape;
  /** Ids of the literals found, each once. Only the first `found` are meaningful. */
  readonly ids: Int32Array;
  found: number;
}

export interface Automaton {
  /** Good until the next call: texts are read one at a time. */
  scan(text: string): Scan;
  /** Bits of the given characters; 0 for characters the automaton was not built with. */
  bitsOf(chars: string): number;
}

export const NON_ASCII = 1;
export const PERCENT = 2;
export const BACKSLASH = 4;
export const AMPERSAND = 8;
const FIXED_BITS: readonly [string, number][] = [
  ["%", PERCENT],
  ["\\", BACKSLASH],
  ["&", AMPERSAND],
];
/** A letter beyond ASCII that stands in a literal, or in what a pattern is known to begin with. */
export const KNOWN_LETTER = 16;
const FIRST_FREE_BIT = 5;
const MAX_CHARS = CHAR_BITS - FIRST_FREE_BIT;

const OTHER = /[^\u0000-\u007f]/;

/**
 * Builds the automaton. `literals` match in any case; ids are their indexes; those
 * that are words are not found inside of longer ones. `letters`: others that set KNOWN_LETTER. `chars` get bits of their own
 * (at most 21 distinct ones).
 */
export function buildAutomaton(
  literals: readonly string[],
  chars: string,
  isWord: (id: number) => boolean = () => false,
  letters = "",
): Automaton {
  const bit = new Int32Array(65536).fill(NON_ASCII, 128);
  const charBits = new Map(FIXED_BITS);
  for (const c of new Set(chars)) {
    if (!charBits.has(c)) charBits.set(c, 1 << (FIRST_FREE_BIT + charBits.size - FIXED_BITS.length));
  }
  if (charBits.size - FIXED_BITS.length > MAX_CHARS) throw new RangeError("too many distinct chars");
  for (const [c, b] of charBits) bit[c.charCodeAt(0)] = (bit[c.charCodeAt(0)] ?? 0) | b;
  const pass = shapePass(bit);

  // A table is as wide as its alphabet: one for all would be sixteen megabytes, nearly all of it for letters that most
  // texts do not have. Those have a table of their own, and a pass that only texts which have them take.
  const lower = literals.map((l, id) => ({
    text: l.toLowerCase().slice(0, MAX_OVERLAP),
    id,
    word: isWord(id),
  }));
  const ascii = literalSearch(
    lower.filter((l) => !OTHER.test(l.text)),
    report,
  );
  // Scripts that put no spaces between words are among them. Made for the first text that has such letters.
  const others = lazily(() =>
    literalSearch(
      lower.filter((l) => OTHER.test(l.text)).map((l) => ({ ...l, word: false })),
      report,
    ),
  );
  for (const c of new Set(lower.map(({ text }) => text).join("") + letters))
    for (const form of [c, c.toUpperCase()])
      if (form.length === 1 && OTHER.test(form))
        bit[form.charCodeAt(0)] = (bit[form.charCodeAt(0)] ?? 0) | KNOWN_LETTER;
  const seenAt = new Int32Array(literals.length);
  let epoch = 0;
  const scan: Scan = { shape: pass.shape, ids: new Int32Array(literals.length), found: 0 };

  function report(id: number): void {
    if (seenAt[id] === epoch) return;
    seenAt[id] = epoch;
    scan.ids[scan.found++] = id;
  }

  /** What may be the beginning of a literal is read again in front of the next stretch. */
  function everyStretch(text: string, search: LiteralSearch, also?: typeof pass.read): void {
    let kept = 0;
    for (let at = 0; at < text.length; kept = search.overlap) {
      const count = loadCodes(text, at - kept);
      also?.(kept, count, at);
      search.read(count, at === 0, at + count - kept === text.length);
      at += count - kept;
    }
    search.end();
  }

  return {
    scan(text) {
      epoch++;
      scan.found = 0;
      pass.begin(text);
      everyStretch(text, ascii, pass.read);
      if ((pass.end().bits & KNOWN_LETTER) !== 0) everyStretch(text, others());
      return scan;
    },
    bitsOf(wanted) {
      let bits = 0;
      for (const c of wanted) bits |= charBits.get(c) ?? 0;
      return bits;
    },
  };
}
