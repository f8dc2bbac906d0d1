/**
 * Which rules a text with digits wakes, by the words in it. A table has thousands of dates and amounts and few shapes of
 * them, so an answer is kept until another text needs its place.
 */
import type { Compiled, CompiledRule } from "./compile.js";
import type { FirstTokens } from "./first-token.js";
import { beginsIn } from "./first-token.js";

interface Woken {
  readonly digits: number;
  readonly words: FirstTokens;
  readonly rules: readonly number[];
}

/** A power of two. */
const PLACES = 1024;

/** `digits`: the longest run in the text; `words`: which words there are in it. */
export function digitIndex({ rules, digitRules }: Compiled) {
  const all = digitRules.map((i) => rules[i] as CompiledRule);
  const most = Math.max(0, ...all.map((rule) => rule.digits));
  // Words that no rule begins with make no difference.
  const union = (kind: "digits" | "letters" | "mixed"): number =>
    all.reduce((mask, { first }) => (first.digits === -1 ? mask : mask | first[kind]), 0);
  const asked = { digits: union("digits"), letters: union("letters"), mixed: union("mixed") };
  const kept: (Woken | undefined)[] = Array.from({ length: PLACES });

  return (digits: number, words: FirstTokens): readonly number[] => {
    const run = digits < most ? digits : most;
    const [d, l, m] = [words.digits & asked.digits, words.letters & asked.letters, words.mixed & asked.mixed];
    const place = Math.imul(Math.imul(Math.imul(d ^ run, 31) ^ l, 0x9e3779b1) ^ m, 0x85ebca6b) >>> 22;
    const known = kept[place];
    if (
      known?.digits === run &&
      known.words.digits === d &&
      known.words.letters === l &&
      known.words.mixed === m
    )
      return known.rules;
    const seen = { digits: d, letters: l, mixed: m };
    const awake = (i: number): boolean => {
      const rule = rules[i] as CompiledRule;
      return rule.digits <= run && beginsIn(rule.first, seen);
    };
    const woken = digitRules.filter(awake);
    kept[place] = { digits: run, words: seen, rules: woken };
    return woken;
  };
}
