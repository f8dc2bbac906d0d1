import fc from "fast-check";
import { expect, it } from "vitest";
import { buildAutomaton } from "../../src/detect/automaton.js";
import { leastRun } from "../../src/detect/least-run.js";
import { fillTemplate } from "../../src/detect/template.js";
import { builtinRules } from "./load.js";

it.each([
  ["(?<![A-Za-z0-9])ghp_[A-Za-z0-9]{36}(?!\\w)", 40],
  ["(?:key|token)[ =]{1,3}(?<value>[a-f0-9]{32,40})", 32],
  ["a{3}b?c", 4],
  ["[a-z]{20}\\.[a-z]{30}", 30],
  ["[a-z]{20}|[a-z]{5}", 5],
  ["x*\\s[^ ]{40}.{9}", 0],
  ["(?:[a-z]{20} ){2}(?:[0-9]{30})?", 20],
  ["[a-z.]{40}", 0],
  ["[!-~]{40}", 0],
])("%s holds a run of %i", (pattern, run) => {
  expect(leastRun(pattern)).toBe(run);
});

it("never asks for more than a match has", () => {
  const { scan } = buildAutomaton(["x"], "");
  const cases = builtinRules.flatMap(({ pattern, flags = "", hits }) =>
    pattern === undefined
      ? []
      : hits.map((hit) => ({ pattern, flags, text: fillTemplate(typeof hit === "string" ? hit : hit.text) })),
  );
  let matched = 0;
  fc.assert(
    fc.property(fc.constantFrom(...cases), fc.nat(), ({ pattern, flags, text }, cut) => {
      const at = cut % (text.length + 1);
      for (const whole of [text, text.slice(0, at) + text.slice(at + 1)]) {
        const found = new RegExp(pattern, flags).exec(whole);
        if (found === null) continue;
        matched++;
        expect(scan(found[0]).shape.word, pattern).toBeGreaterThanOrEqual(leastRun(pattern));
      }
    }),
    { numRuns: 5_000, seed: 5 },
  );
  expect(matched).toBeGreaterThan(4_000);
});
