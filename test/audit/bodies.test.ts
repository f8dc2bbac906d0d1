import { expect, it } from "vitest";
import { decisionBody, outcomeBody } from "../../src/audit/bodies.js";
import { aCall, aDecision, aFinding, denied } from "./sample.js";

const writer = { writer: "w_1", digest: (text: string) => `hmac of ${text.length} characters` };

it("a decision says who, what and why, and of the arguments only names, sizes and a digest", () => {
  const call = aCall({ environment: "prod" });
  const body = decisionBody({ call: { ...call, session: "s-1" }, decision: aDecision(denied) }, writer);
  expect(body).toMatchObject({
    kind: "decision",
    id: call.id,
    writer: "w_1",
    principal: { id: "maya", how: "os_user", team: "support" },
    server: "crm",
    tool: "query",
    environment: "prod",
    session: "s-1",
    args: { bytes: call.argsText.length, keys: ["sql"], hmac: `hmac of ${call.argsText.length} characters` },
    decision: "deny",
    reason: "The query drops a table.",
    retry: "changed",
    fail_closed: false,
  });
  expect(JSON.stringify(body)).not.toContain("customers");
});

it("keeps the places of the first fifty findings and the counts of all", () => {
  const findings = [
    ...Array.from({ length: 120 }, (_, row) => aFinding({ pointer: `/rows/${row}/ssn` })),
    aFinding({ detector: "pii.email", type: "email", severity: "medium", action: "warn" }),
  ];
  const body = outcomeBody(
    {
      callId: "d_1",
      outcome: "redacted",
      decision: aDecision({ phase: "output", decision: "remediate", findings }),
    },
    writer,
  );
  expect(body.findings).toHaveLength(50);
  expect(body.finding_counts).toEqual([
    {
      detector: "pii.us_ssn",
      type: "us_ssn",
      category: "pii",
      severity: "high",
      action: "redact",
      count: 120,
    },
    { detector: "pii.email", type: "email", category: "pii", severity: "medium", action: "warn", count: 1 },
  ]);
});

it("masks a key that is itself a finding, in the names and in every pointer that passes it", () => {
  const address = "maya@example.com";
  const args = { [address]: { note: "x" }, list: { "a/b": { [address]: 1 } } };
  const call = aCall({ args, argsText: JSON.stringify(args) });
  const findings = [
    aFinding({ pointer: `/arguments/${address}`, onKey: true }),
    aFinding({ pointer: `/arguments/${address}/note` }),
    aFinding({ pointer: "/arguments/list/a~1b/text", inner: `/people/${address}`, onKey: true }),
    aFinding({ pointer: "/arguments/list/a~1b/text", inner: `/people/${address}/age` }),
  ];
  const body = decisionBody({ call, decision: aDecision({ findings }) }, writer);
  expect(body.args.keys).toEqual(["[REDACTED]", "list"]);
  expect(body.findings.map(({ pointer, inner }) => [pointer, inner])).toEqual([
    ["/arguments/[REDACTED]", undefined],
    ["/arguments/[REDACTED]/note", undefined],
    ["/arguments/list/a~1b/text", "/people/[REDACTED]"],
    ["/arguments/list/a~1b/text", "/people/[REDACTED]/age"],
  ]);
  expect(JSON.stringify(body)).not.toContain(address);
});

it("shortens what a client could make endless", () => {
  const args = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`${n}`.repeat(100), n]));
  const call = aCall({ tool: "t".repeat(100_000), client: "c".repeat(100_000), args, argsText: "{}" });
  const findings = [aFinding({ pointer: `/${"k".repeat(100_000)}` })];
  const body = decisionBody({ call, decision: aDecision({ findings }) }, writer);
  expect(body.args.keys).toHaveLength(50);
  expect(JSON.stringify(body).length).toBeLessThan(10_000);
});

it("says which parts no detector read, so that they do not look as if nothing had been found", () => {
  const notScanned = Array.from({ length: 60 }, (_, at) => ({
    pointer: `/content/${at}/data`,
    bytes: 9,
    why: "image",
  }));
  const body = outcomeBody({ callId: "d_1", outcome: "released", decision: aDecision(), notScanned }, writer);
  expect(body.not_scanned).toEqual(notScanned.slice(0, 50));
  expect(body.not_scanned_count).toBe(60);
});

it("an outcome without a result has no judgement", () => {
  const body = outcomeBody(
    { callId: "d_1", outcome: "timed_out", durationMs: 30_000.12345, error: "x" },
    writer,
  );
  expect(body).toEqual({
    kind: "outcome",
    id: expect.stringMatching(/^o_/),
    time: expect.any(Number),
    writer: "w_1",
    decision_id: "d_1",
    outcome: "timed_out",
    duration_ms: 30_000.123,
    error: "x",
  });
});
