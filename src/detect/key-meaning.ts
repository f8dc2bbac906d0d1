/** What a key says about the value beside it. Keys come from strangers by the thousand: each costs a few look-ups. */
import { isWords, keyWords, phrasesIn } from "./key.js";
import type { DetectorRule } from "./rule.js";

/** The rules a key wakes, and the rules whose context it is. */
export interface KeyMeaning {
  readonly words: string;
  readonly wakes: readonly number[];
  readonly gives: ReadonlySet<number>;
  /** Those of them that are tried only because of it, where there are digits. */
  readonly hints: readonly number[];
  /** Rules that have nothing to say under such a key: a bar code is no card number. */
  readonly silenced: ReadonlySet<number>;
  /** True when what stands around the key could make it mean more: `name`, `street`, `date`. */
  readonly open: boolean;
}

/** Phrase → indexes of the rules that know it. */
export interface KeyIndex {
  readonly wakes: ReadonlyMap<string, readonly number[]>;
  readonly excepts: ReadonlyMap<string, readonly number[]>;
  readonly gives: ReadonlyMap<string, readonly number[]>;
  readonly hinted: ReadonlySet<number>;
  /** What longer phrases end in. */
  readonly tails: ReadonlySet<string>;
}

function enter(to: Map<string, number[]>, form: string, rule: number): void {
  const known = to.get(form);
  if (known === undefined) to.set(form, [rule]);
  else known.push(rule);
}

/** Indexes keys, excepted keys and context words of the rules, in singular and plural. */
export function indexKeys(rules: readonly DetectorRule[]): KeyIndex {
  const index = {
    wakes: new Map<string, number[]>(),
    excepts: new Map<string, number[]>(),
    gives: new Map<string, number[]>(),
  };
  const tails = new Set<string>();
  const add = (to: Map<string, number[]>, phrases: readonly string[] | undefined, rule: number): void => {
    for (const phrase of phrases ?? []) {
      // "account #" is for texts: as a key it would be any account.
      if (!isWords(phrase) && /[^\p{L}\p{M}\p{N} ._'’/-]/u.test(phrase)) continue;
      const words = isWords(phrase) ? phrase : keyWords(phrase).trim();
      enter(to, words, rule);
      enter(to, `${words}s`, rule);
      for (let at = words.indexOf(" "); at !== -1; at = words.indexOf(" ", at + 1))
        tails.add(words.slice(at + 1));
    }
  };
  rules.forEach((rule, i) => {
    add(index.wakes, rule.keys, i);
    add(index.excepts, rule.except_keys, i);
    add(index.gives, rule.context?.words, i);
  });
  const hinted = new Set(rules.flatMap((rule, i) => (wantsHint(rule) ? [i] : [])));
  return { ...index, tails, hinted };
}

/** Whether a rule is tried only where there are digits and a word of its context, or a key that gives one. */
export function wantsHint(rule: DetectorRule): boolean {
  const needs = rule.context !== undefined && rule.context.otherwise === undefined;
  const byDigits = rule.digits !== undefined && rule.keys === undefined && rule.literals === undefined;
  return needs && byDigits && rule.pattern !== undefined;
}

/** Reads the words of a key once. */
export function meaningOf(words: string, index: KeyIndex): KeyMeaning {
  const phrases = phrasesIn(words);
  const silenced = new Set(phrases.flatMap((phrase) => index.excepts.get(phrase) ?? []));
  const wakes = new Set(phrases.flatMap((phrase) => index.wakes.get(phrase) ?? []));
  const gives = new Set(phrases.flatMap((phrase) => index.gives.get(phrase) ?? []));
  return {
    words,
    wakes: [...wakes].filter((rule) => !silenced.has(rule)),
    gives,
    hints: [...gives].filter((rule) => index.hinted.has(rule)),
    silenced,
    open: index.tails.has(words.trim()),
  };
}

/**
 * What a key means together with the words around it. Only phrases that end in the key itself count, else `id` under
 * `token` would be a token; any of the words can silence.
 */
export function framedMeaning(own: KeyMeaning, framed: readonly string[], index: KeyIndex): KeyMeaning {
  const around = framed.map((words) => phrasesIn(words));
  const silenced = new Set(around.flat().flatMap((phrase) => index.excepts.get(phrase) ?? []));
  const ending = framed.flatMap((words, i) =>
    (around[i] ?? []).filter((phrase) => phrase.includes(" ") && words.endsWith(` ${phrase} `)),
  );
  const wakes = new Set([...own.wakes, ...ending.flatMap((phrase) => index.wakes.get(phrase) ?? [])]);
  const gives = new Set([...own.gives, ...ending.flatMap((phrase) => index.gives.get(phrase) ?? [])]);
  return {
    words: own.words,
    wakes: [...wakes].filter((rule) => !silenced.has(rule)),
    gives,
    hints: [...gives].filter((rule) => index.hinted.has(rule)),
    silenced: own.silenced,
    open: true,
  };
}
