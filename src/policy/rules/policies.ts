/** Policies, compiled: what their rules make of one call at one gate. Every rule is tried; the order never matters. */
import type { Approval, Constraints, RuleRef } from "../../model/call.js";
import type { JudgedFinding } from "../../model/call.js";
import type { Action, DecisionWord, Phase } from "../../model/nouns.js";
import { compileGlobs } from "../glob.js";
import type { Problem } from "../problem.js";
import type { StandingFinding } from "../standing.js";
import type { Condition } from "../conditions.js";
import { mergeConstraints, type MatchesWhole } from "./constraints.js";
import type { Facts } from "./facts.js";
import { compileMatch, type Match, type Matched } from "./match.js";
import { mergeRemedies } from "./remedy.js";
import type { PolicySpec, Remedy, RuleSpec } from "./spec.js";

/** What stands against a call because a rule says so. */
export interface HeldByRule extends StandingFinding {
  /** Present when a person may let it pass. */
  readonly approval?: Approval;
}

export interface PolicyVerdict {
  readonly held: readonly HeldByRule[];
  readonly constraints?: Constraints;
  readonly remedy?: Remedy;
  /** The rules that constrain or mend the call. */
  readonly rules: readonly RuleRef[];
  readonly shadow: readonly RuleRef[];
  /** A condition could not be told, and was taken as whatever lets less pass. */
  readonly failClosed: boolean;
  readonly redacts: (detector: string) => boolean;
}

/** One rule on one call, for explaining. */
export interface Tried {
  readonly rule: string;
  readonly decision: DecisionWord;
  readonly mode: RuleSpec["mode"];
  readonly outcome: "spoke" | "no_match" | "condition_false" | "condition_error";
  /** The keys of `match` that the call fails. */
  readonly failing: readonly string[];
  readonly terms: readonly { readonly term: string; readonly answer: boolean | "error" }[];
}

/** `facts` are made when the first condition asks. */
export interface PolicyInput {
  readonly phase: Phase;
  readonly call: Matched;
  readonly facts: () => Facts;
  /** True for what a server asks of the client: a file's `default` is about calls. */
  readonly upward: boolean;
}

export interface Policies {
  readonly empty: boolean;
  evaluate(input: PolicyInput): PolicyVerdict;
  trace(input: PolicyInput): readonly Tried[];
  readonly matchesWhole: MatchesWhole;
}

interface Compiled {
  readonly spec: RuleSpec;
  readonly source: string;
  readonly match: Match;
  readonly condition: Condition | undefined;
}

const NO_VERDICT: PolicyVerdict = {
  held: [],
  rules: [],
  shadow: [],
  failClosed: false,
  redacts: () => false,
};

const NO_POLICIES: Policies = {
  empty: true,
  evaluate: () => NO_VERDICT,
  trace: () => [],
  matchesWhole: () => false,
};

/** Loads the engines that the policies need, and no other. Problems name file, rule and fix. */
export async function compilePolicies(
  specs: readonly PolicySpec[],
): Promise<{ readonly policies: Policies; readonly problems: readonly Problem[] }> {
  if (specs.length === 0) return { policies: NO_POLICIES, problems: [] };
  const problems: Problem[] = [];
  const rules = specs.flatMap((policy) => policy.rules.map((spec) => ({ policy, spec })));
  const cel = rules.some(({ spec }) => spec.when !== undefined)
    ? await import("../conditions.js")
    : undefined;
  const patterns = rules.some(({ spec }) => spec.constraints?.arguments !== undefined)
    ? await import("./patterns.js")
    : undefined;
  const compiled = rules.map(({ policy, spec }): Compiled => {
    const path = `rules.${spec.name.slice(policy.policy.length + 1)}`;
    const report = (message: string, where: string, fix?: string): void =>
      void problems.push({
        message,
        file: policy.file,
        path: `${path}.${where}`,
        ...(fix !== undefined && { fix }),
      });
    let condition: Condition | undefined;
    if (spec.when !== undefined && cel !== undefined) {
      const made = cel.compileCondition(spec.when, spec.phase);
      if ("ask" in made) condition = made;
      else for (const { message, fix } of made) report(message, "when", fix);
    }
    for (const [name, { matches = [] }] of Object.entries(spec.constraints?.arguments ?? {}))
      for (const pattern of matches)
        try {
          patterns?.checkPattern(pattern);
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          report(
            `not a pattern: ${why}`,
            `constraints.arguments.${name}.matches`,
            "RE2 has no lookaround and no backreferences",
          );
        }
    return { spec, source: `policy ${policy.file}`, match: compileMatch(spec.match), condition };
  });
  const toFacts = cel?.toCel;
  const policies: Policies = {
    empty: false,
    evaluate: (input) => evaluate(specs, compiled, withCel(input, toFacts)),
    trace: (input) => trace(compiled, withCel(input, toFacts)),
    matchesWhole: patterns?.matchesWhole ?? NO_POLICIES.matchesWhole,
  };
  return { policies, problems };
}

/** Facts are translated once for all conditions of a call. */
function withCel(input: PolicyInput, toCel: ((value: unknown) => unknown) | undefined): PolicyInput {
  let made: Facts | undefined;
  const { facts } = input;
  return {
    ...input,
    facts: () =>
      (made ??= Object.fromEntries(
        Object.entries(facts()).map(([name, value]) => [name, toCel === undefined ? value : toCel(value)]),
      )),
  };
}

/** What an unanswerable condition means: the rule speaks where that lets less pass, and is silent where it lets more. */
function speaks({ spec, match, condition }: Compiled, input: PolicyInput): boolean | "error" {
  if (spec.phase !== input.phase || spec.mode === "off" || !match.matches(input.call)) return false;
  if (condition === undefined) return true;
  const answer = condition.ask(input.facts());
  if (answer !== "error") return answer;
  return spec.decision === "allow" ? false : "error";
}

function evaluate(
  specs: readonly PolicySpec[],
  rules: readonly Compiled[],
  input: PolicyInput,
): PolicyVerdict {
  const held: HeldByRule[] = [];
  const refs: RuleRef[] = [];
  const shadow: RuleRef[] = [];
  const redact: string[] = [];
  const spoke = new Set<string>();
  let constraints: Constraints | undefined;
  let remedy: Remedy | undefined;
  let failClosed = false;
  for (const each of rules) {
    const answer = speaks(each, input);
    if (answer === false) continue;
    const { spec, source } = each;
    const { decision, category, name, mode } = spec;
    const ref: RuleRef = { rule: name, category, action: ACTION_OF[decision], source };
    if (mode === "shadow") {
      if (decision !== "allow") shadow.push(ref);
      continue;
    }
    // A file's default is lifted only by a rule whose condition holds: one that cannot be told must not help the caller.
    if (answer === true) spoke.add(source);
    failClosed ||= answer === "error";
    if (decision === "deny" || decision === "require_approval") held.push(heldBy(spec, source));
    else if (decision !== "allow") {
      refs.push(ref);
      if (spec.constraints !== undefined)
        constraints =
          constraints === undefined ? spec.constraints : mergeConstraints(constraints, spec.constraints);
      if (spec.remediate !== undefined)
        remedy = remedy === undefined ? spec.remediate : mergeRemedies(remedy, spec.remediate);
      redact.push(...(spec.remediate?.redact ?? []));
    }
  }
  for (const { policy, file, mode, default: fallback } of input.upward ? [] : specs) {
    const word = fallback[input.phase];
    const source = `policy ${file}`;
    if (word === "allow" || mode === "off" || spoke.has(source)) continue;
    const name = `${policy}/default`;
    if (mode === "shadow") shadow.push({ rule: name, category: "high_risk", action: "block", source });
    else held.push(heldBy(defaultRule(name, word), source));
  }
  const masks = compileGlobs(redact);
  return {
    held: held.toSorted((a, b) => (`${a.detector} ${a.source}` < `${b.detector} ${b.source}` ? -1 : 1)),
    rules: refs,
    shadow,
    failClosed,
    redacts: redact.length === 0 ? NO_VERDICT.redacts : masks,
    ...(constraints !== undefined && { constraints }),
    ...(remedy !== undefined && { remedy }),
  };
}

function trace(rules: readonly Compiled[], input: PolicyInput): Tried[] {
  return rules
    .filter(({ spec }) => spec.phase === input.phase)
    .map(({ spec, match, condition }) => {
      const failed = match.failing(input.call);
      const head = { rule: spec.name, decision: spec.decision, mode: spec.mode, failing: failed };
      if (failed.length > 0) return { ...head, outcome: "no_match", terms: [] };
      const answer = condition?.ask(input.facts()) ?? true;
      const terms = condition?.explain(input.facts()) ?? [];
      const outcome = answer === true ? "spoke" : answer === false ? "condition_false" : "condition_error";
      return { ...head, outcome, terms };
    });
}

const ACTION_OF: Readonly<Record<DecisionWord, Action>> = {
  allow: "log",
  allow_with_constraints: "warn",
  remediate: "redact",
  require_approval: "block",
  deny: "block",
};

type Held = Pick<RuleSpec, "name" | "category" | "decision" | "reason" | "change" | "approval">;

const DAY_MS = 86_400_000;

function defaultRule(name: string, decision: "deny" | "require_approval"): Held {
  return {
    name,
    category: "high_risk",
    decision,
    reason: "No rule of this policy allows it",
    ...(decision === "require_approval" && {
      approval: { approvers: [], not_requester: false, quorum: 1, expires: DAY_MS },
    }),
  };
}

function heldBy({ name, category, decision, reason, change, approval }: Held, source: string): HeldByRule {
  const who =
    approval === undefined || approval.approvers.length === 0 ? "A person" : approval.approvers.join(" or ");
  const asks = decision === "require_approval";
  return {
    detector: name,
    category,
    type: name.slice(name.indexOf("/") + 1),
    severity: "high",
    pointer: "",
    span: [0, 0],
    role: "text",
    says: reason,
    change:
      change ??
      (asks ? `${who} has to approve it.` : "Do not do this; ask whoever keeps the policy if it is needed."),
    retry: asks ? "after_approval" : "never",
    source,
    action: "block",
    ...(asks && approval !== undefined && { approval: { rule: name, ...approval } }),
  };
}

/** A finding that the rules mask, though the profile would let it pass. */
export function maskedBy(verdict: PolicyVerdict | undefined, finding: JudgedFinding): JudgedFinding {
  if (verdict === undefined || finding.action === "block" || finding.action === "redact") return finding;
  return verdict.redacts(finding.detector) ? { ...finding, action: "redact" } : finding;
}
