/**
 * The straight line of one governed call: checkInput → record → forward → checkOutput → record → reply.
 * The order is written here once. A stage that throws denies; nothing is forwarded before its decision is durable,
 * and nothing is released before its outcome is.
 */
import { decisionBody, outcomeBody } from "./audit/bodies.js";
import type { AuditLog } from "./audit/log.js";
import { forwards } from "./audit/record.js";
import type { ServerConfig } from "./config/load.js";
import { redactDocument } from "./detect/apply-redactions.js";
import type { Engine } from "./detect/engine.js";
import { maskArguments, scanArguments } from "./gate/arguments.js";
import { argumentsPreview } from "./gate/preview.js";
import { failureBody, refusalBody, withNotices } from "./gate/reply.js";
import { measure, scanResult, trim, type Measured } from "./gate/result.js";
import { isToolError, outcomeOf } from "./gate/outcome.js";
import { withDigests } from "./gate/digests.js";
import { createStanding, NOTHING, type Against, type Standing, type Turn } from "./gate/standing.js";
import { claimAll, grantable, leftFields, overruns, type LeftField } from "./gate/budgets.js";
import { heldBack } from "./gate/held.js";
import type { Amount } from "./limits/windows.js";
import type { Call, Decision, Finding, JudgedFinding, ToolResult, Verdict } from "./model/call.js";
import { SallyportError, type ErrorCode } from "./model/errors.js";
import type { Phase } from "./model/nouns.js";
import type { Json } from "./model/json.js";
import type { LoopLimits, Posture } from "./model/posture.js";
import type { Pins } from "./pins/pins.js";
import { reviewSentence } from "./pins/words.js";
import type { Exempt } from "./policy/exceptions.js";
import { decide, failClosed, judge, type DecideInput } from "./policy/decide.js";

export interface GateParts {
  readonly engine: Engine;
  /** A detector's own sentence on what to change. */
  readonly advise: (detector: string) => string | undefined;
  readonly posture: Posture;
  /** Hash of everything that decides; every decision points to it. */
  readonly snapshot: string;
  readonly audit: AuditLog;
  /** What was found in tools' definitions. */
  readonly pins: Pick<Pins, "findings">;
  /** The exceptions in force. */
  readonly exempt: Exempt;
  /** The server a call goes to, with its connector and limits as known by now. */
  readonly server: (name: string) => ServerConfig;
  /** Whether records keep the beginning of arguments and results, with everything masked that was found. */
  readonly previews?: boolean;
  /** What counts as a loop. */
  readonly loops: LoopLimits;
  /** Waits for so many milliseconds, or until the signal. */
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly log: { error(fields: object, message: string): void };
}

/** What the downstream answered: a result, or a JSON-RPC error, which may carry data just as well. */
export interface Answer extends ToolResult {
  readonly body: "result" | "error";
}

/** What the client is told. `unchanged`: the very bytes that the downstream sent. */
export type Governed =
  | { readonly kind: "unchanged" }
  | { readonly kind: "changed"; readonly body: "result" | "error"; readonly text: string }
  | { readonly kind: "cancelled" };

export interface OutputVerdict extends Verdict<ToolResult> {
  readonly measured: Measured;
}

/** A text that passes outside of any call, such as a log line of a server. */
export interface Screened {
  /** The JSON text with everything masked that is to be redacted or blocked; the same text when there is nothing. */
  readonly text: string;
  readonly masked: readonly JudgedFinding[];
}

export interface Gate {
  checkInput(call: Call): Promise<Verdict<Call>>;
  checkOutput(call: Call, result: ToolResult): Promise<OutputVerdict>;
  /**
   * `forward` sends the call on, as changed by the input gate; it rejects with a SallyportError when it cannot. `signal`:
   * nobody waits for the answer any more, so a call that waits for its turn need not.
   */
  govern(call: Call, forward: (call: Call) => Promise<Answer>, signal?: AbortSignal): Promise<Governed>;
  /** Throws when it cannot be judged: then nothing of it may pass. */
  screen(text: string): Screened;
}

export function createGate(parts: GateParts): Gate {
  const standing = createStanding(parts);
  return {
    checkInput: async (call) => checkInput(parts, call, { ...NOTHING, session: standing.facts(call) }),
    checkOutput: async (call, result) => checkOutput(parts, call, result),
    govern: (call, forward, signal) => govern(parts, standing, call, forward, signal),
    screen: (text) => screen(parts, text),
  };
}

/** Judges the tool and the arguments. Pure but for the clock; the call's budget is reserved with the record (see `admit`). */
export function checkInput(parts: GateParts, call: Call, against: Against = NOTHING): Verdict<Call> {
  const { engine, posture, snapshot } = parts;
  const { over, findings: standing } = against;
  const found = scanArguments(engine, parts.server(call.server).connector, call);
  const tool = definitionOf(parts, call);
  const decision = decide({
    phase: "input",
    findings: found,
    posture,
    snapshot,
    over,
    standing,
    advise: parts.advise,
    except: exceptIn(parts, call, "input"),
    ...(tool !== undefined && { definition: tool }),
  });
  const masked = decision.findings.filter((f) => f.action === "redact");
  if (decision.decision === "deny" || masked.length === 0) return { subject: call, decision, changed: false };
  return { subject: maskArguments(call, masked), decision, changed: true };
}

function exceptIn(parts: GateParts, call: Call, phase: Phase): NonNullable<DecideInput["except"]> {
  const now = Date.now();
  const at = { server: call.server, tool: call.tool, phase };
  return (finding) => parts.exempt(finding, at, now);
}

/** What the tool itself carries; nothing for what is no tool call. */
function definitionOf(parts: GateParts, call: Call): DecideInput["definition"] {
  const findings = toolFindings(parts, call);
  return findings.length === 0 ? undefined : { findings, review: reviewSentence(call.server, call.tool) };
}

const NONE: readonly Finding[] = [];

function toolFindings({ pins }: GateParts, call: Call): readonly Finding[] {
  return call.method === undefined ? pins.findings(call.server, call.tool) : NONE;
}

/**
 * Judges a result: size → every leaf → decide → redact → limit rows and bytes. `left` is what the cumulative window
 * still grants; without it only the limits of one call hold.
 */
export function checkOutput(parts: GateParts, call: Call, result: ToolResult, left?: Amount): OutputVerdict {
  const { engine, posture, snapshot } = parts;
  const server = parts.server(call.server);
  const received = measure(server, result);
  const over = overruns(server, received, left);
  const { findings, notScanned } = scanResult(engine, call, result);
  const except = exceptIn(parts, call, "output");
  const input = { phase: "output", posture, snapshot, advise: parts.advise, except } as const;
  const decision = decide({ ...input, findings, over });
  const measured = { ...received, notScanned };
  if (decision.decision === "deny") return { subject: result, decision, changed: false, measured };

  const masked = decision.findings.filter((f) => f.action === "redact");
  const text = masked.length === 0 ? result.text : redactDocument(result.text, masked).text;
  const limits = decision.constraints;
  if (limits === undefined) {
    const subject = text === result.text ? result : retold(text);
    return { subject, decision, changed: subject !== result, measured };
  }
  const cut = trim(server, text, limits, over);
  if (cut.withheld !== undefined) {
    // Nothing could be cut to fit, so what was to be shortened is refused.
    const refused = decide({
      ...input,
      findings,
      over: over.map((o) => ({ ...o, action: "block" as const })),
    });
    return { subject: result, decision: refused, changed: false, measured };
  }
  return { subject: retold(cut.text), decision, changed: true, measured: { ...measured, ...cut.released } };
}

function screen({ engine, posture }: GateParts, text: string): Screened {
  const found = engine.scanJson(JSON.parse(text) as Json, { phase: "output", text });
  if (found.length === 0) return { text, masked: [] };
  const masked = found
    .map((f) => judge(f, posture))
    .filter((f) => f.action === "redact" || f.action === "block");
  return { text: masked.length === 0 ? text : redactDocument(text, masked).text, masked };
}

async function govern(
  parts: GateParts,
  standing: Standing,
  call: Call,
  forward: (call: Call) => Promise<Answer>,
  signal: AbortSignal | undefined,
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
  forward: (call: Call) => Promise<Answer>,
  signal: AbortSignal | undefined,
): Promise<Governed> {
  const started = performance.now();
  const admitted = await admit(parts, turn, call);
  if (!forwards(admitted.decision.decision)) return refused(call, admitted.decision);

  let answer: Answer;
  try {
    if (signal?.aborted === true) throw new SallyportError("cancelled", "cancelled by the client");
    answer = await forward(admitted.subject);
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
      const held = heldBack(parts, tx, call, verdict.decision);
      if (held !== undefined)
        verdict = checkInput(parts, call, {
          ...against,
          findings: [...against.findings, ...held.findings],
          over: [...against.over, ...held.over],
        });
      const decision = withDigests(verdict.decision, { arguments: call.args }, parts.audit);
      const preview = parts.previews === true ? argumentsPreview(call, decision) : undefined;
      return decisionBody({ call, decision, ...(preview !== undefined && { preview }) }, parts.audit);
    });
    turn.decided(verdict.decision);
    return verdict;
  } catch (error) {
    return { subject: call, decision: stageFailed(parts, "input", error), changed: false };
  }
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
  let verdict: OutputVerdict;
  let budgets: readonly LeftField[] = [];
  try {
    verdict = checkOutput(parts, call, answer);
  } catch (error) {
    verdict = unjudged(answer, stageFailed(parts, "output", error));
  }
  try {
    await parts.audit.appendOutcome((tx) => {
      const [server, now] = [parts.server(call.server), Date.now()];
      if (server.limits.window !== undefined && verdict.decision.decision !== "deny") {
        const left = grantable(tx, server, call, now);
        const want = { rows: verdict.measured.rows.released, bytes: verdict.subject.bytes };
        if (want.rows > left.rows || want.bytes > left.bytes)
          verdict = checkOutput(parts, call, answer, left);
        if (verdict.decision.decision !== "deny")
          claimAll(tx, server, call, now, {
            rows: verdict.measured.rows.released,
            bytes: Math.min(verdict.subject.bytes, left.bytes),
          });
      }
      budgets = leftFields(tx, server, call, now);
      return outcomeBody(outcomeOf(parts, call, answer, verdict, durationMs), parts.audit);
    });
  } catch (error) {
    return refused(call, stageFailed(parts, "output", error));
  }
  turn.answered(verdict.decision, answer, isToolError(answer));
  if (verdict.decision.decision === "deny") return refused(call, verdict.decision);
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
  parts.log.error(
    { call: call.id, server: call.server, tool: call.tool, code, err: error },
    `call ${outcome}`,
  );
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
  return { kind: "changed", ...refusalBody(decision, call) };
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

function retold(text: string): ToolResult {
  return { text, value: null, bytes: Buffer.byteLength(text) };
}
