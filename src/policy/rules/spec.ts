/** A policy file, checked: rules that tighten what the profile decides. */
import type { Approval, Constraints } from "../../model/call.js";
import type { Json, JsonObject } from "../../model/json.js";
import type { Category, DecisionWord, Phase } from "../../model/nouns.js";

/** `shadow`: recorded as what it would have done, and nothing else. */
export const MODES = ["enforce", "shadow", "off"] as const;
export type Mode = (typeof MODES)[number];

/** What holds where no rule of a file speaks. */
export const DEFAULTS = ["allow", "require_approval", "deny"] as const;
export type Default = (typeof DEFAULTS)[number];

/** Plain names and globs; a list means any of them. All that is given must match. */
export const MATCH_KEYS = [
  "server",
  "connector",
  "environment",
  "operation",
  "tool",
  "principal",
  "team",
  "role",
  "client",
  "category",
] as const;
export type MatchKey = (typeof MATCH_KEYS)[number];
export type MatchSpec = Readonly<Partial<Record<MatchKey, readonly string[]>>>;

/** A safer call in place of the one that was made. */
export interface Remedy {
  /** Argument name → the value it gets. */
  readonly set?: Readonly<Record<string, Json>>;
  /** Argument name → the most that its number may be. */
  readonly cap?: Readonly<Record<string, number>>;
  /** The most rows that a SELECT in a `sql` argument may ask for. */
  readonly sql_limit?: number;
  /** Globs over detectors: what they find is masked. */
  readonly redact?: readonly string[];
}

export interface RuleSpec {
  /** As records name it: `policy/rule`. */
  readonly name: string;
  readonly phase: Phase;
  readonly match: MatchSpec;
  readonly when?: string;
  readonly decision: DecisionWord;
  readonly constraints?: Constraints;
  readonly remediate?: Remedy;
  readonly approval?: Omit<Approval, "rule">;
  readonly reason: string;
  /** What a refused caller may do instead. */
  readonly change?: string;
  /** Under which category it is counted and found. */
  readonly category: Category;
  readonly mode: Mode;
}

export interface PolicyTest {
  readonly name: string;
  readonly call: JsonObject;
  /** What the call answers, for rules of the output gate. */
  readonly result?: Json;
  readonly expect: {
    readonly decision: DecisionWord;
    readonly rule?: string;
    readonly constraints?: JsonObject;
    readonly args?: JsonObject;
  };
}

export interface PolicySpec {
  readonly policy: string;
  readonly owner: string;
  /** Name of the file, as people wrote it. */
  readonly file: string;
  readonly mode: Mode;
  readonly default: Readonly<Record<Phase, Default>>;
  readonly rules: readonly RuleSpec[];
  readonly tests: readonly PolicyTest[];
}
