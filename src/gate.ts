/**
 * The straight line of one governed call: checkInput → record → forward → checkOutput → record → reply.
 * The order is written here once. A stage that throws denies; nothing is forwarded before its decision is durable,
 * and nothing is released before its outcome is.
 */
import { decisionBody, outcomeBody } from "./audit/bodies.js";
import { forwards, type RecordedFacts } from "./audit/record.js";
import { answerInClient, waitsFor } from "./gate/approval.js";
import { askPerson } from "./gate/ask-person.js";
import { claimAll, grantable, leftFields, type LeftField } from "./gate/budgets.js";
import { checkInput } from "./gate/check-input.js";
import { checkOutput, type Granted } from "./gate/check-output.js";
import { withDigests } from "./gate/digests.js";
import { recordedFacts } from "./gate/facts.js";
import { heldBack } from "./gate/held.js";
import { isToolError, outcomeOf } from "./gate/outcome.js";
import type { Answer, Forward, Gate, GateParts, Governed, OutputVerdict } from "./gate/parts.js";
import { argumentsPreview } from "./gate/preview.js";
import { failureBody, refusalBody, withNotices } from "./gate/reply.js";
import { screen } from "./gate/screen.js";
import { createStanding, NOTHING, type Against, type Standing, type Turn } from "./gate/standing.js";
import { toolFindings } from "./gate/tool.js";
import type { Call, Decision, Finding, ToolResult, Verdict } from "./model/call.js";
import { SallyportError, type ErrorCode } from "./model/errors.js";
import type { Signal } from "./model/signal.js";
import { failClosed } from "./policy/decide.js";

export type { Answer, Forward, Gate, Governed, GateParts, OutputVerdict, Screened } from "./gate/parts.js";

export function createGate(parts: GateParts): Gate {
  const standing = createStanding(parts);
  return {
    checkInput: async (call) => checkInput(parts, call, { ...NOTHING, session: () => standing.facts(call) }),
    checkOutput: async (call, result) => checkOutput(parts, call, result),
    // Copied: what is in force may be swapped meanwhile, and a call keeps what it began with.
    govern: (call, forward, signal) => govern({ ...parts }, standing, call, forward, signal),
    answer: async (call, id, approve) => {
      const counted = await answerInClient(parts, call, id, approve);
      if (counted) parts.onApproval?.("decided", id);
      return counted;
    },
    screen: (text) => screen(parts, text),
  };
}

async function govern(
  parts: GateParts,
  standing: Standing,
  call: Call,
  forward: Forward,
  signal: Signal | undefined,
): Promise<Governed> {
  let turn: Turn;
  try {
    turn = await standing.turn(call, signal);
  } catch (error) {
    return refused(call, stageFailed(parts, "input", error));
  }
  try {
    return await inTurn(parts, turn, call, forward, signal);
  } finally {
    turn.leave();
  }
}

async function inTurn(
  parts: GateParts,
  turn: Turn,
  call: Call,
  forward: Forward,
  signal: Signal | undefined,
): Promise<Governed> {
  const started = performance.now();
  const admitted = await admit(parts, turn, call);
  if (!forwards(admitted.decision.decision)) return refused(call, admitted.decision);

  let answer: Answer;
  try {
    if (signal?.aborted === true) throw new SallyportError("cancelled", "cancelled by the client");
    answer = await forward(admitted.subject, admitted.decision.constraints?.timeout);
  } catch (error) {
    return settleFailure(parts, turn, call, error, performance.now() - started);
  }
  return settle(parts, turn, admitted, answer, performance.now() - started);
}

/** checkInput and its record. The window's budget is reserved in the same commit, so that a crash cannot part them. */
async function admit(parts: GateParts, turn: Turn, call: Call): Promise<Verdict<Call>> {
  let verdict: Verdict<Call>;
  const { against } = turn;
  let before: readonly Finding[] | undefined;
  try {
    before = toolFindings(parts, call);
    verdict = checkInput(parts, call, against);
  } catch (error) {
    verdict = { subject: call, decision: stageFailed(parts, "input", error), changed: false };
  }
  try {
    await parts.audit.appendDecision((tx) => {
      // Another process may have seen the tool change, or a person approved it, since the arguments were read.
      if (toolFindings(parts, call) !== before) verdict = checkInput(parts, call, against);
      let held = heldBack(parts, tx, call, verdict.decision);
      if (held === undefined && verdict.decision.decision === "require_approval")
        [verdict, held] = askPerson(parts, tx, call, against, verdict);
      if (held !== undefined)
        verdict = checkInput(parts, call, {
          ...against,
          findings: [...against.findings, ...held.findings],
          over: [...against.over, ...held.over],
        });
      const decision = withDigests(verdict.decision, { arguments: call.args }, parts.audit);
      const preview = parts.previews === true ? argumentsPreview(call, decision) : undefined;
      const facts = factsFor(parts, call, against, decision);
      return decisionBody({ call, decision, facts, ...(preview !== undefined && { preview }) }, parts.audit);
    });
    turn.decided(verdict.decision);
    const { approval } = verdict.decision;
    if (approval?.event === "requested") parts.onApproval?.("requested", approval.id);
    return verdict;
  } catch (error) {
    return { subject: call, decision: stageFailed(parts, "input", error), changed: false };
  }
}

function factsFor(parts: GateParts, call: Call, { session }: Against, { findings }: Decision): RecordedFacts {
  const changed = findings.some(({ type }) => type === "tool_changed");
  return recordedFacts(parts.server(call.server).connector, call, session(), changed);
}

/** checkOutput and its record. What the window grants is claimed in the same commit, so parallel calls cannot overshoot. */
async function settle(
  parts: GateParts,
  turn: Turn,
  admitted: Verdict<Call>,
  answer: Answer,
  durationMs: number,
): Promise<Governed> {
  const call = admitted.subject;
  const granted: Granted = { constraints: admitted.decision.constraints, against: turn.against };
  let verdict: OutputVerdict;
  let budgets: readonly LeftField[] = [];
  let told: string | undefined;
  try {
    verdict = checkOutput(parts, call, answer, granted);
  } catch (error) {
    verdict = unjudged(answer, stageFailed(parts, "output", error));
  }
  try {
    await parts.audit.appendOutcome((tx) => {
      const [server, now] = [parts.server(call.server), Date.now()];
      if (server.limits.window !== undefined && forwards(verdict.decision.decision)) {
        const left = grantable(tx, server, call, now);
        const want = { rows: verdict.measured.rows.released, bytes: verdict.subject.bytes };
        if (want.rows > left.rows || want.bytes > left.bytes)
          verdict = checkOutput(parts, call, answer, { ...granted, left });
        if (forwards(verdict.decision.decision))
          claimAll(tx, server, call, now, {
            rows: verdict.measured.rows.released,
            bytes: Math.min(verdict.subject.bytes, left.bytes),
          });
      }
      budgets = leftFields(tx, server, call, now);
      const body = outcomeBody(outcomeOf(parts, call, answer, verdict, durationMs), parts.audit);
      told = body.result_hmac;
      return body;
    });
  } catch (error) {
    return refused(call, stageFailed(parts, "output", error));
  }
  turn.answered(verdict.decision, isToolError(answer), told ?? "");
  if (!forwards(verdict.decision.decision)) return refused(call, verdict.decision);
  const text = withNotices(
    verdict.subject.text,
    answer.body,
    call,
    [admitted.decision, verdict.decision],
    budgets,
  );
  if (text === answer.text) return { kind: "unchanged" };
  return { kind: "changed", body: answer.body, text };
}

/** The downstream could not answer, or the client no longer waits. Recorded before anybody is told. */
async function settleFailure(
  parts: GateParts,
  turn: Turn,
  call: Call,
  error: unknown,
  durationMs: number,
): Promise<Governed> {
  const code: ErrorCode = error instanceof SallyportError ? error.code : "internal";
  const outcome = code === "cancelled" ? "cancelled" : code === "downstream_timeout" ? "timed_out" : "failed";
  const place = { call: call.id, server: call.server, tool: call.tool, code };
  // A client that no longer wants an answer is nobody's fault.
  if (outcome === "cancelled") parts.log.info(place, `call ${outcome}`);
  else parts.log.error({ ...place, err: error }, `call ${outcome}`);
  try {
    await parts.audit.appendOutcome(() =>
      outcomeBody({ callId: call.id, outcome, durationMs, error: code }, parts.audit),
    );
  } catch (failure) {
    return refused(call, stageFailed(parts, "output", failure));
  }
  if (code === "cancelled") return { kind: "cancelled" };
  turn.failed();
  return { kind: "changed", ...failureBody(call, code, error) };
}

function refused(call: Call, decision: Decision): Governed {
  const waits = waitsFor(call, decision);
  return { kind: "changed", ...refusalBody(decision, call), ...(waits !== undefined && { waits }) };
}

function stageFailed(parts: GateParts, phase: "input" | "output", error: unknown): Decision {
  parts.log.error({ err: error, phase }, "a stage failed: the call is refused");
  const store = error instanceof SallyportError && error.code === "store_unavailable";
  const reason = store
    ? "Refused: the decision could not be recorded, and nothing happens without its record."
    : `Refused: the ${phase} gate failed.`;
  return failClosed({ phase, snapshot: parts.snapshot, reason });
}

function unjudged(result: ToolResult, decision: Decision): OutputVerdict {
  const rows = { rule: "none", received: 0, released: 0 };
  return {
    subject: result,
    decision,
    changed: false,
    measured: { rows, bytes: result.bytes, notScanned: [] },
  };
}
