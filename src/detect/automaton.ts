/**
 * One pass over a text that says which literals and which characters are in it, and how long its longest run of
 * digits and of word characters is. Everything else runs only if this pass gives it a reason to. The automaton is
 * Aho-Corasick's, as a table, so the pass costs the same per character whatever the text.
 */

export interface Scan {
  /** Union of the bits of the characters seen; see `bitOf` and the constants below. */
  bits: number;
  /** Longest run of digits, single or double separators inside it not counted. */
  digits: number;
  /** Longest run of base64 characters. */
  word: number;
  /** The words seen, as first-token.ts writes them. */
  readonly tokens: { digits: number; letters: number; mixed: number };
  /** Ids of the literals found, each once. Only the first `found` are meaningful. */
  readonly ids: Int32Array;
  found: number;
}

export interface Automaton {
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
const FIRST_FREE_BIT = 4;
const MAX_CHARS = 27;

const OTHER = /[^\u0000-\u007f]/;

const DIGIT = 1;
const SEPARATOR = 2;
const BASE64 = 4;
const LETTER = 8;
const LONGEST_TOKEN = 31;

/**
 * Builds the automaton. `literals` match in any case; ids are their indexes. `chars` get bits of their own
 * (at most 27 distinct ones).
 */
export function buildAutomaton(literals: readonly string[], chars: string): Automaton {
  const bit = new Int32Array(65536).fill(NON_ASCII, 128);
  const charBits = new Map(FIXED_BITS);
  for (const c of new Set(chars)) {
    if (!charBits.has(c)) charBits.set(c, 1 << (FIRST_FREE_BIT + charBits.size - FIXED_BITS.length));
  }
  if (charBits.size - FIXED_BITS.length > MAX_CHARS) throw new RangeError("too many distinct chars");
  for (const [c, b] of charBits) bit[c.charCodeAt(0)] = (bit[c.charCodeAt(0)] ?? 0) | b;
  const shape = new Uint8Array(65536);
  for (let c = 0x30; c <= 0x39; c++) shape[c] = DIGIT | BASE64;
  for (let c = 0x41; c <= 0x5a; c++) shape[c] = shape[c + 32] = BASE64 | LETTER;
  for (const c of "+/=-") shape[c.charCodeAt(0)] = BASE64;
  shape["_".charCodeAt(0)] = BASE64 | LETTER;
  for (const c of " -.()/") shape[c.charCodeAt(0)] = (shape[c.charCodeAt(0)] ?? 0) | SEPARATOR;

  // A table is as wide as its alphabet: one for all would be sixteen megabytes, nearly all of it for letters that most
  // texts do not have. Those have a table of their own, and a pass that only texts which have them take.
  const lower = literals.map((l, id) => ({ text: l.toLowerCase(), id }));
  const { classOf, width, next, outputs, hasOutput } = buildTable(lower.filter((l) => !OTHER.test(l.text)));
  const others = buildTable(lower.filter((l) => OTHER.test(l.text)));
  const seenAt = new Int32Array(literals.length);
  let epoch = 0;
  const tokens = { digits: 0, letters: 0, mixed: 0 };
  const scan: Scan = {
    bits: 0,
    digits: 0,
    word: 0,
    tokens,
    ids: new Int32Array(literals.length),
    found: 0,
  };

  /** Of the literals that are not all ASCII. */
  function scanOthers(text: string, sofar: number): number {
    let found = sofar;
    let state = 0;
    for (let i = 0; i < text.length; i++) {
      state = others.next[state * others.width + (others.classOf[text.charCodeAt(i)] as number)] as number;
      if (others.hasOutput[state] === 0) continue;
      for (const id of others.outputs[state] as readonly number[]) {
        if (seenAt[id] === epoch) continue;
        seenAt[id] = epoch;
        scan.ids[found++] = id;
      }
    }
    return found;
  }

  return {
    scan(text) {
      epoch++;
      let state = 0;
      let bits = 0;
      let found = 0;
      let run = 0;
      let gap = 0;
      let digits = 0;
      let word = 0;
      let wordStart = 0;
      let token = 0;
      let kinds = 0;
      let [ofDigits, ofLetters, ofBoth] = [0, 0, 0];
      const length = text.length;
      for (let i = 0; i < length; i++) {
        const c = text.charCodeAt(i);
        bits |= bit[c] as number;
        state = next[state * width + (classOf[c] as number)] as number;
        if (hasOutput[state] === 1) {
          for (const id of outputs[state] as readonly number[]) {
            if (seenAt[id] === epoch) continue;
            seenAt[id] = epoch;
            scan.ids[found++] = id;
          }
        }
        const s = shape[c] as number;
        if ((s & DIGIT) !== 0) {
          run++;
          gap = 0;
        } else if (run !== 0 && ((s & SEPARATOR) === 0 || ++gap > 2)) {
          if (run > digits) digits = run;
          run = gap = 0;
        }
        if ((s & (DIGIT | LETTER)) !== 0) {
          token++;
          kinds |= s;
        } else if (token !== 0) {
          const size = 1 << (token < LONGEST_TOKEN ? token : LONGEST_TOKEN);
          if ((kinds & DIGIT) === 0) ofLetters |= size;
          else if ((kinds & LETTER) === 0) ofDigits |= size;
          else ofBoth |= size;
          token = kinds = 0;
        }
        if ((s & BASE64) === 0) {
          if (i - wordStart > word) word = i - wordStart;
          wordStart = i + 1;
        }
      }
      if (token !== 0) {
        const last = 1 << (token < LONGEST_TOKEN ? token : LONGEST_TOKEN);
        if ((kinds & DIGIT) === 0) ofLetters |= last;
        else if ((kinds & LETTER) === 0) ofDigits |= last;
        else ofBoth |= last;
      }
      tokens.digits = ofDigits;
      tokens.letters = ofLetters;
      tokens.mixed = ofBoth;
      scan.bits = bits;
      scan.digits = Math.max(digits, run);
      scan.word = Math.max(word, length - wordStart);
      scan.found = (bits & NON_ASCII) === 0 ? found : scanOthers(text, found);
      return scan;
    },
    bitsOf(wanted) {
      let bits = 0;
      for (const c of wanted) bits |= charBits.get(c) ?? 0;
      return bits;
    },
  };
}

interface Table {
  readonly classOf: Uint16Array;
  readonly width: number;
  readonly next: Uint16Array | Uint32Array;
  readonly outputs: (readonly number[] | undefined)[];
  readonly hasOutput: Uint8Array;
}

type Chains = [Uint32Array, Uint32Array, Uint32Array, Uint32Array];

function buildTable(literals: readonly { readonly text: string; readonly id: number }[]): Table {
  const classOf = new Uint16Array(65536);
  let width = 1;
  for (const { text: literal } of literals) {
    for (let i = 0; i < literal.length; i++) {
      const c = literal.charCodeAt(i);
      if (classOf[c] !== 0) continue;
      classOf[c] = width;
      const upper = (literal[i] as string).toUpperCase();
      // Turkish's dotless i has I as its capital, which is another letter's too.
      if (upper.length === 1 && upper.toLowerCase() === literal[i]) classOf[upper.charCodeAt(0)] = width;
      width++;
    }
  }
  // No more states than characters, and the root. Children are kept as chains, so that nothing is allocated for them.
  const most = literals.reduce((sum, { text }) => sum + text.length, 1);
  const States = most > 0xffff ? Uint32Array : Uint16Array;
  const [child, sibling, entered, fail] = [0, 1, 2, 3].map(() => new Uint32Array(most)) as Chains;
  const table = new States(most * width);
  const own: number[][] = [[]];
  // Level by level, so that states near the root, where a text nearly always is, lie together and stay in the cache.
  const reached = new Uint32Array(literals.length);
  const longest = literals.reduce((length, { text }) => Math.max(length, text.length), 0);
  for (let depth = 0; depth < longest; depth++) {
    literals.forEach(({ text, id }, n) => {
      if (depth >= text.length) return;
      const state = reached[n] as number;
      const cls = classOf[text.charCodeAt(depth)] as number;
      let to = table[state * width + cls] as number;
      if (to === 0) {
        to = own.push([]) - 1;
        table[state * width + cls] = to;
        entered[to] = cls;
        sibling[to] = child[state] as number;
        child[state] = to;
      }
      reached[n] = to;
      if (depth === text.length - 1) own[to]?.push(id);
    });
  }
  const next = table.slice(0, own.length * width);
  // Breadth first, so that the row a state falls back to is whole before it is copied.
  const queue = new Uint32Array(own.length);
  let end = 0;
  for (let to = child[0] as number; to !== 0; to = sibling[to] as number) queue[end++] = to;
  for (let q = 0; q < end; q++) {
    const state = queue[q] as number;
    const back = fail[state] as number;
    if (own[back]?.length !== 0) own[state]?.push(...(own[back] as number[]));
    next.copyWithin(state * width, back * width, (back + 1) * width);
    for (let to = child[state] as number; to !== 0; to = sibling[to] as number) {
      const cls = entered[to] as number;
      fail[to] = next[back * width + cls] as number;
      next[state * width + cls] = to;
      queue[end++] = to;
    }
  }
  return {
    classOf,
    width,
    next,
    outputs: own.map((ids) => (ids.length === 0 ? undefined : ids)),
    hasOutput: Uint8Array.from(own, (ids) => (ids.length === 0 ? 0 : 1)),
  };
}
