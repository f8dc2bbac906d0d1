import { expect, test } from "vitest";
import { SallyportError } from "../../src/model/errors.js";
import { parseDetectorFile } from "../../src/detect/rule.js";
import { unsafePattern } from "../../src/detect/pattern.js";

const rule = {
  id: "pii.badge",
  type: "badge",
  severity: "medium",
  literals: ["badge"],
  pattern: "badge \\d{4}",
  source: "https://example.com/badges",
  hits: ["badge 1234"],
  misses: ["badge"],
};
const file = (...rules: object[]): object => ({ category: "pii", rules });

function problem(value: unknown): { message: string; path: string | undefined; fix: string | undefined } {
  try {
    parseDetectorFile(value, "pii.yaml");
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    expect(error.code).toBe("data_invalid");
    expect(error.place.file).toBe("pii.yaml");
    return { message: error.message, path: error.place.path, fix: error.place.fix };
  }
  throw new Error("accepted");
}

test("a sound file is read, each rule with its file's category", () => {
  expect(parseDetectorFile(file(rule), "pii.yaml")).toEqual([{ ...rule, category: "pii" }]);
});

test.each([
  ["no rules", file(), /no rules/, "/rules"],
  ["not a mapping", [], /must be a mapping/, ""],
  ["an unknown category", { category: "pi", rules: [rule] }, /unknown value "pi"/, "/category"],
  ["an unknown key", file({ ...rule, litteral: ["x"] }), /unknown key litteral/, "/rules/0/litteral"],
  ["a repeated id", file(rule, rule), /duplicate rule id/, "/rules/1/id"],
  ["an unknown severity", file({ ...rule, severity: "hihg" }), /unknown value "hihg"/, "/rules/0/severity"],
  [
    "a pattern that does not compile",
    file({ ...rule, pattern: "(" }),
    /pattern of pii.badge/,
    "/rules/0/pattern",
  ],
  ["an inline flag", file({ ...rule, pattern: "(?i)badge" }), /pattern of pii.badge/, "/rules/0/pattern"],
  ["an unbounded repeat", file({ ...rule, pattern: "badge \\d+" }), /unbounded/, "/rules/0/pattern"],
  ["a flag that keeps state", file({ ...rule, flags: "g" }), /bad flags/, "/rules/0/flags"],
  ["an unknown check", file({ ...rule, check: "lhun" }), /unknown check/, "/rules/0/check"],
  ["no reason to try it", file({ ...rule, literals: undefined }), /tried on every text/, "/rules/0"],
  ["no examples", file({ ...rule, hits: [] }), /needs examples/, "/rules/0/hits"],
  ["no source", file({ ...rule, source: "" }), /source must be/, "/rules/0/source"],
  ["two ways to match", file({ ...rule, analyzer: "sql", fact: "truncate" }), /exactly one/, "/rules/0"],
  [
    "an unknown fact",
    file({ ...rule, pattern: undefined, analyzer: "sql", fact: "truncat" }),
    /truncat/,
    "/rules/0/fact",
  ],
])("refused with its place: %s", (_, value, message, path) => {
  const found = problem(value);
  expect(found.message).toMatch(message);
  expect(found.path).toBe(path);
});

test("a misspelt word is answered with the nearest valid one", () => {
  expect(problem(file({ ...rule, litteral: ["x"] })).fix).toBe("did you mean literals?");
  expect(problem(file({ ...rule, severity: "hihg" })).fix).toBe("did you mean high?");
});

test.each(["(a{1,9}b?){1,9}c*", "x{2,}", "(?:a|b)+", "(.)\\1", "a{1,99999}", "[*+]{3}(?:a*)"])(
  "%s is unfit",
  (p) => {
    expect(unsafePattern(p, "")).toBeDefined();
  },
);

test.each(["[*+]{3}", "\\d{3}-\\d{2}", "(?<=a)b{0,40}?c", "\\*\\+", "\\p{Lu}x", "(?:a|b){1,4}"])(
  "%s is fit",
  (p) => {
    expect(unsafePattern(p, "u")).toBeUndefined();
  },
);
