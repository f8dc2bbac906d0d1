import { SEVERITIES } from "../model/nouns.js";
import type { Compiled, CompiledRule } from "./compile.js";
import type { KeyMeaning } from "./key-meaning.js";
import { phaseBit, roleBit } from "./compile.js";
import type { Fact } from "./analyzers.js";
import { analyze } from "./analyzers.js";
import type { LeafPlace, Match } from "./finding.js";
import { beginsIn } from "./first-token.js";
import { matchRule } from "./match-rule.js";
import { MAX_VIEWED, viewsOf } from "./normalize.js";
import { hasUnreadText } from "./views/base64.js";

/** How deep hidden text is unfolded: base64 of percent-encoding is read, a third layer is not. */
const MAX_VIEW_DEPTH = 2;
/** Only in longer texts can something stand that no view is made of. */
const LONG = 256 * 1024;

export type TextScanner = (text: string, at: LeafPlace, key: KeyMeaning | undefined) => readonly Match[];

const NOTHING: readonly never[] = [];

/** A scanner of single texts over compiled rules. */
export function textScanner(compiled: Compiled): TextScanner {
  const { rules, automaton } = compiled;
  const woken = new Int32Array(rules.length);
  const hinted = new Int32Array(rules.length);
  let epoch = 0;

  function candidates(text: string, at: LeafPlace, key: KeyMeaning | undefined): Candidates {
    const scan = automaton.scan(text);
    epoch++;
    const { bits, digits, word, tokens } = scan;
    const want = (roleBit(at.role) << 16) | phaseBit(at.phase);
    let list: CompiledRule[] | undefined;
    let anyHint = (key?.gives.size ?? 0) > 0;
    const wake = (i: number): void => {
      if (woken[i] === epoch) return;
      woken[i] = epoch;
      const c = rules[i] as CompiledRule;
      if (digits < c.digits || (bits & c.bits) !== c.bits) return;
      const { first } = c;
      if (!beginsIn(first, tokens)) return;
      if ((c.roles & (want >> 16)) === 0 || (c.phases & want) === 0) return;
      if (key?.silenced.has(i) === true) return;
      (list ??= []).push(c);
    };
    for (let f = 0; f < scan.found; f++) {
      const id = scan.ids[f] as number;
      for (const i of compiled.wakes[id] as readonly number[]) wake(i);
      // A context wakes what is looked for in digits, and there may be hundreds of words of it.
      if (digits === 0) continue;
      for (const i of compiled.hints[id] as readonly number[]) {
        hinted[i] = epoch;
        anyHint = true;
      }
    }
    if (digits > 0) {
      for (const i of compiled.digitRules) {
        if ((rules[i] as CompiledRule).digits > digits) break;
        wake(i);
      }
      if (anyHint) {
        for (const i of compiled.hintedDigitRules) {
          if ((rules[i] as CompiledRule).digits > digits) break;
          if (hinted[i] === epoch || key?.gives.has(i)) wake(i);
        }
      }
    }
    for (const i of compiled.charRules) {
      const need = (rules[i] as CompiledRule).bits;
      if ((bits & need) === need) wake(i);
    }
    for (const i of key?.wakes ?? NOTHING) wake(i);
    return { list: list ?? NOTHING, bits, digits, word };
  }

  function scanAt(text: string, at: LeafPlace, key: KeyMeaning | undefined, depth: number): readonly Match[] {
    const { list, bits, digits, word } = candidates(text, at, key);
    let matches: Match[] | undefined;
    for (const rule of list) matchRule(rule, text, key, (matches ??= []));
    for (const fact of analyze(text, at, bits, compiled)) addFact(fact, at, (matches ??= []));
    if (depth === 0 && text.length > LONG && (text.length > MAX_VIEWED || hasUnreadText(text)))
      addFact({ analyzer: "hidden", fact: "unread", start: 0, end: text.length }, at, (matches ??= []));
    if (depth < MAX_VIEW_DEPTH) {
      for (const view of viewsOf(text, bits, digits, word)) {
        const seen = scanAt(view.text, at, key, depth + 1);
        for (const m of seen) {
          const [start, end] = view.back(m.start, m.end);
          if (!isKnown(matches, m.rule, start, end)) (matches ??= []).push({ ...m, start, end });
        }
      }
    }
    return matches === undefined ? NOTHING : dropYielding(matches, rules);
  }

  function addFact(fact: Fact, at: LeafPlace, into: Match[]): void {
    const named = "rule" in fact ? [fact.rule] : compiled.facts.get(`${fact.analyzer}/${fact.fact}`);
    for (const i of named ?? NOTHING) {
      const { rule, roles, phases } = rules[i] as CompiledRule;
      if ((roles & roleBit(at.role)) === 0 || (phases & phaseBit(at.phase)) === 0) continue;
      into.push({ rule: i, type: rule.type, severity: rule.severity, start: fact.start, end: fact.end });
    }
  }

  return (text, at, key) => (text === "" ? NOTHING : scanAt(text, at, key, 0));
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

/** Already found in plain sight. Only the latest are looked at, so that a text full of findings stays linear. */
function isKnown(matches: readonly Match[] | undefined, rule: number, start: number, end: number): boolean {
  const recent = matches?.slice(-MAX_COMPARED) ?? NOTHING;
  return recent.some((o) => o.rule === rule && o.start < end && start < o.end);
}
const MAX_COMPARED = 200;

interface Candidates {
  readonly list: readonly CompiledRule[];
  readonly bits: number;
  readonly digits: number;
  readonly word: number;
}
