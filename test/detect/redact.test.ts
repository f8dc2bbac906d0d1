import { expect, test } from "vitest";
import { mask, mergeSpans } from "../../src/detect/redact.js";

const at = (start: number, end: number, type: string, severity: "low" | "medium" | "high" = "medium") =>
  ({ type, severity, span: [start, end] }) as const;

test("a mask names the type and keeps no character", () => {
  expect(mask("us_ssn")).toBe("[REDACTED:us_ssn]");
});

test("overlapping spans become one, named by the most severe", () => {
  expect(mergeSpans([at(5, 9, "b", "high"), at(0, 6, "a"), at(20, 22, "c")])).toEqual([
    { start: 0, end: 9, type: "b" },
    { start: 20, end: 22, type: "c" },
  ]);
});

test("equal severities: the longest names it; nested and chained spans are covered", () => {
  expect(mergeSpans([at(0, 4, "short"), at(2, 10, "long"), at(9, 12, "tail")])).toEqual([
    { start: 0, end: 12, type: "long" },
  ]);
});

test("touching spans stay apart, empty ones vanish, and order does not matter", () => {
  const spans = [at(4, 8, "b"), at(0, 4, "a"), at(3, 3, "none")];
  const merged = [
    { start: 0, end: 4, type: "a" },
    { start: 4, end: 8, type: "b" },
  ];
  expect(mergeSpans(spans)).toEqual(merged);
  expect(mergeSpans(spans.toReversed())).toEqual(merged);
});
