import { codes, loadCodes } from "./codes.js";
import type { CompiledRule } from "./compile.js";
import { lazily } from "./lazily.js";
import { buildTable } from "./literal-table.js";
import { addPlace, clearPlaces, noPlaces, orderPlaces, type Places } from "./places.js";
import { LONGEST_PREFIX, ODD } from "./prefixes.js";
import { KINDS, mayBegin, type Words } from "./words.js";

/**
 * Where in a text each of many patterns can match: those that are known to begin with certain letters (prefixes.ts) or
 * with certain words (first-token.ts). A long text wakes hundreds of them; tried at every character, they would cost
 * seconds for a megabyte.
 */
export interface StartSearch {
  /** Another text. `ascii`: it has no letters beyond ASCII that a prefix has. */
  begin(text: string, words: Words, rules: readonly CompiledRule[], ascii: boolean): void;
  /** Looks for the beginnings of those rules from there on; says how far. Everything, when that is the end of the text. */
  read(from: number): number;
  /** The places in the part last read, in order, each once; undefined: it is not known how the rule begins. */
  startsOf(rule: CompiledRule): Readonly<Places> | undefined;
}

const EACH_ODD = new RegExp(ODD, "g");

/** What is read at once: a text that begins everything everywhere has more places than there is memory. UTF-16 units. */
const PART = 65_536;
/** Fewer rules are sooner tried everywhere than their beginnings are looked for. */
const WORTH_A_PASS = 4;

export function startSearch(all: readonly CompiledRule[]): StartSearch {
  const starts = all.map(noPlaces);
  const placesOf = ({ index }: CompiledRule): Places => starts[index] as Places;
  const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text);
  // Few texts are long enough to need them.
  const ascii = lazily(() => letterSearch(all, isAscii, starts));
  const others = lazily(() => letterSearch(all, (text) => !isAscii(text), starts));
  const words = wordSearch(all, starts);
  let text = "";
  let rules: readonly CompiledRule[] = [];
  let byLetters: readonly CompiledRule[] = [];
  let searches: readonly LetterSearch[] = [];
  /** Where letters stand that may be read as others: what begins there is not known by its letters. */
  let odd: readonly number[] = [];

  return {
    begin(of, itsWords, wanted, onlyAscii) {
      text = of;
      // What the text before has left: large lists of it would otherwise stay until the same rules are woken again.
      for (const rule of rules) clearPlaces(placesOf(rule));
      const byWord = wanted.filter(({ begins }) => begins === "word");
      byLetters = wanted.filter(({ begins }) => begins === "letters");
      if (byLetters.length < WORTH_A_PASS) byLetters = [];
      rules = [...byWord, ...byLetters];
      words.begin(itsWords, byWord);
      searches = byLetters.length === 0 ? [] : onlyAscii ? [ascii()] : [ascii(), others()];
      for (const search of searches) search.begin(byLetters);
      odd = byLetters.length > 0 && ODD.test(of) ? [...of.matchAll(EACH_ODD)].map(({ index }) => index) : [];
    },
    read(from) {
      const to = Math.min(from + PART, text.length);
      for (const rule of rules) clearPlaces(placesOf(rule));
      words.read(to);
      for (const search of searches) search.read(text, from, to);
      for (const at of odd)
        for (let start = Math.max(from, at - LONGEST_PREFIX); start <= at && start < to; start++)
          for (const rule of byLetters) addPlace(placesOf(rule), start);
      for (const rule of byLetters) orderPlaces(placesOf(rule));
      return to;
    },
    startsOf: (rule) =>
      rule.begins === "word" || (rule.begins === "letters" && byLetters.length > 0)
        ? placesOf(rule)
        : undefined,
  };
}

/** Words are in order, so what begins at them is. */
function wordSearch(all: readonly CompiledRule[], into: readonly Places[]) {
  const leads = Uint8Array.from(all, ({ first }) => (first.lead === 1 ? 1 : 0));
  /** Rules in hand that a word of a kind may begin: the part of `may` from `first` to `end`, once the kind was met. */
  const may = noPlaces();
  const first = new Int32Array(KINDS);
  const end = new Int32Array(KINDS);
  const met = new Int32Array(KINDS);
  let epoch = 0;
  let rules: readonly CompiledRule[] = [];
  let words: Words | undefined;
  let next = 0;

  function meet(kind: number): void {
    met[kind] = epoch;
    first[kind] = may.count;
    for (const rule of rules) if (mayBegin(rule.first, kind)) addPlace(may, rule.index);
    end[kind] = may.count;
  }

  return {
    begin(of: Words, wanted: readonly CompiledRule[]): void {
      rules = wanted;
      words = of;
      next = 0;
      epoch++;
      clearPlaces(may);
    },
    /** Those that begin before `to`. */
    read(to: number): void {
      if (rules.length === 0 || words === undefined) return;
      const { count, starts, kinds } = words;
      for (; next < count && (starts[next] as number) < to; next++) {
        const kind = kinds[next] as number;
        if (met[kind] !== epoch) meet(kind);
        const start = starts[next] as number;
        for (let i = first[kind] as number; i < (end[kind] as number); i++) {
          const index = may.at[i] as number;
          const places = into[index] as Places;
          // A bracket or a plus sign before it may be part of the match.
          if (leads[index] === 1 && start > 0) addPlace(places, start - 1);
          addPlace(places, start);
        }
      }
    },
  };
}

interface Beginning {
  readonly rule: number;
  readonly length: number;
}

interface LetterSearch {
  begin(wanted: readonly CompiledRule[]): void;
  read(text: string, from: number, to: number): void;
}

/** Of the prefixes that belong here. */
function letterSearch(
  rules: readonly CompiledRule[],
  belongs: (prefix: string) => boolean,
  into: readonly Places[],
): LetterSearch {
  const byText = new Map<string, Beginning[]>();
  for (const rule of rules.filter(({ begins }) => begins === "letters"))
    for (const text of (rule.prefixes ?? []).filter(belongs)) {
      const known = byText.get(text) ?? [];
      known.push({ rule: rule.index, length: text.length });
      byText.set(text, known);
    }
  const texts = [...byText.keys()];
  const { classOf, width, next, outputs } = buildTable(texts.map((text, id) => ({ text, id, word: false })));
  const ends = outputs.map((ids) => ids?.flatMap((id) => byText.get(texts[id] as string) ?? []));
  const overlap = texts.reduce((most, { length }) => Math.max(most, length), 0);
  const statesOf: number[][] = rules.map(() => []);
  ends.forEach((end, state) => end?.forEach(({ rule }) => statesOf[rule]?.push(state)));
  const wanted = new Uint8Array(rules.length);
  const stops = new Uint8Array(ends.length);
  return {
    begin(of) {
      wanted.fill(0);
      // What no wanted rule begins with is no place to stop at.
      stops.fill(0);
      for (const { index } of of) {
        wanted[index] = 1;
        for (const state of statesOf[index] as readonly number[]) stops[state] = 1;
      }
    },
    read(text, from, to) {
      const until = Math.min(to + overlap, text.length);
      // Held here, they need not be read again at every step.
      const [table, classes, row, halts] = [next, classOf, width, stops];
      let state = 0;
      for (let at = from; at < until;) {
        const count = Math.min(loadCodes(text, at), until - at);
        for (let i = 0; i < count; i++) {
          state = table[Math.imul(state, row) + (classes[codes[i] as number] as number)] as number;
          if (halts[state] === 0) continue;
          for (const { rule, length } of ends[state] as readonly Beginning[]) {
            const start = at + i + 1 - length;
            if (wanted[rule] === 1 && start < to) addPlace(into[rule] as Places, start);
          }
        }
        at += count;
      }
    },
  };
}
