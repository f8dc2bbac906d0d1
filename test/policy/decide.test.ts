import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Finding } from "../../src/model/call.js";
import { ACTIONS, CATEGORIES, DECISIONS, PHASES, SEVERITIES } from "../../src/model/nouns.js";
import { decide, failClosed } from "../../src/policy/decide.js";
import { judge, type LimitOverrun } from "../../src/policy/judge.js";
import { finding, postureOf } from "./sample.js";

const snapshot = "s1";
const strict = postureOf({ SALLYPORT_PROFILE: "strict" });
const compliance = postureOf({ SALLYPORT_PROFILE: "compliance" });
const rows: LimitOverrun = { kind: "max_rows", limit: 100, actual: 2340, source: "connector postgres" };

describe("severity decides how much of an action a finding earns", () => {
  it.each([
    ["block", "critical", "block"],
    ["block", "high", "block"],
    ["block", "medium", "warn"],
    ["block", "low", "log"],
    ["redact", "high", "redact"],
    ["redact", "medium", "redact"],
    ["redact", "low", "log"],
    ["warn", "medium", "warn"],
    ["warn", "low", "log"],
    ["log", "critical", "log"],
  ] as const)("%s on a %s finding is %s", (action, severity, earned) => {
    const posture = postureOf({ PII_ACTION: action });
    expect(judge(finding({ severity }), posture).action).toBe(earned);
  });
  it("compliance treats medium as high, and low as low", () => {
    expect(judge(finding({ severity: "medium" }), compliance).action).toBe("block");
    expect(judge(finding({ severity: "low" }), compliance).action).toBe("log");
  });
  it("a strict profile does not refuse a day's work for an e-mail address", () => {
    const email = finding({ detector: "pii.email", type: "email", severity: "medium" });
    expect(decide({ phase: "output", findings: [email], posture: strict, snapshot }).decision).toBe("allow");
  });
});

describe("a decision", () => {
  it("allows when nothing is found", () => {
    const decision = decide({ phase: "input", findings: [], posture: strict, snapshot });
    expect(decision).toMatchObject({ decision: "allow", rules: [], shadow: [], failClosed: false, snapshot });
    expect(decision.advice).toBeUndefined();
  });
  it("denies when one finding blocks, and names that rule and where it is written", () => {
    const email = finding({ detector: "pii.email", type: "email", severity: "medium" });
    const decision = decide({ phase: "input", findings: [email, finding()], posture: strict, snapshot });
    expect(decision.decision).toBe("deny");
    expect(decision.rules).toEqual([
      { rule: "pii.us_ssn", category: "pii", action: "block", source: "profile strict" },
    ]);
    expect(decision.findings.map((f) => f.action)).toEqual(["warn", "block"]);
    expect(decision.reason).toBe("Refused: us_ssn.");
    expect(decision.advice?.retry).toBe("changed");
  });
  it("remediates when something is redacted", () => {
    const posture = postureOf({ PII_ACTION: "redact" });
    const decision = decide({ phase: "output", findings: [finding()], posture, snapshot });
    expect(decision).toMatchObject({ decision: "remediate", reason: "Redacted: us_ssn." });
    expect(decision.rules[0]?.source).toBe("PII_ACTION");
  });
  it("allows with constraints when a limit truncates, and keeps them when it redacts too", () => {
    const posture = postureOf({ PII_ACTION: "redact" });
    const over = [{ ...rows, action: "truncate" as const }];
    expect(decide({ phase: "output", findings: [], posture, snapshot, over })).toMatchObject({
      decision: "allow_with_constraints",
      constraints: { max_rows: 100 },
      rules: [{ rule: "limit.max_rows", category: "exfiltration", source: "connector postgres" }],
    });
    expect(decide({ phase: "output", findings: [finding()], posture, snapshot, over })).toMatchObject({
      decision: "remediate",
      constraints: { max_rows: 100 },
    });
  });
  it("merges constraints to the minimum", () => {
    const over = [100, 7, 50].map((limit) => ({ ...rows, limit, action: "truncate" as const }));
    expect(decide({ phase: "output", findings: [], posture: strict, snapshot, over }).constraints).toEqual({
      max_rows: 7,
    });
  });
  it("leaves a limit without on_exceed to the posture's exfiltration action", () => {
    const word = (action: string) =>
      decide({
        phase: "output",
        findings: [],
        posture: postureOf({ EXFILTRATION_ACTION: action }),
        snapshot,
        over: [rows],
      }).decision;
    expect(["log", "warn", "redact", "block"].map(word)).toEqual([
      "allow",
      "allow",
      "allow_with_constraints",
      "deny",
    ]);
  });
  it("refuses at the input gate when a window is used up, since there is nothing to truncate yet", () => {
    const over = [{ ...rows, kind: "window" as const, action: "truncate" as const, retryAfterMs: 90_000 }];
    const decision = decide({ phase: "input", findings: [], posture: strict, snapshot, over });
    expect(decision.decision).toBe("deny");
    expect(decision.advice).toMatchObject({ retry: "later", retryAfterMs: 90_000 });
  });
  it("promises no retry by waiting alone when a finding stands in the way too", () => {
    const over = [{ ...rows, kind: "window" as const, action: "block" as const, retryAfterMs: 90_000 }];
    const decision = decide({ phase: "input", findings: [finding()], posture: strict, snapshot, over });
    expect(decision.advice).toMatchObject({ retry: "changed", retryAfterMs: 90_000 });
  });
  it("names the gravest first, whatever it is called", () => {
    const findings = [
      finding({ detector: "pii.a_name", type: "name", severity: "high" }),
      finding({ detector: "pii.us_ssn", type: "us_ssn", severity: "critical" }),
    ];
    const decision = decide({ phase: "input", findings, posture: strict, snapshot });
    expect(decision.rules.map(({ rule }) => rule)).toEqual(["pii.us_ssn", "pii.a_name"]);
    expect(decision.reason).toBe("Refused: us_ssn, name.");
  });
  it("lets a detector's own sentence say what to change", () => {
    const advise = (id: string) => (id === "pii.us_ssn" ? "Use the customer number." : undefined);
    const decision = decide({ phase: "input", findings: [finding()], posture: strict, snapshot, advise });
    expect(decision.advice?.change).toBe("Use the customer number.");
  });
  it("is a refusal when a stage failed", () => {
    expect(
      failClosed({ phase: "input", snapshot, reason: "The record could not be written." }),
    ).toMatchObject({
      decision: "deny",
      failClosed: true,
      advice: { retry: "later" },
    });
  });
});

const anyFinding = fc
  .record({
    detector: fc.constantFrom("a", "b", "c"),
    category: fc.constantFrom(...CATEGORIES),
    type: fc.constantFrom("t1", "t2"),
    severity: fc.constantFrom(...SEVERITIES),
    pointer: fc.constantFrom("", "/x", "/y/0"),
  })
  .map((part): Finding => finding(part));
const anyOver = fc.record({
  kind: fc.constantFrom("max_rows", "max_bytes", "window"),
  limit: fc.nat(9),
  actual: fc.constant(99),
  source: fc.constantFrom("connector x", "server y"),
}) as fc.Arbitrary<LimitOverrun>;
const anyPosture = fc
  .tuple(
    fc.constantFrom("dev", "default", "strict", "compliance"),
    fc.constantFrom(...ACTIONS),
    fc.constantFrom(...ACTIONS),
  )
  .map(([profile, pii, exfiltration]) =>
    postureOf({ SALLYPORT_PROFILE: profile, PII_ACTION: pii, EXFILTRATION_ACTION: exfiltration }),
  );

describe("for any findings, limits and posture", () => {
  it("the order does not matter", () => {
    fc.assert(
      fc.property(
        fc.array(anyFinding, { maxLength: 6 }),
        fc.array(anyOver, { maxLength: 3 }),
        anyPosture,
        fc.constantFrom(...PHASES),
        (findings, over, posture, phase) => {
          const one = decide({ phase, findings, over, posture, snapshot });
          const other = decide({
            phase,
            findings: findings.toReversed(),
            over: over.toReversed(),
            posture,
            snapshot,
          });
          expect({ ...other, findings: [] }).toEqual({ ...one, findings: [] });
        },
      ),
    );
  });
  it("one finding more never loosens", () => {
    fc.assert(
      fc.property(
        fc.array(anyFinding, { maxLength: 6 }),
        anyFinding,
        fc.array(anyOver, { maxLength: 3 }),
        anyPosture,
        fc.constantFrom(...PHASES),
        (findings, more, over, posture, phase) => {
          const rank = (list: readonly Finding[]) =>
            DECISIONS.indexOf(decide({ phase, findings: list, over, posture, snapshot }).decision);
          expect(rank([...findings, more])).toBeGreaterThanOrEqual(rank(findings));
        },
      ),
    );
  });
});
