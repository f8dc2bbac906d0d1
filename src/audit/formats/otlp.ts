import type { CallRecord } from "../call-record.js";

type Value = string | number | boolean | undefined;

/** Severity numbers of the OpenTelemetry log data model. */
const INFO = { severityNumber: 9, severityText: "INFO" };
const WARN = { severityNumber: 13, severityText: "WARN" };
const ERROR = { severityNumber: 17, severityText: "ERROR" };

/** Log records for one ExportLogsServiceRequest in OTLP's JSON encoding: what a collector's file receiver takes a line of. */
export function otlpRequest(calls: readonly CallRecord[], version: string): object {
  const scope = { name: "sallyport.audit", version };
  return {
    resourceLogs: [
      {
        resource: { attributes: attributes({ "service.name": "sallyport", "service.version": version }) },
        scopeLogs: [{ scope, logRecords: calls.map(logRecord) }],
      },
    ],
  };
}

function logRecord(call: CallRecord): object {
  const doubtful = call.fail_closed || call.outcome === "in_doubt";
  const refused = call.decision === "deny" || call.decision === "require_approval";
  // 64-bit numbers are strings in this encoding.
  const nanos = `${Date.parse(call.time)}000000`;
  return {
    timeUnixNano: nanos,
    observedTimeUnixNano: nanos,
    ...(doubtful ? ERROR : refused ? WARN : INFO),
    eventName: "sallyport.decision",
    body: { stringValue: call.reason === "" ? call.decision : call.reason },
    attributes: attributes({
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": call.tool,
      "gen_ai.tool.call.id": call.id,
      "user.id": call.principal,
      "session.id": call.session,
      "error.type": call.outcome === "failed" || call.outcome === "timed_out" ? call.outcome : undefined,
      "sallyport.client": call.client,
      "sallyport.server": call.server,
      "sallyport.connector": call.connector,
      "sallyport.operation": call.operation,
      "sallyport.environment": call.environment,
      "sallyport.decision": call.decision,
      "sallyport.outcome": call.outcome,
      "sallyport.category": call.category ?? undefined,
      "sallyport.type": call.type ?? undefined,
      "sallyport.rule": call.rule ?? undefined,
      "sallyport.rows.received": call.rows?.received,
      "sallyport.rows.released": call.rows?.released,
      "sallyport.bytes.received": call.bytes?.received,
      "sallyport.bytes.released": call.bytes?.released,
      "sallyport.duration_ms": call.duration_ms,
      "sallyport.fail_closed": call.fail_closed,
      "sallyport.snapshot": call.snapshot,
      "sallyport.record": call.seq,
    }),
  };
}

function attributes(values: Readonly<Record<string, Value>>): object[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  );
}

function anyValue(value: Exclude<Value, undefined>): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
