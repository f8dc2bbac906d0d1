import { expect, it } from "vitest";
// @ts-expect-error: the bench is plain JavaScript
import { problemWith } from "../../bench/answers.mjs";

const problem = problemWith as (answer: Buffer, expected: object) => string | undefined;

const said = (result: object): Buffer => Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: 1, result }));
const people = (ssn: string, count = 2) => {
  const rows = Array.from({ length: count }, () => ({ ssn }));
  return { content: [{ type: "text", text: JSON.stringify(rows) }], structuredContent: { rows } };
};
const raw = people("123-45-6789");
const masked = people("[REDACTED:us_ssn]");

it("takes the expected text and no other", () => {
  const echoed = said({ content: [{ type: "text", text: "hello" }] });
  expect(problem(echoed, { text: "hello" })).toBeUndefined();
  expect(problem(echoed, { text: "hullo" })).toBe("its text is another one");
});

it("takes masked rows where redaction is on, and raw ones where nothing looks", () => {
  expect(problem(said(masked), { rows: 2, redacted: true })).toBeUndefined();
  expect(problem(said(raw), { rows: 2, redacted: false })).toBeUndefined();
  expect(problem(said(raw), { rows: 2 })).toBeUndefined();
});

it("says where redaction is missing, also when only one of text and structured content has it", () => {
  expect(problem(said(raw), { rows: 2, redacted: true })).toMatch(/redaction is missing: 2 .* text/);
  const half = { ...masked, structuredContent: raw.structuredContent };
  expect(problem(said(half), { rows: 2, redacted: true })).toMatch(/missing: 2 .* structured content/);
  expect(problem(said(masked), { rows: 2, redacted: false })).toMatch(/2 numbers are missing/);
});

it("takes no refusal, no error, no cut rows and no rubbish for an answer", () => {
  expect(problem(said({ ...raw, isError: true }), { rows: 2 })).toMatch(/refusal/);
  expect(problem(Buffer.from('{"error":{"code":-32603}}'), { rows: 2 })).toMatch(/is an error/);
  expect(problem(said(raw), { rows: 3 })).toMatch(/2 rows in the text and 2 beside it, not 3/);
  expect(problem(Buffer.from("HTTP"), { rows: 2 })).toBe("it is not JSON");
});
