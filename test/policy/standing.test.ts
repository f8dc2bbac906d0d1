import { describe, expect, it } from "vitest";
import { decide } from "../../src/policy/decide.js";
import type { StandingFinding } from "../../src/policy/standing.js";
import { finding, postureOf } from "./sample.js";

const input = { phase: "input", findings: [], snapshot: "s1" } as const;
const against = (more: Partial<StandingFinding> = {}): StandingFinding => ({
  ...finding({ detector: "session.taint", category: "high_risk", type: "tainted_session", pointer: "" }),
  says: "This session has seen us_ssn",
  change: "Send nothing out.",
  retry: "never",
  ...more,
});

describe("what stands against a call whatever its words", () => {
  it("has the action of its category, and nothing can be masked to mend it", () => {
    for (const [action, decision] of [
      ["log", "allow"],
      ["warn", "allow"],
      ["redact", "deny"],
      ["block", "deny"],
    ] as const) {
      const posture = postureOf({ HIGH_RISK_ACTION: action });
      expect(decide({ ...input, posture, standing: [against()] }).decision).toBe(decision);
    }
  });

  it("brings its own advice", () => {
    const posture = postureOf({ HIGH_RISK_ACTION: "block" });
    const { advice, rules } = decide({
      ...input,
      posture,
      standing: [against({ retry: "later", retryAfterMs: 7000, source: "loops.action" })],
    });
    expect(advice).toEqual({ retry: "later", retryAfterMs: 7000, change: "Send nothing out." });
    expect(rules).toMatchObject([{ rule: "session.taint", action: "block", source: "loops.action" }]);
  });

  it("may be excepted, unless a person or the file has fixed what happens", () => {
    const posture = postureOf({ HIGH_RISK_ACTION: "block" });
    const except = (): string => "config exceptions[0]";
    expect(decide({ ...input, posture, except, standing: [against()] }).decision).toBe("allow");
    const ordered = against({ action: "block" });
    expect(decide({ ...input, posture, except, standing: [ordered] }).decision).toBe("deny");
  });
});
