import type { Approval, Constraints, Decision, Finding, JudgedFinding, RuleRef } from "../model/call.js";
import type { Action, DecisionWord, Phase, Retry } from "../model/nouns.js";
import { ACTIONS } from "../model/nouns.js";
import type { OnExceed, Posture } from "../model/posture.js";
import { adviseOn } from "./advice.js";
import { mergeConstraints } from "./rules/constraints.js";
import { maskedBy, type HeldByRule, type PolicyVerdict } from "./rules/policies.js";
import { standingAction, type StandingFinding } from "./standing.js";

/** A limit that a result (or a window's budget) went over. Counted as category `exfiltration`. */
export interface LimitOverrun {
  readonly kind: "max_rows" | "max_bytes" | "window" | "rate" | "concurrency";
  readonly limit: number;
  readonly actual: number;
  /** Who set the limit: `connector postgres`, `server crm`. */
  readonly source: string;
  /** The limit's own `on_exceed`; absent: the posture's action for `exfiltration` decides. */
  readonly action?: OnExceed;
  /** Milliseconds until an exhausted window opens again. */
  readonly retryAfterMs?: number;
}

export interface DecideInput {
  readonly phase: Phase;
  readonly findings: readonly Finding[];
  readonly posture: Posture;
  readonly snapshot: string;
  readonly over?: readonly LimitOverrun[];
  /** A detector's own sentence on what to change, when it has one. */
  readonly advise?: (detector: string) => string | undefined;
  /** Names the exception under which a finding of the call itself is only recorded. A tool's definition has none. */
  readonly except?: (finding: Finding) => string | undefined;
  /** What stands against the call, whatever its words. */
  readonly standing?: readonly StandingFinding[];
  /** What the policies' rules make of it. */
  readonly policy?: PolicyVerdict;
  /** What the call's tool carries, found in its definition, and how a person reviews it. */
  readonly definition?: { readonly findings: readonly Finding[]; readonly review: string };
}

/** What the posture makes of one finding. Severity decides how much of the category's action it earns. */
export function judge(finding: Finding, posture: Posture): JudgedFinding {
  return { ...finding, action: earned(finding, posture) };
}

function excepted(judged: JudgedFinding, except: DecideInput["except"]): JudgedFinding {
  const exception = judged.action === "log" ? undefined : except?.(judged);
  return exception === undefined ? judged : { ...judged, action: "log", exception };
}

/** The same of a finding in a tool's definition. Nothing in a call can be masked to mend that, so `redact` refuses. */
export function judgeDefinition(finding: Finding, posture: Posture): JudgedFinding {
  const { action } = posture.actions[finding.category];
  return { ...finding, action: earned(finding, posture, action === "redact" ? "block" : action) };
}

function earned(
  finding: Finding,
  posture: Posture,
  action = posture.actions[finding.category].action,
): Action {
  const { severity } = finding;
  if (severity === "high" || severity === "critical") return action;
  if (severity === "low") return "log";
  // Medium: an e-mail address must not stop a day's work, but it can be masked.
  return action === "block" && !posture.mediumBlocks ? "warn" : action;
}

/**
 * How an overrun stands among findings' actions: a truncation withholds, as a redaction does. Before a call ran there
 * is nothing to truncate, so there an exhausted budget refuses.
 */
function overrunAction(over: LimitOverrun, posture: Posture, phase: Phase): Action {
  const action = over.action === "truncate" ? "redact" : (over.action ?? posture.actions.exfiltration.action);
  return action === "redact" && phase === "input" ? "block" : action;
}

/**
 * One decision from everything found at one gate. The strictest action wins, whatever the order; `rules` are the
 * rules that spoke at that strictest action. Never throws.
 */
export function decide(input: DecideInput): Decision {
  const { phase, posture, snapshot } = input;
  const { policy } = input;
  const own = input.findings.map((finding) =>
    maskedBy(policy, excepted(judge(finding, posture), input.except)),
  );
  const definition = (input.definition?.findings ?? []).map((finding) => judgeDefinition(finding, posture));
  const standing = [...(input.standing ?? []), ...(policy?.held ?? [])].map((finding) => {
    const judged = { ...finding, action: standingAction(finding, earned(finding, posture)) };
    // What somebody has ordered, no exception lifts.
    return finding.action === undefined ? { ...judged, ...excepted(judged, input.except) } : judged;
  });
  const findings = [...own, ...definition, ...standing];
  const sources = new Map<JudgedFinding, string | undefined>(standing.map((f) => [f, f.source]));
  const over = (input.over ?? []).map((each) => ({ ...each, judged: overrunAction(each, posture, phase) }));
  const strictest = strictestOf([...findings.map((f) => f.action), ...over.map((o) => o.judged)]);
  const spoke: RuleRef[] = [
    ...findings
      .filter((f) => f.action === strictest)
      .map((f) => ({
        rule: f.detector,
        category: f.category,
        action: f.action,
        source: sources.get(f) ?? posture.actions[f.category].source,
      })),
    ...over
      .filter((o) => o.judged === strictest)
      .map((o) => ({
        rule: `limit.${o.kind}`,
        category: "exfiltration" as const,
        action: o.judged,
        source: o.source,
      })),
  ];
  const mending = strictest === "block" ? [] : (policy?.rules ?? []);
  const rules = sortedUnique([...spoke, ...mending]);
  const cut = over.filter((o) => o.judged === "redact");
  const approvals =
    strictest === "block" && !over.some((o) => o.judged === "block") ? waitingFor(findings) : undefined;
  const decision: DecisionWord =
    strictest === "block"
      ? approvals === undefined
        ? "deny"
        : "require_approval"
      : findings.some((f) => f.action === "redact") || policy?.remedy !== undefined
        ? "remediate"
        : cut.length > 0 || policy?.constraints !== undefined
          ? "allow_with_constraints"
          : "allow";
  const constraints = strictest === "block" ? undefined : bothOf(constraintsOf(cut), policy?.constraints);
  const blockedFindings = own.filter((f) => f.action === "block");
  const review = definition.some((f) => f.action === "block") ? input.definition?.review : undefined;
  const blockedStanding = standing.filter((f) => f.action === "block");
  const blockedLimits = over.filter((o) => o.judged === "block");
  return {
    phase,
    decision,
    rules,
    reason: reasonFor(decision, findings, over, strictest),
    ...(constraints !== undefined && { constraints }),
    findings,
    shadow: sortedUnique(policy?.shadow ?? []),
    failClosed: policy?.failClosed ?? false,
    snapshot,
    ...(approvals !== undefined && { approvals }),
    ...(strictest === "block" && {
      advice: adviseOn(phase, blockedFindings, [...blockedLimits, ...blockedStanding], input.advise, review),
    }),
  };
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

function strictestOf(actions: readonly Action[]): Action | undefined {
  const at = actions.reduce((top, action) => Math.max(top, ACTIONS.indexOf(action)), -1);
  return ACTIONS[at];
}

function sortedUnique(rules: readonly RuleRef[]): RuleRef[] {
  const byKey = new Map(rules.map((r) => [`${r.category} ${r.rule} ${r.source}`, r]));
  return [...byKey.keys()].toSorted().map((key) => byKey.get(key) as RuleRef);
}

/** The tightest of all truncating limits. A window has no fixed number: its grant is the limit of this call. */
function constraintsOf(cut: readonly LimitOverrun[]): Constraints | undefined {
  const least = (kind: LimitOverrun["kind"]): number | undefined => {
    const limits = cut.filter((o) => o.kind === kind).map((o) => o.limit);
    return limits.length === 0 ? undefined : Math.min(...limits);
  };
  const maxRows = least("max_rows");
  const maxBytes = least("max_bytes");
  if (maxRows === undefined && maxBytes === undefined) return undefined;
  return {
    ...(maxRows !== undefined && { max_rows: maxRows }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes }),
  };
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
  over: readonly (LimitOverrun & { readonly judged: Action })[],
  strictest: Action | undefined,
): string {
  if (decision === "remediate" && strictest !== "redact") return "Made safer by a rule.";
  if (decision === "allow_with_constraints" && (strictest === undefined || strictest === "log"))
    return "Allowed within limits that a rule sets.";
  if (strictest === undefined) return "Nothing found.";
  const what = new Set([
    ...findings.filter((f) => f.action === strictest).map((f) => f.type),
    ...over.filter((o) => o.judged === strictest).map((o) => `${o.kind} exceeded`),
  ]);
  const names = [...what].toSorted();
  const shown = names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "");
  const verb = decision === "allow" && strictest === "warn" ? "Allowed with a warning" : VERB[decision];
  return `${verb}: ${shown}.`;
}
