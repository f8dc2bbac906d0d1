import { SEVERITIES, type Role } from "../model/nouns.js";
import type { Compiled, CompiledRule } from "./compile.js";
import { digitIndex } from "./digit-index.js";
import type { KeyMeaning } from "./key-meaning.js";
import { PHASE_BITS, ROLE_BITS } from "./compile.js";
import type { Fact } from "./analyzers.js";
import { analyze } from "./analyzers.js";
import { movedMatch, type LeafPlace, type Match } from "./finding.js";
import { beginsIn } from "./first-token.js";
import { KNOWN_LETTER } from "./automaton.js";
import { matchAt, matchRule } from "./match-rule.js";
import { viewsOf } from "./normalize.js";
import { LONG } from "./shape-pass.js";
import { startSearch } from "./start-search.js";
import { wholeOf, windowsOf } from "./views/windows.js";
import type { Words } from "./words.js";

/** How deep hidden text is unfolded: base64 of percent-encoding is read, a third layer is not. */
const MAX_VIEW_DEPTH = 2;

/**
 * How much is read of one document, in units of text times the patterns tried on it: some 8 for each character of ordinary
 * text, hundreds where somebody has put in what wakes them all. What is not read then is told as a finding of its own,
 * so that whoever sends such a text does not get past the gate, nor hold up everybody else's calls.
 */
const MAX_WORK = 256 << 20;

export interface TextScanner {
  /** Another document begins. */
  begin(): void;
  scan(text: string, at: LeafPlace, key: KeyMeaning | undefined): readonly Match[];
}

const NOTHING: readonly never[] = [];

/** What it costs to try a pattern at one place, in characters read by one. */
const TRY = 16;
const WHOLE: ReadonlySet<Role> = new Set(["sql", "shell", "path", "url", "id"]);

/** A scanner of single texts over compiled rules. */
export function textScanner(compiled: Compiled): TextScanner {
  const { rules, automaton } = compiled;
  const woken = new Int32Array(rules.length);
  const byDigits = digitIndex(compiled);
  const starts = startSearch(rules);
  /** By rule, where it goes on in the text in hand. */
  const goOn = new Int32Array(rules.length);
  let epoch = 0;
  let work = 0;

  /** Whether there is work left for so many units more. */
  function affords(units: number): boolean {
    work += units;
    return work <= MAX_WORK;
  }

  /** Rules that a text gives a reason to try. */
  function candidates(text: string, at: LeafPlace, key: KeyMeaning | undefined): Candidates {
    const scan = automaton.scan(text);
    epoch++;
    const { bits, digits, word, tokens, plain } = scan.shape;
    const role = ROLE_BITS[at.role];
    const phase = PHASE_BITS[at.phase];
    let list: CompiledRule[] | undefined;
    const wake = (i: number): void => {
      if (woken[i] === epoch) return;
      woken[i] = epoch;
      const c = rules[i] as CompiledRule;
      if (digits < c.digits || word < c.run || (bits & c.bits) !== c.bits || !beginsIn(c.first, tokens))
        return;
      if ((c.roles & role) === 0 || (c.phases & phase) === 0 || key?.silenced.has(i) === true) return;
      (list ??= []).push(c);
    };
    for (let f = 0; f < scan.found; f++) {
      const id = scan.ids[f] as number;
      for (const i of compiled.wakes[id] as readonly number[]) wake(i);
      // A context wakes what is looked for in digits, and there may be hundreds of words of it.
      if (digits > 0) for (const i of compiled.hints[id] as readonly number[]) wake(i);
    }
    if (digits > 0) {
      for (const i of byDigits(digits, tokens)) wake(i);
      for (const i of key?.hints ?? NOTHING) wake(i);
    }
    for (const i of compiled.charRules) {
      const need = (rules[i] as CompiledRule).bits;
      if ((bits & need) === need) wake(i);
    }
    if (plain > 2)
      for (const i of compiled.wordRules)
        if (plain >= ((rules[i] as CompiledRule).rule.plain_words ?? 0)) wake(i);
    for (const i of key?.wakes ?? NOTHING) wake(i);
    const words = text.length < LONG ? undefined : scan.shape.words;
    return { list: list ?? NOTHING, bits, digits, word, words };
  }

  /** Tries the rules: in a long text where they can begin, in others everywhere. */
  function tryRules(
    list: readonly CompiledRule[],
    text: string,
    key: KeyMeaning | undefined,
    bits: number,
    words: Words | undefined,
    into: Match[],
  ): void {
    const begun = words !== undefined && list.some(({ sticky }) => sticky !== undefined);
    if (begun) starts.begin(text, words, list, (bits & KNOWN_LETTER) === 0);
    for (const rule of list)
      if (!begun || starts.startsOf(rule) === undefined) {
        if (affords(text.length)) matchRule(rule, text, key, into);
      } else goOn[rule.index] = 0;
    for (let at = 0; begun && at < text.length;) {
      at = starts.read(at);
      for (const rule of list) {
        const places = starts.startsOf(rule);
        if (places === undefined || places.count === 0 || !affords(TRY * places.count)) continue;
        goOn[rule.index] = matchAt(rule, text, key, into, places, goOn[rule.index] as number);
      }
    }
  }

  /** `isPart`: of a longer text; what reads texts as a whole has nothing to say of it. */
  function scanAt(
    text: string,
    at: LeafPlace,
    key: KeyMeaning | undefined,
    depth: number,
    isPart = false,
  ): readonly Match[] {
    const { list, bits, digits, word, words } = candidates(text, at, key);
    let matches: Match[] | undefined;
    if (list.length > 0) tryRules(list, text, key, bits, words, (matches ??= []));
    for (const fact of analyze(text, at, bits, compiled, isPart)) addFact(fact, at, (matches ??= []));
    if (depth < MAX_VIEW_DEPTH) {
      const { views, unread } = viewsOf(text, bits, digits, word, at.role === "shell");
      if (unread)
        addFact({ analyzer: "hidden", fact: "unread", start: 0, end: text.length }, at, (matches ??= []));
      const isKnown = views.length === 0 ? undefined : knownAmong((matches ??= []));
      for (const view of views) {
        // A query or a command is read whole or not at all.
        const parts = WHOLE.has(at.role) ? [wholeOf(view)] : windowsOf(view);
        for (const part of parts) {
          if (!affords(part.text.length)) break;
          const cut = isPart || part.cutBefore || part.cutAfter;
          for (const m of scanAt(part.text, at, key, depth + 1, cut)) {
            if ((part.cutBefore && m.start === 0) || (part.cutAfter && m.end === part.text.length)) continue;
            const [start, end] = part.back(m.start, m.end);
            if (isKnown?.(m.rule, start, end) !== true) (matches ??= []).push(movedMatch(m, start, end));
          }
        }
      }
    }
    if (work > MAX_WORK && depth === 0)
      addFact({ analyzer: "hidden", fact: "exhausted", start: 0, end: text.length }, at, (matches ??= []));
    return matches === undefined ? NOTHING : dropYielding(matches, rules);
  }

  function addFact(fact: Fact, at: LeafPlace, into: Match[]): void {
    const named = "rule" in fact ? [fact.rule] : compiled.facts.get(`${fact.analyzer}/${fact.fact}`);
    for (const i of named ?? NOTHING) {
      const { rule, roles, phases } = rules[i] as CompiledRule;
      if ((roles & ROLE_BITS[at.role]) === 0 || (phases & PHASE_BITS[at.phase]) === 0) continue;
      into.push({ rule: i, type: rule.type, severity: rule.severity, start: fact.start, end: fact.end });
    }
  }

  return {
    begin: () => void (work = 0),
    scan: (text, at, key) => (text === "" ? NOTHING : scanAt(text, at, key, 0)),
  };
}

/** Drops matches of the generic tier where a more severe one of the same category stands. */
function dropYielding(matches: readonly Match[], rules: readonly CompiledRule[]): readonly Match[] {
  const yields = (m: Match): boolean => rules[m.rule]?.rule.yields === true;
  if (matches.length < 2 || matches.length > MAX_YIELDING || !matches.some(yields)) return matches;
  const category = (m: Match): string | undefined => rules[m.rule]?.rule.category;
  const rank = (m: Match): number => SEVERITIES.indexOf(m.severity);
  const covered = (m: Match): boolean =>
    matches.some(
      (o) => rank(o) > rank(m) && category(o) === category(m) && o.start < m.end && m.start < o.end,
    );
  return matches.filter((m) => !yields(m) || !covered(m));
}
/** Above this many matches in one text all are kept: comparing them would be quadratic. */
const MAX_YIELDING = 500;

/**
 * Whether something was found in plain sight already: at the very place, or near it among the latest. Comparing each with
 * all would be quadratic in a text full of findings.
 */
function knownAmong(matches: readonly Match[]): (rule: number, start: number, end: number) => boolean {
  const placeOf = (rule: number, start: number): number => rule * 2 ** 32 + start;
  const many = matches.length > MAX_COMPARED;
  const places = new Set(many ? matches.map(({ rule, start }) => placeOf(rule, start)) : []);
  return (rule, start, end) =>
    places.has(placeOf(rule, start)) ||
    matches.slice(-MAX_COMPARED).some((o) => o.rule === rule && o.start < end && start < o.end);
}
const MAX_COMPARED = 200;

interface Candidates {
  readonly list: readonly CompiledRule[];
  readonly bits: number;
  readonly digits: number;
  readonly word: number;
  readonly words: Words | undefined;
}
