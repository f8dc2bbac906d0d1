/**
 * Which words a pattern can begin with, by their length and what they are made of. A text that holds no such word need not
 * be searched: of sixty patterns for national numbers, a text with one telephone number then wakes five.
 *
 * Read from the pattern itself, and only ever too wide: what is not understood is taken for anything.
 */

import {
  alternatives,
  ANY_SIGN,
  ANYTHING,
  insideGroup,
  kindOf,
  looksAround,
  past,
  quantifierAt,
  type CharKind,
} from "./pattern-text.js";

/** Words of so many characters and more are told apart no further. */
export const LONGEST_WORD = 31;

/** Bit n of each: a word of n characters can be where a match begins. Bit 31 stands for that and more. */
export interface FirstTokens {
  /** Words of digits alone, of none, and of both. A word is a longest run of `\w`. */
  readonly digits: number;
  readonly letters: number;
  readonly mixed: number;
  /** How many characters of a match may stand before that word; undefined: it may also begin inside of one, or far before. */
  readonly lead?: 0 | 1;
  /** Which signs may stand behind it, as bits of signOf; undefined: any. */
  readonly behind?: number;
}

export const ANY: FirstTokens = { digits: -1, letters: -1, mixed: -1 };

/** Whether a text with the words `seen` has one that a match can begin with. */
export function beginsIn(first: FirstTokens, seen: FirstTokens): boolean {
  return (
    first.digits === -1 ||
    (first.digits & seen.digits) !== 0 ||
    (first.letters & seen.letters) !== 0 ||
    (first.mixed & seen.mixed) !== 0
  );
}

/** How far the first word has come, on all ways through the pattern at once. */
interface State {
  /** There is a way on which nothing was read yet. */
  readonly fresh: boolean;
  /** Characters read before the first word. */
  readonly lead: number;
  readonly digits: number;
  readonly letters: number;
  readonly mixed: number;
}
const START: State = { fresh: true, lead: 0, digits: 0, letters: 0, mixed: 0 };

class NotUnderstood extends Error {}

/** Where a match cannot begin inside of a word, or end there. Anything else that is excluded as well does not matter. */
const BEGINS = /^(?:\(\?<!(?:\\w|\[(?:\\w|A-Za-z0-9_))|\\b)/;
const ENDS = /^(?:\\w|\[(?:\\w|A-Za-z0-9_)[^\]]*\])(?:\||$)/;

export function firstTokens(pattern: string, flags: string): FirstTokens {
  // Then two letters outside of ASCII are words as well.
  if (flags.includes("i") && flags.includes("u")) return ANY;
  try {
    const ways = alternatives(pattern).map((way) => new Reader(way).read());
    return ways.reduce((a, b) => ({
      digits: a.digits | b.digits,
      letters: a.letters | b.letters,
      mixed: a.mixed | b.mixed,
      ...(a.lead !== undefined && b.lead !== undefined && { lead: a.lead > b.lead ? a.lead : b.lead }),
      ...(a.behind !== undefined && b.behind !== undefined && { behind: a.behind | b.behind }),
    }));
  } catch (error) {
    if (error instanceof NotUnderstood) return ANY;
    throw error;
  }
}

/** Bit 31 stays: so long, or longer. */
const shifted = (mask: number): number => (mask << 1) | (mask & (1 << LONGEST_WORD));
const isOver = ({ fresh, digits, letters, mixed }: State): boolean =>
  !fresh && (digits | letters | mixed) === 0;

class Reader {
  #at = 0;
  #digits = 0;
  #letters = 0;
  #mixed = 0;
  #lead = 0;
  #behind = 0;
  readonly #pattern: string;

  /** False: a match may begin inside of a word. */
  readonly #begins: boolean;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#begins = BEGINS.test(pattern);
  }

  read(): FirstTokens {
    const end = this.#choice(START);
    if (this.#at < this.#pattern.length || end.fresh) throw new NotUnderstood();
    this.#finish(end, this.#endsWord(), ANY_SIGN);
    const [digits, letters, mixed, lead] = [this.#digits, this.#letters, this.#mixed, this.#lead];
    if (!this.#begins || (lead !== 0 && lead !== 1)) return { digits, letters, mixed };
    return { digits, letters, mixed, lead, ...(this.#behind !== ANY_SIGN && { behind: this.#behind }) };
  }

  #endsWord(): boolean {
    const last = this.#pattern.lastIndexOf("(?!");
    return (
      /[^\\]\\b$/.test(this.#pattern) ||
      (last !== -1 &&
        past(this.#pattern, last) === this.#pattern.length &&
        ENDS.test(this.#pattern.slice(last + 3, -1)))
    );
  }

  /** The word is over on these ways; or, where it may go on before or after the match, who knows where. */
  #finish({ digits, letters, mixed }: State, ends: boolean, behind: number): void {
    if ((digits | letters | mixed) !== 0) this.#behind |= behind;
    const whole = ends && this.#begins;
    const longer = (mask: number): number => (whole ? mask : -(mask & -mask));
    this.#digits |= longer(digits);
    this.#letters |= longer(letters);
    this.#mixed |= longer(mixed) | (whole ? 0 : longer(digits) | longer(letters));
  }

  #choice(from: State): State {
    let out = this.#sequence(from);
    while (this.#pattern[this.#at] === "|") {
      this.#at++;
      out = union(out, this.#sequence(from));
    }
    return out;
  }

  #sequence(from: State): State {
    let state = from;
    const pattern = this.#pattern;
    while (this.#at < pattern.length && pattern[this.#at] !== "|" && pattern[this.#at] !== ")") {
      if (isOver(state)) this.#at = past(pattern, this.#at);
      else state = this.#repeated(state);
    }
    return state;
  }

  #repeated(from: State): State {
    const start = this.#at;
    let last = this.#atom(from);
    const times = quantifierAt(this.#pattern, this.#at);
    if (times === undefined) throw new NotUnderstood();
    const { min, max, end } = times;
    let out = min === 0 ? union(from, last) : last;
    for (let n = 2; n <= Math.min(max, LONGEST_WORD + 1) && !isOver(last); n++) {
      this.#at = start;
      last = this.#atom(last);
      out = n <= min ? last : union(out, last);
    }
    this.#at = end;
    return out;
  }

  #atom(state: State): State {
    const pattern = this.#pattern;
    const c = pattern[this.#at];
    if (c === "^" || c === "$") this.#at++;
    else if (c === "\\" && (pattern[this.#at + 1] === "b" || pattern[this.#at + 1] === "B")) this.#at += 2;
    else if (c === "(") return this.#group(state);
    else return this.#take(state, c === "[" ? this.#set() : this.#single());
    return state;
  }

  #group(state: State): State {
    if (looksAround(this.#pattern, this.#at)) {
      // What is only looked at is not read; without it more would match.
      this.#at = past(this.#pattern, this.#at);
      return state;
    }
    const start = insideGroup(this.#pattern, this.#at);
    if (start === undefined) throw new NotUnderstood();
    this.#at = start;
    const inside = this.#choice(state);
    this.#at++;
    return inside;
  }

  #take(state: State, { digit, letter, other }: CharKind): State {
    if (other !== 0) this.#finish(state, true, other);
    if (state.fresh && (digit || letter)) this.#lead = Math.max(this.#lead, state.lead);
    const first = state.fresh ? 2 : 0;
    const mixed =
      (digit || letter ? state.mixed : 0) | (letter ? state.digits : 0) | (digit ? state.letters : 0);
    return {
      // What stands before the first word is in none.
      fresh: state.fresh && other !== 0,
      lead: state.lead + 1,
      digits: digit ? shifted(state.digits) | first : 0,
      letters: letter ? shifted(state.letters) | first : 0,
      mixed: shifted(mixed),
    };
  }

  #single(): CharKind {
    const c = this.#pattern[this.#at++]!;
    return c === "\\" ? this.#escape() : c === "." ? ANYTHING : kindOf(c);
  }

  #escape(): CharKind {
    const c = this.#pattern[this.#at++]!;
    if (c === "d") return { digit: true, letter: false, other: 0 };
    if (c === "w") return { digit: true, letter: true, other: 0 };
    if (c === "S" || c === "D" || c === "W" || c === "p" || c === "P") throw new NotUnderstood();
    // Code points and references back.
    if (/[a-zA-Z0-9]/.test(c) && !"snrtfv".includes(c)) throw new NotUnderstood();
    return "snrtfv".includes(c) ? kindOf(" ") : kindOf(c);
  }

  #set(): CharKind {
    const pattern = this.#pattern;
    let [digit, letter, other] = [false, false, 0];
    const add = (kind: CharKind): void => {
      digit ||= kind.digit;
      letter ||= kind.letter;
      other |= kind.other;
    };
    if (pattern[++this.#at] === "^") throw new NotUnderstood();
    while (pattern[this.#at] !== "]") {
      const c = pattern[this.#at];
      const to = pattern[this.#at + 2];
      if (c === undefined || to === undefined) throw new NotUnderstood();
      if (c !== "\\" && pattern[this.#at + 1] === "-" && to !== "]") {
        if (to === "\\") throw new NotUnderstood();
        for (let code = c.charCodeAt(0); code <= to.charCodeAt(0); code++) {
          add(kindOf(String.fromCharCode(code)));
          // From here on all are alike.
          if (code > 0x3000) break;
        }
        this.#at += 3;
      } else if (c === "\\") {
        this.#at++;
        add(this.#escape());
      } else {
        this.#at++;
        add(kindOf(c));
      }
    }
    this.#at++;
    return { digit, letter, other };
  }
}

function union(a: State, b: State): State {
  return {
    fresh: a.fresh || b.fresh,
    lead: Math.max(a.fresh ? a.lead : 0, b.fresh ? b.lead : 0),
    digits: a.digits | b.digits,
    letters: a.letters | b.letters,
    mixed: a.mixed | b.mixed,
  };
}
