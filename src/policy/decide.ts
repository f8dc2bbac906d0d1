import type { Approval, Constraints, Decision, JudgedFinding, RuleRef } from "../model/call.js";
import { SEVERITIES, type Action, type DecisionWord, type Phase, type Retry } from "../model/nouns.js";
import { adviseOn } from "./advice.js";
import {
  judgeAll,
  strictestOf,
  type Judged,
  type JudgedOverrun,
  type JudgeInput,
  type LimitOverrun,
} from "./judge.js";
import { mergeConstraints } from "./rules/constraints.js";
import type { HeldByRule } from "./rules/policies.js";

export interface DecideInput extends JudgeInput {
  readonly snapshot: string;
  /** A detector's own sentence on what to change, when it has one. */
  readonly advise?: (detector: string) => string | undefined;
}

/**
 * One decision from everything found at one gate. The strictest action wins, whatever the order; `rules` are the
 * rules that spoke at that strictest action. Never throws.
 */
export function decide(input: DecideInput): Decision {
  return nothingSpeaks(input) ? allowed(input) : weigh(input);
}

/**
 * Nearly every call. It has a way of its own because engines compile what is below anew for each kind of empty list it
 * meets: half of all compiling went there.
 */
function nothingSpeaks({ findings, definition, standing, policy, over }: DecideInput): boolean {
  return (
    findings.length === 0 &&
    (definition === undefined || definition.findings.length === 0) &&
    (standing === undefined || standing.length === 0) &&
    (over === undefined || over.length === 0) &&
    policy === undefined
  );
}

function allowed({ phase, snapshot }: DecideInput): Decision {
  const reason = reasonFor("allow", [], [], undefined);
  return {
    phase,
    decision: "allow",
    rules: [],
    reason,
    findings: [],
    shadow: [],
    failClosed: false,
    snapshot,
  };
}

function weigh(input: DecideInput): Decision {
  const { phase, posture, snapshot, policy } = input;
  const judged = judgeAll(input);
  const { all, over } = judged;
  const strictest = strictestOf(judged);
  const refuses = strictest === "block";
  const gravest = new Map<string, number>();
  const spoke: RuleRef[] = refuses ? [] : [...(policy?.rules ?? [])];
  for (const f of all)
    if (f.action === strictest) {
      const source = judged.sources.get(f) ?? posture.actions[f.category].source;
      spoke.push({ rule: f.detector, category: f.category, action: f.action, source });
      weighIn(gravest, f.detector, f);
    }
  for (const o of over)
    if (o.judged === strictest)
      spoke.push({ rule: `limit.${o.kind}`, category: "exfiltration", action: o.judged, source: o.source });
  const approvals = refuses && !over.some((o) => o.judged === "block") ? waitingFor(all) : undefined;
  const cut = over.filter((o) => o.judged === "redact");
  const constraints = refuses ? undefined : bothOf(constraintsOf(cut), policy?.constraints);
  const decision: DecisionWord = refuses
    ? approvals === undefined
      ? "deny"
      : "require_approval"
    : all.some((f) => f.action === "redact") || policy?.remedy !== undefined
      ? "remediate"
      : cut.length > 0 || policy?.constraints !== undefined
        ? "allow_with_constraints"
        : "allow";
  return {
    phase,
    decision,
    rules: sortedUnique(spoke, gravest),
    reason: reasonFor(decision, all, over, strictest),
    ...(constraints !== undefined && { constraints }),
    findings: all,
    shadow: sortedUnique(policy?.shadow ?? []),
    failClosed: policy?.failClosed ?? false,
    snapshot,
    ...(approvals !== undefined && { approvals }),
    ...(refuses && { advice: adviceFor(input, judged) }),
  };
}

function adviceFor({ phase, advise, definition }: DecideInput, judged: Judged): Decision["advice"] & object {
  const blocks = (f: JudgedFinding): boolean => f.action === "block";
  const limits = judged.over.filter((o) => o.judged === "block");
  const review = judged.definitionBlocks ? definition?.review : undefined;
  return adviseOn(
    phase,
    judged.own.filter(blocks),
    [...limits, ...judged.standing.filter(blocks)],
    advise,
    review,
  );
}

/** What a person must agree to; undefined when something else refuses as well, which no person is asked about. */
function waitingFor(findings: readonly JudgedFinding[]): readonly Approval[] | undefined {
  const approvals: Approval[] = [];
  for (const finding of findings) {
    if (finding.action !== "block") continue;
    const { approval } = finding as HeldByRule & JudgedFinding;
    if (approval === undefined) return undefined;
    approvals.push(approval);
  }
  return approvals.toSorted((a, b) => (a.rule < b.rule ? -1 : 1));
}

function bothOf(one: Constraints | undefined, other: Constraints | undefined): Constraints | undefined {
  return one === undefined || other === undefined ? (one ?? other) : mergeConstraints(one, other);
}

/** The decision when a stage failed: nobody said no, but nobody could say yes. Always a refusal. */
export function failClosed(input: {
  readonly phase: Phase;
  readonly snapshot: string;
  /** One sentence: which stage failed. */
  readonly reason: string;
  readonly retry?: Retry;
  readonly retryAfterMs?: number;
  readonly change?: string;
}): Decision {
  return {
    phase: input.phase,
    decision: "deny",
    rules: [],
    reason: input.reason,
    findings: [],
    shadow: [],
    failClosed: true,
    snapshot: input.snapshot,
    advice: {
      retry: input.retry ?? "later",
      ...(input.retryAfterMs !== undefined && { retryAfterMs: input.retryAfterMs }),
      change:
        input.change ?? "Nothing in the call is at fault: whoever runs Sallyport has to look at its log.",
    },
  };
}

/** Keeps the worst that was found under a name. */
function weighIn(worst: Map<string, number>, name: string, { severity }: JudgedFinding): void {
  worst.set(name, Math.max(worst.get(name) ?? 0, SEVERITIES.indexOf(severity)));
}

/** What a person wrote first, then by what was found worst: who reads one rule reads the one that matters. */
function sortedUnique(rules: readonly RuleRef[], gravest?: ReadonlyMap<string, number>): readonly RuleRef[] {
  if (rules.length < 2) return rules;
  const byKey = new Map(rules.map((r) => [`${r.category} ${r.rule} ${r.source}`, r]));
  const weight = ({ rule }: RuleRef): number => gravest?.get(rule) ?? SEVERITIES.length;
  return [...byKey.keys()]
    .toSorted()
    .map((key) => byKey.get(key) as RuleRef)
    .toSorted((a, b) => weight(b) - weight(a));
}

/** The tightest of all truncating limits. A window has no fixed number: its grant is the limit of this call. */
function constraintsOf(cut: readonly LimitOverrun[]): Constraints | undefined {
  const least: { max_rows?: number; max_bytes?: number } = {};
  for (const { kind, limit } of cut)
    if (kind === "max_rows" || kind === "max_bytes") least[kind] = Math.min(least[kind] ?? Infinity, limit);
  return least.max_rows === undefined && least.max_bytes === undefined ? undefined : least;
}

const VERB: Record<DecisionWord, string> = {
  allow: "Allowed",
  allow_with_constraints: "Allowed within limits",
  remediate: "Redacted",
  require_approval: "Waiting for approval",
  deny: "Refused",
};

function reasonFor(
  decision: DecisionWord,
  findings: readonly JudgedFinding[],
  over: readonly JudgedOverrun[],
  strictest: Action | undefined,
): string {
  if (decision === "remediate" && strictest !== "redact") return "Made safer by a rule.";
  if (decision === "allow_with_constraints" && (strictest === undefined || strictest === "log"))
    return "Allowed within limits that a rule sets.";
  if (strictest === undefined) return "Nothing found.";
  const what = new Map<string, number>();
  for (const o of over) if (o.judged === strictest) what.set(`${o.kind} exceeded`, SEVERITIES.length);
  for (const f of findings) if (f.action === strictest) weighIn(what, f.type, f);
  const names = [...what.keys()].toSorted().toSorted((a, b) => what.get(b)! - what.get(a)!);
  const shown = names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "");
  const verb = decision === "allow" && strictest === "warn" ? "Allowed with a warning" : VERB[decision];
  return `${verb}: ${shown}.`;
}
