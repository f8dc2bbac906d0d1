import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { decisionBody, outcomeBody, type OutcomeInput } from "../../src/audit/bodies.js";
import type { ClockWatch } from "../../src/audit/clock-watch.js";
import { newId } from "../../src/audit/ids.js";
import type { AuditLog } from "../../src/audit/log.js";
import type { Call, Decision, JudgedFinding } from "../../src/model/call.js";

/** For tests that set the date themselves. */
export const STILL: ClockWatch = { step: () => undefined, untold: () => {} };

const folders: string[] = [];

/** A fresh folder, removed when the test ends. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-test-"));
  folders.push(folder);
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function aCall(over: Partial<Call> = {}): Call {
  const args = { sql: "select name from customers where id = 7" };
  return {
    id: newId("d"),
    principal: { id: "maya", how: "os_user", team: "support" },
    client: "claude-desktop 1.4.2",
    server: "crm",
    connector: "postgres",
    tool: "query",
    operation: "query",
    args,
    argsText: JSON.stringify(args),
    ...over,
  };
}

export function aDecision(over: Partial<Decision> = {}): Decision {
  return {
    phase: "input",
    decision: "allow",
    rules: [],
    reason: "Nothing speaks against it.",
    findings: [],
    shadow: [],
    failClosed: false,
    snapshot: "5f".repeat(32),
    ...over,
  };
}

export const denied: Partial<Decision> = {
  decision: "deny",
  rules: [
    {
      rule: "dangerous_queries.drop_table",
      category: "dangerous_queries",
      action: "block",
      source: "profile default",
    },
  ],
  reason: "The query drops a table.",
  advice: { retry: "changed", change: "Read instead of dropping." },
};

export function aFinding(over: Partial<JudgedFinding> = {}): JudgedFinding {
  return {
    detector: "pii.us_ssn",
    category: "pii",
    type: "us_ssn",
    severity: "high",
    pointer: "/rows/0/ssn",
    span: [0, 11],
    role: "text",
    action: "redact",
    ...over,
  };
}

/** Records a decision; resolves with its id. */
export async function decide(
  log: AuditLog,
  decision: Partial<Decision> = {},
  call: Partial<Call> = {},
): Promise<string> {
  const made = aCall(call);
  await log.appendDecision(() => decisionBody({ call: made, decision: aDecision(decision) }, log));
  return made.id;
}

export async function finish(log: AuditLog, callId: string, over: Partial<OutcomeInput> = {}): Promise<void> {
  await log.appendOutcome(() => outcomeBody({ callId, outcome: "released", ...over }, log));
}
