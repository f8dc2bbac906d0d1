/**
 * Conditions in CEL. The only door to its engine, which is loaded when a policy has a condition. What a condition says is
 * checked before it is ever asked: an unknown name would be an error on each call, and errors refuse.
 */
import {
  celEnv,
  celList,
  celMap,
  type CelInput,
  celMethod,
  CelScalar,
  isCelError,
  mapType,
  parse,
  plan,
} from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Phase } from "../model/nouns.js";
import type { Expr } from "./rules/expr.js";
import { lintCondition } from "./rules/lint.js";
import type { Facts } from "./rules/facts.js";
import { searchFor } from "./rules/patterns.js";

/** `error`: it could not be told, such as for a member that this call does not have. */
export type Answer = boolean | "error";

export interface Condition {
  ask(facts: Facts): Answer;
  /** The terms that are joined by `&&` at the top, as written, with what each says by itself. */
  explain(facts: Facts): readonly { readonly term: string; readonly answer: Answer }[];
  /** Facts that it speaks of. */
  readonly uses: ReadonlySet<string>;
}

export interface ConditionProblem {
  readonly message: string;
  readonly fix?: string;
}

/** A condition is read by people: what is longer belongs into several rules. UTF-16 code units. */
export const MAX_CONDITION = 2000;

const seen = celMethod(
  "seen",
  mapType(CelScalar.STRING, CelScalar.DYN),
  [CelScalar.STRING],
  CelScalar.BOOL,
  function hasSeen(category) {
    const categories: unknown = this.get("seen");
    return (
      typeof categories === "object" &&
      categories !== null &&
      [...(categories as Iterable<unknown>)].includes(category)
    );
  },
);

/** Patterns are literals, so there are as many as policies have; compiling one costs more than asking it. */
const searches = new Map<string, { test(text: string): boolean }>();

const env = celEnv({
  funcs: [...strings, seen],
  re2: {
    compile: (pattern) => {
      const known = searches.get(pattern) ?? searchFor(pattern);
      searches.set(pattern, known);
      return known;
    },
  },
});

/** The condition, or what is wrong with it. */
export function compileCondition(text: string, phase: Phase): Condition | readonly ConditionProblem[] {
  if (text.length > MAX_CONDITION)
    return [
      {
        message: `a condition of ${text.length} characters`,
        fix: `at most ${MAX_CONDITION}: make several rules`,
      },
    ];
  let root: Expr;
  try {
    root = parse(text).expr as unknown as Expr;
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return [{ message: `not a condition in CEL: ${why}` }];
  }
  const { problems, uses, patterns } = lintCondition(root, phase);
  const bad = patterns.flatMap(patternProblem);
  if (problems.length + bad.length > 0) return [...problems, ...bad];
  const ask = compiled(text);
  const terms = splitTerms(text).map((term) => ({ term, ask: compiled(term) }));
  return {
    uses,
    ask,
    explain: (facts) => terms.map(({ term, ask: one }) => ({ term, answer: one(facts) })),
  };
}

function patternProblem(pattern: string): ConditionProblem[] {
  try {
    searchFor(pattern);
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [{ message: `not a pattern: ${why}`, fix: "RE2 has no lookaround and no backreferences" }];
  }
}

function compiled(text: string): (facts: Facts) => Answer {
  const run = plan(env, parse(text));
  return (facts) => {
    try {
      const answer = run(facts as Parameters<typeof run>[0]);
      return isCelError(answer) || typeof answer !== "boolean" ? "error" : answer;
    } catch {
      return "error";
    }
  };
}

/** Moments and plain data as CEL takes them, made once for all conditions of a call. */
export function toCel(value: unknown): unknown {
  if (value instanceof Date) return timestampFromDate(value);
  if (Array.isArray(value)) return celList(value.map(toCel) as CelInput[]);
  if (value instanceof Map || typeof value !== "object" || value === null) return value;
  return celMap(new Map(Object.entries(value).map(([key, member]) => [key, toCel(member) as CelInput])));
}

/** `a && b && c` in its parts; a text that is no such list is one part. Quotes and brackets hold together. */
export function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let [depth, start, quote] = [0, 0, ""];
  for (let at = 0; at < text.length; at++) {
    const c = text[at]!;
    if (quote !== "") {
      if (c === "\\") at++;
      else if (c === quote) quote = "";
    } else if (c === '"' || c === "'") quote = c;
    else if ("([{".includes(c)) depth++;
    else if (")]}".includes(c)) depth--;
    else if (depth === 0 && (c === "|" || c === "?")) return [text.trim()];
    else if (depth === 0 && text.startsWith("&&", at)) {
      terms.push(text.slice(start, at).trim());
      at += 1;
      start = at + 1;
    }
  }
  terms.push(text.slice(start).trim());
  return terms;
}
