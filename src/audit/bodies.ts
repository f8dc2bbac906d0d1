import type { Call, Decision } from "../model/call.js";
import type { Limits } from "../model/posture.js";
import { pointerStep } from "../model/json.js";
import { countFindings, MASKED, recordFindings } from "./findings.js";
import { newId } from "./ids.js";
import type {
  ByteCount,
  DecisionBody,
  Judgement,
  NotScanned,
  Outcome,
  OutcomeBody,
  RecordedFacts,
  RowCount,
} from "./record.js";

/**
 * Names come from clients and servers: a megabyte of tool name must not be kept for years. UTF-16 code units.
 */
export const MAX_NAME = 256;
const MAX_KEY_NAME = 64;
const MAX_KEYS = 50;
const MAX_NOT_SCANNED = 50;

/** The part of an AuditLog that a record needs. */
export interface Writer {
  readonly writer: string;
  /** Keyed HMAC of a text, 32 hex digits. */
  digest(text: string): string;
}

export interface DecisionInput {
  readonly call: Call;
  readonly decision: Decision;
  /** Of the arguments, with everything masked that was found. */
  readonly preview?: string;
  /** For trying other policies on the call. */
  readonly facts?: RecordedFacts;
}

export interface OutcomeInput {
  readonly callId: string;
  readonly outcome: Outcome;
  /** The output gate's decision; absent when no result reached it. */
  readonly decision?: Decision;
  readonly rows?: RowCount;
  readonly bytes?: ByteCount;
  readonly isError?: boolean;
  readonly durationMs?: number;
  /** The result's text as received; only its HMAC is kept. */
  readonly resultText?: string;
  /** Of the result, with everything masked that was found. */
  readonly preview?: string;
  /** Parts of the result that no detector read. */
  readonly notScanned?: readonly NotScanned[];
  readonly limits?: Limits;
  /** An error code for failed calls. Never the downstream's words. */
  readonly error?: string;
}

/** The record of an input gate's decision. Its id is the call's. */
export function decisionBody(input: DecisionInput, { writer, digest }: Writer): DecisionBody {
  const { call, decision, preview } = input;
  return {
    kind: "decision",
    id: call.id,
    time: Date.now(),
    writer,
    snapshot: decision.snapshot,
    principal: call.principal,
    ...(call.client !== undefined && { client: clip(call.client, MAX_NAME) }),
    ...(call.session !== undefined && { session: clip(call.session, MAX_NAME) }),
    server: call.server,
    connector: call.connector,
    tool: clip(call.tool, MAX_NAME),
    operation: call.operation,
    ...(call.environment !== undefined && { environment: call.environment }),
    args: {
      bytes: Buffer.byteLength(call.argsText),
      keys: keyNames(call, decision),
      hmac: digest(call.argsText),
      ...(preview !== undefined && { preview }),
    },
    decision: decision.decision,
    ...(decision.approval !== undefined && { approval: decision.approval }),
    ...(input.facts !== undefined && { facts: input.facts }),
    ...judgement(decision),
  };
}

/** The record of what became of a forwarded call. */
export function outcomeBody(input: OutcomeInput, { writer, digest }: Writer): OutcomeBody {
  const { decision, rows, bytes, isError, durationMs, resultText, notScanned, limits, error, preview } =
    input;
  return {
    kind: "outcome",
    id: newId("o"),
    time: Date.now(),
    writer,
    decision_id: input.callId,
    outcome: input.outcome,
    ...(decision !== undefined && { decision: decision.decision, ...judgement(decision) }),
    ...(rows !== undefined && { rows }),
    ...(bytes !== undefined && { bytes }),
    ...(isError !== undefined && { is_error: isError }),
    ...(durationMs !== undefined && { duration_ms: Math.round(durationMs * 1000) / 1000 }),
    ...(resultText !== undefined && { result_hmac: digest(resultText) }),
    ...(preview !== undefined && { preview }),
    ...(notScanned !== undefined && {
      not_scanned: notScanned.slice(0, MAX_NOT_SCANNED),
      not_scanned_count: notScanned.length,
    }),
    ...(limits !== undefined && { limits }),
    ...(error !== undefined && { error }),
  };
}

function judgement(decision: Decision): Judgement {
  const { rules, reason, constraints, findings, shadow, failClosed, advice } = decision;
  return {
    rules,
    reason,
    ...(constraints !== undefined && { constraints }),
    findings: recordFindings(findings),
    finding_counts: countFindings(findings),
    shadow,
    fail_closed: failClosed,
    ...(advice !== undefined && { retry: advice.retry }),
    ...(advice?.retryAfterMs !== undefined && { retry_after_ms: advice.retryAfterMs }),
  };
}

/** Names of the arguments. One that is itself a finding (an address used as a key) is a value, and masked. */
function keyNames(call: Call, decision: Decision): string[] {
  const found = new Set(
    decision.findings
      .filter((finding) => finding.onKey === true && finding.inner === undefined)
      .map((finding) => finding.pointer),
  );
  return Object.keys(call.args)
    .slice(0, MAX_KEYS)
    .map((key) => (found.has(`/arguments${pointerStep(key)}`) ? MASKED : clip(key, MAX_KEY_NAME)));
}

export function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}…`;
}
