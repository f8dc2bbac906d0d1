import fc from "fast-check";
import { expect, it } from "vitest";
import { buildAutomaton } from "../../src/detect/automaton.js";
import { compileRules } from "../../src/detect/compile.js";
import type { Match } from "../../src/detect/finding.js";
import { matchRule } from "../../src/detect/match-rule.js";
import { LONG } from "../../src/detect/shape-pass.js";
import { fillTemplate } from "../../src/detect/template.js";
import { builtinRules } from "./load.js";

const rules = compileRules(builtinRules).rules.filter(({ sticky }) => sticky !== undefined);
const cases = rules.flatMap((rule) =>
  [...rule.rule.hits, ...rule.rule.misses].map((text) => ({
    rule,
    text: fillTemplate(typeof text === "string" ? text : text.text),
  })),
);
const between = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom("", " ", "-", "(", "+", "_", ".", "1", "a", "é", "12 34", "\n", "::"),
);

it("finds at the words of a text what it finds at every character of it", () => {
  let matched = 0;
  const { scan } = buildAutomaton(["x"], "");
  const of = fc.constantFrom(...cases);
  fc.assert(
    fc.property(of, of, between, between, between, fc.nat(), (one, two, a, b, c, cut) => {
      // Twice the same and once another, one with a character dropped: what else does it match?
      const at = cut % (one.text.length + 1);
      const mended = one.text.slice(0, at) + one.text.slice(at + 1);
      const text = (a + one.text + b + two.text + c + mended).padEnd(LONG);
      const slow: Match[] = [];
      const quick: Match[] = [];
      matchRule(one.rule, text, undefined, slow, undefined);
      matchRule(one.rule, text, undefined, quick, scan(text).shape.words);
      matched += slow.length;
      expect(quick, `${one.rule.rule.id} in ${JSON.stringify(text)}`).toEqual(slow);
    }),
    { numRuns: 10_000, seed: 11 },
  );
  expect(matched).toBeGreaterThan(2_000);
});
