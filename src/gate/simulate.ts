/** What would have been decided of recorded calls under other policies. Honest about what a record cannot tell. */
import type { CallRecord, Gates } from "../audit/call-record.js";
import {
  forwards,
  type DecisionBody,
  type Judgement,
  type OutcomeBody,
  type RecordedFinding,
} from "../audit/record.js";
import type { Finding } from "../model/call.js";
import { DECISIONS, type Category, type DecisionWord, type Phase } from "../model/nouns.js";
import type { ReplayedBuckets } from "../limits/rate.js";
import type { Posture, RateLimit } from "../model/posture.js";
import { decide } from "../policy/decide.js";
import { judge } from "../policy/judge.js";
import type { Facts } from "../policy/rules/facts.js";
import type { Policies, PolicyInput, PolicyVerdict, Tried } from "../policy/rules/policies.js";
import type { StandingFinding } from "../policy/standing.js";

export interface Replay {
  /** As recorded, the stricter of both gates'. */
  readonly was: DecisionWord;
  readonly is: DecisionWord;
  /** Rules that could not be told from what is on record; then `is` is what was. */
  readonly untold: readonly string[];
  /** The rules that decide now. */
  readonly rules: readonly string[];
}

/**
 * Tries `policies` on one recorded call, under the profile of today. `buckets` remember what the policies' rates have let
 * through of the calls before: give the same ones for each call, oldest first.
 */
export function replay(
  policies: Policies,
  posture: Posture,
  call: CallRecord,
  gates: Gates,
  buckets: ReplayedBuckets,
): Replay {
  const { input, output } = gates;
  const was = call.decision;
  const first = gate(policies, posture, input, input, "input", undefined);
  if (first.untold.length > 0) return { was, is: was, untold: first.untold, rules: [] };
  const { rate } = first;
  if (rate !== undefined && forwards(first.decision)) {
    const key = { principal: input.principal.id, server: input.server, tool: input.tool };
    if (!buckets.draw(key, rate, input.time)) return { was, is: "deny", untold: [], rules: [RATE] };
  }
  // What did not run has no result to try the output gate on; nor has what would not run now.
  if (output?.decision === undefined || !forwards(first.decision) || output.rows === undefined)
    return { was, is: first.decision, untold: [], rules: first.rules };
  const result = resultOf(output);
  const second = gate(policies, posture, input, output, "output", result);
  if (second.untold.length > 0) return { was, is: was, untold: second.untold, rules: [] };
  const is = stricter(first.decision, second.decision);
  return { was, is, untold: [], rules: is === first.decision ? first.rules : second.rules };
}

/** Each rule on a recorded call, at both gates as far as it came. What is not on record is an error where it is asked for. */
export function traceRecorded(
  policies: Policies,
  posture: Posture,
  { input, output }: Gates,
): readonly Tried[] {
  const first = policies.trace(policyInput(input, foundIn(input, input), posture, "input", undefined));
  if (output?.decision === undefined || output.rows === undefined) return first;
  const found = foundIn(input, output);
  return [...first, ...policies.trace(policyInput(input, found, posture, "output", resultOf(output)))];
}

/** What detectors found, without what policies made of it. */
function foundIn(
  { rules: own }: Partial<Judgement>,
  { rules = own, findings = [] }: Partial<Judgement>,
): Finding[] {
  const ours = new Set(
    (rules ?? []).filter(({ source }) => source.startsWith("policy ")).map(({ rule }) => rule),
  );
  return findings
    .filter(
      ({ detector, says }) =>
        says === undefined && !ours.has(detector) && !detector.startsWith("constraint."),
    )
    .map(asFinding);
}

function resultOf(output: OutcomeBody): Result {
  return {
    rows: output.rows?.received ?? 0,
    bytes: output.bytes?.received ?? 0,
    isError: output.is_error ?? false,
  };
}

function policyInput(
  call: DecisionBody,
  findings: readonly Finding[],
  posture: Posture,
  phase: Phase,
  result: Result | undefined,
): PolicyInput {
  return {
    phase,
    upward: false,
    call: {
      server: call.server,
      connector: call.connector,
      operation: call.operation,
      tool: call.tool,
      principal: call.principal,
      client: call.client,
      ...(call.environment !== undefined && { environment: call.environment }),
      categories: new Set<Category>(findings.map(({ category }) => category)),
    },
    facts: () => factsOf(call, findings, posture, result),
  };
}

function stricter(one: DecisionWord, other: DecisionWord): DecisionWord {
  return DECISIONS.indexOf(one) >= DECISIONS.indexOf(other) ? one : other;
}

const RATE = "limit.rate";

interface Judged {
  /** That a policy allows. */
  readonly rate: RateLimit | undefined;
  readonly decision: DecisionWord;
  readonly rules: readonly string[];
  readonly untold: readonly string[];
}

type Result = { readonly rows: number; readonly bytes: number; readonly isError: boolean };

function gate(
  policies: Policies,
  posture: Posture,
  call: DecisionBody,
  recorded: Partial<Judgement>,
  phase: Phase,
  result: Result | undefined,
): Judged {
  const { rules = [], findings: all = [] } = recorded;
  const ours = new Set(rules.filter(({ source }) => source.startsWith("policy ")).map(({ rule }) => rule));
  const kept = all.filter(({ detector }) => !ours.has(detector) && !detector.startsWith("constraint."));
  const findings = kept.filter(({ says }) => says === undefined).map(asFinding);
  const standing = kept.flatMap((finding) => (finding.says === undefined ? [] : [asStanding(finding)]));
  const input = policyInput(call, findings, posture, phase, result);
  const tried = policies.trace(input).filter(({ mode }) => mode === "enforce");
  const untold = tried.filter(({ outcome }) => outcome === "condition_error").map(({ rule }) => rule);
  const verdict = policies.evaluate(input);
  untold.push(...untoldConstraints(call, verdict, phase));
  const broken = phase === "input" ? brokenReadOnly(call, verdict) : [];
  const policy = { ...verdict, held: [...verdict.held, ...broken] };
  const decision = decide({ phase, findings, standing, posture, snapshot: "", policy });
  // Rates of policies are counted anew. Servers' rates, budgets and stops are as they were: what they refused, stays refused.
  const limited = rules.filter(
    ({ rule, action, source }) =>
      rule.startsWith("limit.") && action === "block" && !(rule === RATE && source === "policy"),
  );
  const word = limited.length > 0 ? "deny" : decision.decision;
  const cut = rules.some(({ rule, action }) => rule.startsWith("limit.") && action === "redact");
  return {
    rate: phase === "input" ? verdict.constraints?.rate : undefined,
    decision: cut && word === "allow" ? "allow_with_constraints" : word,
    rules: decision.rules.map(({ rule }) => rule),
    untold: [...new Set(untold)],
  };
}

/** The values of arguments are not on record. */
function untoldConstraints(
  { args }: DecisionBody,
  { constraints, rules }: PolicyVerdict,
  phase: Phase,
): string[] {
  const named = Object.keys(constraints?.arguments ?? {});
  if (phase === "output" || !named.some((name) => args.keys.includes(name))) return [];
  return rules.filter(({ action }) => action === "warn").map(({ rule }) => rule);
}

function brokenReadOnly(
  { facts, operation }: DecisionBody,
  { constraints }: PolicyVerdict,
): PolicyVerdict["held"] {
  if (constraints?.read_only !== true) return [];
  const reads = facts?.sql === undefined ? operation === "query" : facts.sql.read_only;
  if (reads) return [];
  return [
    {
      detector: "constraint.read_only",
      category: "high_risk",
      type: "read_only",
      severity: "high",
      pointer: "",
      span: [0, 0],
      role: "text",
      says: "Only reading is allowed here",
      change: "",
      retry: "changed",
      action: "block",
    },
  ];
}

function asFinding({ detector, category, type, severity, pointer, span }: RecordedFinding): Finding {
  return { detector, category, type, severity, pointer, span, role: "text" };
}

function asStanding(finding: RecordedFinding): StandingFinding {
  return {
    ...asFinding(finding),
    says: finding.says ?? "",
    change: "",
    retry: "never",
    action: finding.action,
  };
}

/** As the gate gives them, but for what is not on record: asking for that is an error, and the rule untold. */
function factsOf(
  call: DecisionBody,
  findings: readonly Finding[],
  posture: Posture,
  result: Result | undefined,
): Facts {
  const { principal, facts } = call;
  return {
    server: call.server,
    connector: call.connector,
    environment: call.environment ?? "",
    operation: call.operation,
    client: call.client ?? "",
    principal: {
      id: principal.id,
      how: principal.how,
      team: principal.team ?? "",
      roles: principal.roles ?? [],
    },
    tool: { name: call.tool, changed: facts?.changed ?? false },
    findings: findings.map((finding) => {
      const { detector, category, type, severity, pointer, action } = judge(finding, posture);
      return { detector, category, type, severity, pointer, action };
    }),
    now: new Date(call.time),
    ...(facts !== undefined && {
      session: {
        calls: BigInt(facts.session.calls),
        denied: BigInt(facts.session.denied),
        errors: BigInt(facts.session.errors),
        seen: facts.session.seen,
      },
      sql:
        facts.sql === undefined
          ? { present: false, parse_ok: true, read_only: false, statements: [], does: [] }
          : {
              present: true,
              parse_ok: facts.sql.parse_ok,
              read_only: facts.sql.read_only,
              statements: facts.sql.verbs.map((verb) => ({ verb })),
              does: facts.sql.does,
            },
    }),
    ...(result !== undefined && {
      result: { rows: BigInt(result.rows), bytes: BigInt(result.bytes), is_error: result.isError },
    }),
  };
}
