/** What is kept of values that were clean must never make another value, or another place, pass unread. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileEngine } from "../../src/detect/engine.js";
import type { Json } from "../../src/model/json.js";
import { builtinRules } from "./load.js";

const DIGITS = "046454286";
const told = (engine: ReturnType<typeof compileEngine>, value: Json, phase: "input" | "output" = "output") =>
  engine
    .scanJson(value, { phase })
    .map(({ detector, pointer, severity }) => `${pointer} ${detector} ${severity}`);

describe("a value that was clean", () => {
  it("is read again under a key that says what it is, and under another frame", () => {
    const engine = compileEngine(builtinRules);
    expect(told(engine, [{ order: DIGITS }, { order: DIGITS }])).toEqual([]);
    expect(told(engine, [{ canadian_sin: DIGITS }]).join()).toContain("/0/canadian_sin pii.ca_sin");
    expect(told(engine, [{ name: "Ann Lee", price: 7 }])).toEqual([]);
    expect(told(engine, [{ name: "Ann Lee", email: "x" }]).join()).toContain("/0/name pii.person_name_field");
  });

  it("says nothing of the same keys under another name", () => {
    const engine = compileEngine(builtinRules);
    const both = told(engine, { product: { name: "Ann Lee", id: 1 }, customer: { name: "Ann Lee", id: 1 } });
    expect(both).toEqual(["/customer/name pii.person_name_field medium"]);
  });

  it("is read again in another phase and role", () => {
    const engine = compileEngine(builtinRules);
    const drop = "DROP TABLE users";
    expect(told(engine, { sql: drop })).toEqual([]);
    expect(told(engine, { sql: drop }, "input").length).toBeGreaterThan(0);
    const tautology = "x' OR '1'='1' --";
    expect(told(engine, { note: tautology })).toEqual([]);
    expect(told(engine, { note: tautology }, "input").join()).toContain("sqli.");
    expect(told(engine, { note: drop }, "input")).toEqual(
      told(compileEngine(builtinRules), { note: drop }, "input"),
    );
  });

  it("changes nothing in what is found, in whatever order documents come", () => {
    const warm = compileEngine(builtinRules);
    const leaf = fc.oneof(
      fc.constantFrom(
        "open",
        "closed",
        "Ann Lee",
        "12 Main Street",
        "a@b.example",
        DIGITS,
        "536-90-4399",
        "2026-01-02",
        "10.1.2.3",
        "rm -rf /",
        "",
      ),
      fc.string({ maxLength: 12 }),
      fc.integer(),
    );
    const key = fc.constantFrom(
      "name",
      "email",
      "id",
      "ssn",
      "status",
      "note",
      "address",
      "query",
      "command",
      "dob",
    );
    const row = fc.dictionary(key, leaf, { maxKeys: 5 });
    const document = fc.oneof(
      fc.array(row, { maxLength: 5 }),
      fc.dictionary(fc.constantFrom("customer", "order", "token"), row, { maxKeys: 3 }),
    );
    let found = 0;
    fc.assert(
      fc.property(document, fc.constantFrom("input" as const, "output" as const), (value, phase) => {
        const first = told(warm, value as Json, phase);
        found += first.length;
        expect(told(warm, value as Json, phase)).toEqual(first);
        expect(told(cold, value as Json, phase)).toEqual(first);
        // Rows with the same keys share what those mean; alone, each has to find it out.
        if (!Array.isArray(value)) return;
        const alone = value.flatMap((each, n) =>
          told(cold, [each] as Json, phase).map((line) => line.replace(/^\/0/, `/${n}`)),
        );
        expect(first).toEqual(alone);
      }),
      { numRuns: 2_000, seed: 8 },
    );
    expect(found).toBeGreaterThan(1_000);
  });
});

/** One that knows little: new again every hundred documents. */
let made = compileEngine(builtinRules);
let uses = 0;
const cold: ReturnType<typeof compileEngine> = {
  ...made,
  scanJson(value, at) {
    if (++uses % 100 === 0) made = compileEngine(builtinRules);
    return made.scanJson(value, at);
  },
};
