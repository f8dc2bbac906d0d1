/**
 * How the matches of a pattern can begin: a few letters each. Where hundreds of patterns are woken by one long text, one
 * pass finds all the places where any of them can match, and each is tried there alone.
 *
 * Read from the pattern itself, and only ever too short: what is not understood ends what is read.
 */
import { insideGroup, looksAround, past, quantifierAt } from "./pattern-text.js";

/** Longer beginnings find no fewer places worth speaking of; of shorter ones there are too many in any text. */
export const LONGEST_PREFIX = 6;
const SHORTEST = 2;
const MOST = 256;
/** Sets of more characters are not spelt out. */
const MAX_SET = 12;

/** One way to begin; `open`: what follows in the pattern follows it. */
interface Way {
  readonly text: string;
  readonly open: boolean;
}

class NotUnderstood extends Error {}

/**
 * In lower case; every match begins with one of them, in any case, or with an `ODD` letter among the first. Undefined: nobody
 * knows how matches begin.
 */
export function prefixesOf(pattern: string): readonly string[] | undefined {
  try {
    const reader = new Reader(pattern);
    const texts = new Set(reader.whole().map(({ text }) => text.toLowerCase()));
    if ([...texts].some((text) => text.length < SHORTEST)) return undefined;
    // One that another begins is found with it.
    return [...texts].filter((text) => ![...texts].some((o) => o !== text && text.startsWith(o)));
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined;
    throw error;
  }
}

class Reader {
  #at = 0;
  readonly #pattern: string;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  whole(): readonly Way[] {
    const ways = this.#choice();
    if (this.#at < this.#pattern.length) throw new NotUnderstood();
    return ways;
  }

  #choice(): readonly Way[] {
    const ways = [...this.#sequence()];
    while (this.#pattern[this.#at] === "|") {
      this.#at++;
      ways.push(...this.#sequence());
    }
    return few(ways);
  }

  #sequence(): readonly Way[] {
    let ways: readonly Way[] = [{ text: "", open: true }];
    const pattern = this.#pattern;
    while (this.#at < pattern.length && pattern[this.#at] !== "|" && pattern[this.#at] !== ")") {
      if (ways.some(({ open }) => open)) ways = joined(ways, this.#repeated());
      else this.#at = past(pattern, this.#at);
    }
    return ways;
  }

  #repeated(): readonly Way[] {
    const atom = this.#atom();
    const times = quantifierAt(this.#pattern, this.#at);
    if (times === undefined) throw new NotUnderstood();
    const { min, max, end } = times;
    this.#at = end;
    if (min === 1 && max === 1) return atom;
    const skipped: Way = { text: "", open: true };
    if (max === 0) return [skipped];
    // Up to a beginning's length each number of times is a way of its own.
    let sofar: readonly Way[] = [skipped];
    let ways: readonly Way[] = min === 0 ? [skipped] : [];
    for (let n = 1; n <= Math.min(max, LONGEST_PREFIX); n++) {
      sofar = joined(sofar, atom);
      if (n >= min) ways = few([...ways, ...sofar]);
      if (!sofar.some(({ open, text }) => open && text.length > 0)) break;
    }
    if (ways.length === 0 || max > LONGEST_PREFIX)
      ways = few([...ways, ...sofar.map(({ text }) => ({ text, open: false }))]);
    return ways;
  }

  #atom(): readonly Way[] {
    const pattern = this.#pattern;
    const c = pattern[this.#at] as string;
    if (c === "^" || c === "$") {
      this.#at++;
      return [{ text: "", open: true }];
    }
    if (c === "(") return this.#group();
    if (c === "[") return this.#set();
    this.#at++;
    if (c === ".") return ANYTHING;
    return c === "\\" ? this.#escape() : [letter(c)];
  }

  #group(): readonly Way[] {
    if (looksAround(this.#pattern, this.#at)) {
      this.#at = past(this.#pattern, this.#at);
      return [{ text: "", open: true }];
    }
    const start = insideGroup(this.#pattern, this.#at);
    if (start === undefined) throw new NotUnderstood();
    this.#at = start;
    const ways = this.#choice();
    this.#at++;
    return ways;
  }

  #escape(): readonly Way[] {
    const c = this.#pattern[this.#at++] as string;
    if (c === "b" || c === "B") return [{ text: "", open: true }];
    if (c === "x") return [letter(this.#hex(2))];
    if (/[a-zA-Z0-9]/.test(c)) {
      // A class, or what nobody begins with; a code point's braces are part of it.
      if (!"dDwWsSnrtfv".includes(c)) throw new NotUnderstood();
      return ANYTHING;
    }
    return [letter(c)];
  }

  #hex(digits: number): string {
    const code = this.#pattern.slice(this.#at, (this.#at += digits));
    if (!/^[0-9a-fA-F]+$/.test(code)) throw new NotUnderstood();
    return String.fromCharCode(Number.parseInt(code, 16));
  }

  #set(): readonly Way[] {
    const from = this.#at;
    this.#at = past(this.#pattern, from);
    const inside = this.#pattern.slice(from + 1, this.#at - 1);
    if (inside.startsWith("^") || /\\[a-zA-Z0-9]/.test(inside)) return ANYTHING;
    const chars: string[] = [];
    for (let i = 0; i < inside.length; i++) {
      const c = (inside[i] === "\\" ? inside[++i] : inside[i]) as string;
      if (inside[i + 1] !== "-" || i + 2 >= inside.length) {
        chars.push(c);
        continue;
      }
      const to = inside[i + 2] as string;
      if (to === "\\" || to.charCodeAt(0) - c.charCodeAt(0) >= MAX_SET) return ANYTHING;
      for (let code = c.charCodeAt(0); code <= to.charCodeAt(0); code++)
        chars.push(String.fromCharCode(code));
      i += 2;
    }
    return chars.length > MAX_SET ? ANYTHING : chars.map(letter);
  }
}

const ANYTHING: readonly Way[] = [{ text: "", open: false }];

/**
 * What a pattern that ignores case takes for a letter though it is neither that one nor its capital: the long s, the signs
 * of Kelvin and Ångström, curled letters of Greek formulas and old Cyrillic ones. Where one stands, patterns are tried without their beginnings.
 */
export const ODD =
  /[\u017f\u01c5\u01c8\u01cb\u01f2\u0345\u03d0\u03d1\u03d5\u03d6\u03f0-\u03f5\u1c80-\u1c8f\u1e9b\u1e9e\u1fbe\u1fd3\u1fe3\u2126\u212a\u212b]/;
/** Letters with more than one small or capital form. */
const MANY_FORMS = /^[ßıİŉǰσςſΣµμΜẞ]$/;

/** Letters with one capital, and those of scripts that have none. */
function letter(c: string): Way {
  const lower = c.toLowerCase();
  const upper = c.toUpperCase();
  const plain = lower.length === 1 && upper.length === 1 && upper.toLowerCase() === lower;
  return plain && !MANY_FORMS.test(c) ? { text: c, open: true } : { text: "", open: false };
}

function joined(ways: readonly Way[], next: readonly Way[]): readonly Way[] {
  return few(
    ways.flatMap((way) => {
      if (!way.open) return [way];
      return next.map(({ text, open }) => {
        const whole = way.text + text;
        return { text: whole.slice(0, LONGEST_PREFIX), open: open && whole.length < LONGEST_PREFIX };
      });
    }),
  );
}

/** Each once; where there are too many, their beginnings. */
function few(ways: readonly Way[]): readonly Way[] {
  const each = new Map(ways.map((way) => [`${way.open ? "+" : "-"}${way.text}`, way]));
  let all = [...each.values()];
  for (let length = LONGEST_PREFIX - 1; all.length > MOST; length--) {
    if (length < SHORTEST) throw new NotUnderstood();
    const shorter = new Map(
      all.map(({ text, open }) => {
        const cut = { text: text.slice(0, length), open: open && text.length < length };
        return [`${cut.open ? "+" : "-"}${cut.text}`, cut];
      }),
    );
    all = [...shorter.values()];
  }
  return all;
}
