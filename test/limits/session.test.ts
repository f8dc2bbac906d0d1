import { describe, expect, it } from "vitest";
import { createSessionMemory } from "../../src/limits/session.js";
import { LAST_CALLS, NO_SESSION } from "../../src/model/session.js";
import { aCall, aDecision, aFinding } from "../audit/sample.js";

describe("the memory of a session", () => {
  it("starts with nothing", () => {
    expect(createSessionMemory().facts()).toEqual(NO_SESSION);
  });

  it("counts calls, refusals and errors, and keeps the last calls", () => {
    const memory = createSessionMemory();
    for (let n = 0; n < LAST_CALLS + 5; n++) memory.decided(aCall({ id: `d_${n}` }), aDecision());
    memory.decided(aCall({ id: "d_no" }), aDecision({ decision: "deny" }));
    memory.answered(aCall(), aDecision({ phase: "output", decision: "deny" }), false);
    memory.answered(aCall(), aDecision({ phase: "output" }), true);
    memory.failed();
    const { calls, denied, errors, lastCalls } = memory.facts();
    expect({ calls, denied, errors }).toEqual({ calls: LAST_CALLS + 6, denied: 2, errors: 2 });
    expect(lastCalls).toHaveLength(LAST_CALLS);
    expect(lastCalls.at(-1)).toEqual({ id: "d_no", server: "crm", tool: "query", decision: "deny" });
  });

  it("knows the gravest of what reached the client, and which call brought it", () => {
    const memory = createSessionMemory();
    const email = aFinding({ type: "email", severity: "medium", action: "warn" });
    const ssn = aFinding({ action: "log" });
    memory.answered(aCall({ id: "d_1" }), aDecision({ findings: [email] }), false);
    memory.answered(aCall({ id: "d_2" }), aDecision({ findings: [ssn] }), false);
    memory.answered(aCall({ id: "d_3" }), aDecision({ findings: [email] }), false);
    expect(memory.facts().seen.get("pii")).toEqual({
      type: "us_ssn",
      severity: "high",
      call: "d_2",
      server: "crm",
      tool: "query",
    });
  });

  it("has not seen what was masked, withheld or of no weight", () => {
    const memory = createSessionMemory();
    memory.answered(aCall(), aDecision({ findings: [aFinding({ action: "redact" })] }), false);
    memory.answered(
      aCall(),
      aDecision({ decision: "deny", findings: [aFinding({ action: "warn" })] }),
      false,
    );
    memory.answered(aCall(), aDecision({ findings: [aFinding({ severity: "low", action: "log" })] }), false);
    expect(memory.facts().seen.size).toBe(0);
  });

  it("gives facts that later calls do not change", () => {
    const memory = createSessionMemory();
    const before = memory.facts();
    memory.answered(aCall(), aDecision({ findings: [aFinding({ action: "warn" })] }), false);
    expect(before.seen.size).toBe(0);
    expect(memory.facts().seen.has("pii")).toBe(true);
  });
});
