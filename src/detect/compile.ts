import type { Severity } from "../model/nouns.js";
import { PHASES, ROLES } from "../model/nouns.js";
import { SallyportError } from "../model/errors.js";
import type { Automaton } from "./automaton.js";
import { buildAutomaton } from "./automaton.js";
import type { Check } from "./checks/index.js";
import { CHECKS } from "./checks/index.js";
import { quickly } from "./context.js";
import type { FirstTokens } from "./first-token.js";
import { lazily } from "./lazily.js";
import type { KeyIndex } from "./key-meaning.js";
import { indexKeys, wantsHint } from "./key-meaning.js";
import { ANY_SHAPE, shapeOf, type PatternShape } from "./pattern-shape.js";
import { alternatives, past } from "./pattern-text.js";
import type { DetectorRule } from "./rule.js";
import type { CommandIndex } from "./shell/match.js";
import { indexCommands } from "./shell/match.js";

/** What is asked of a RegExp here. */
export interface Matcher {
  lastIndex: number;
  exec(text: string): Found | null;
}

export interface Found {
  readonly 0: string;
  readonly index: number;
  readonly groups?: Readonly<Record<string, string>> | undefined;
  readonly indices?:
    | { readonly groups?: Readonly<Record<string, readonly [number, number]>> | undefined }
    | undefined;
}

export interface CompiledRule {
  readonly index: number;
  readonly rule: DetectorRule;
  readonly roles: number;
  readonly phases: number;
  /** Global, so `lastIndex` is set before every use. */
  readonly regex: (() => Matcher) | undefined;
  /** The same, tried at one place; only of a pattern that is known to begin where a word does, or with certain letters. */
  readonly sticky: (() => Matcher) | undefined;
  readonly prefixes: readonly string[] | undefined;
  /** By what the places are found where it can begin; undefined: it may begin anywhere. */
  readonly begins: "letters" | "word" | undefined;
  /** Where in a match its group `value` stands; "last": it ends where the match does. */
  readonly value: "last" | "inside" | undefined;
  readonly check: Check | undefined;
  readonly bits: number;
  readonly digits: number;
  readonly run: number;
  readonly first: FirstTokens;
  readonly keys: readonly string[] | undefined;
  readonly context: CompiledContext | undefined;
}

export interface CompiledContext {
  readonly words: readonly string[];
  /** Finds out in one go that none of many words is there. */
  readonly quick: (() => RegExp) | undefined;
  readonly before: number;
  readonly after: number;
  readonly otherwise: Severity | undefined;
}

/** Rules, indexed by what gives a reason to try them. Numbers are rule indexes. */
export interface Compiled {
  readonly rules: readonly CompiledRule[];
  readonly automaton: Automaton;
  /** By literal id: rules it wakes, and those it is a context word of that need one, and digits, to be tried at all. */
  readonly wakes: readonly (readonly number[])[];
  readonly hints: readonly (readonly number[])[];
  /** Woken by digits alone. */
  readonly digitRules: readonly number[];
  readonly charRules: readonly number[];
  readonly wordRules: readonly number[];
  readonly keys: KeyIndex;
  /** `analyzer/fact` → rules. */
  readonly facts: ReadonlyMap<string, readonly number[]>;
  readonly commands: CommandIndex;
}

/** Compiles a pattern that somebody else has written; see config/linear.ts. */
export type Linear = (pattern: string, flags?: string) => Matcher;

const bitsOf = <Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> =>
  Object.fromEntries(names.map((name, i) => [name, 1 << i])) as Record<Name, number>;
export const ROLE_BITS = bitsOf(ROLES);
export const PHASE_BITS = bitsOf(PHASES);
const ALL = 0xffff;

/** Indexes the rules. Throws SallyportError `data_invalid` on an empty list or a repeated id. */
export function compileRules(rules: readonly DetectorRule[], linear?: Linear): Compiled {
  if (rules.length === 0) throw new SallyportError("data_invalid", "no detector rules");
  const ids = new Set<string>();
  for (const { id } of rules) {
    if (ids.has(id)) throw new SallyportError("data_invalid", `duplicate rule id ${id}`);
    ids.add(id);
  }
  const literalIds = new Map<string, number>();
  const wakes: number[][] = [];
  const hints: number[][] = [];
  const literal = (text: string): number => {
    const key = text.toLowerCase();
    let id = literalIds.get(key);
    if (id === undefined) {
      id = wakes.push([]) - 1;
      hints.push([]);
      literalIds.set(key, id);
    }
    return id;
  };
  const facts = new Map<string, number[]>();
  const lists = {
    digit: [] as number[],
    char: [] as number[],
    word: [] as number[],
  };
  rules.forEach((rule, i) => {
    const hinted = wantsHint(rule);
    if (hinted) for (const word of rule.context?.words ?? []) hints[literal(word)]?.push(i);
    if (rule.fact !== undefined) {
      const name = `${rule.analyzer}/${rule.fact}`;
      facts.set(name, [...(facts.get(name) ?? []), i]);
    } else if (rule.pattern === undefined) return;
    else if (rule.keys !== undefined) return;
    else if (rule.literals !== undefined) for (const l of rule.literals) wakes[literal(l)]?.push(i);
    else if (rule.plain_words !== undefined) lists.word.push(i);
    else if (rule.digits === undefined) lists.char.push(i);
    else if (!hinted) lists.digit.push(i);
  });
  const shapes = rules.map(readShape);
  const automaton = buildAutomaton(
    [...literalIds.keys()],
    rules.map((r) => r.chars ?? "").join(""),
    (id) => wakes[id]?.length === 0,
    shapes.flatMap(({ prefixes }) => prefixes ?? []).join(""),
  );
  const all = rules.map((rule, index) =>
    compileRule(rule, index, shapes[index] as PatternShape, automaton, linear),
  );
  return {
    rules: all,
    automaton,
    wakes,
    hints,
    digitRules: lists.digit,
    charRules: lists.char,
    wordRules: lists.word,
    keys: indexKeys(rules),
    facts,
    commands: indexCommands(rules.map((rule) => rule.commands ?? [])),
  };
}

/** Nothing is read from a pattern in another language than ours: it is tried wherever its rule is woken. */
function readShape({ pattern, own, shape, flags }: DetectorRule): PatternShape {
  return pattern === undefined || own === true ? ANY_SHAPE : (shape ?? shapeOf(pattern, flags));
}

/** Letters say more than the length of a word, but for two of them. */
function beginsBy({ lead }: FirstTokens, prefixes: readonly string[] | undefined): CompiledRule["begins"] {
  if (prefixes !== undefined && (lead === undefined || prefixes.every((text) => text.length > 2)))
    return "letters";
  return lead === undefined ? undefined : "word";
}

function compileRule(
  rule: DetectorRule,
  index: number,
  { first, run, prefixes }: PatternShape,
  automaton: Automaton,
  linear?: Linear,
): CompiledRule {
  const { pattern } = rule;
  const begins = beginsBy(first, prefixes);
  const value = pattern === undefined ? undefined : valueIn(pattern);
  const flags = `${value === "inside" ? "d" : ""}${rule.flags ?? ""}`;
  const own = rule.own === true;
  const made = (kind: "g" | "y"): (() => Matcher) | undefined =>
    pattern === undefined
      ? undefined
      : lazily(() => (own ? linear!(pattern, rule.flags) : new RegExp(pattern, `${kind}${flags}`)));
  return {
    index,
    rule,
    roles: rule.roles?.reduce((mask, r) => mask | ROLE_BITS[r], 0) ?? ALL,
    phases: rule.phases?.reduce((mask, p) => mask | PHASE_BITS[p], 0) ?? ALL,
    regex: made("g"),
    sticky: begins === undefined ? undefined : made("y"),
    prefixes,
    begins,
    value: own && value !== undefined ? "inside" : value,
    check: rule.check === undefined ? undefined : CHECKS[rule.check],
    bits: automaton.bitsOf(rule.chars ?? ""),
    digits: rule.digits ?? 0,
    run,
    first,
    keys: rule.keys,
    context: rule.context && {
      words: rule.context.words,
      quick: quickly(rule.context.words),
      before: rule.context.before ?? 48,
      after: rule.context.after ?? 0,
      otherwise: rule.context.otherwise,
    },
  };
}

/** Asking the engine for a group's place makes it search twice; where the group is what a match ends with, it is known. */
function valueIn(pattern: string): "last" | "inside" | undefined {
  const at = pattern.indexOf("(?<value>");
  if (at === -1) return undefined;
  const after = pattern.slice(past(pattern, at));
  let rest = 0;
  while (/^\(\?<?[=!]/.test(after.slice(rest))) rest = past(after, rest);
  return rest === after.length && alternatives(pattern).length === 1 ? "last" : "inside";
}
