import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildAutomaton } from "../../src/detect/automaton.js";
import { compileRules } from "../../src/detect/compile.js";
import type { Match } from "../../src/detect/finding.js";
import { matchAt, matchRule } from "../../src/detect/match-rule.js";
import { LONG } from "../../src/detect/shape-pass.js";
import { noPlaces } from "../../src/detect/places.js";
import { startSearch } from "../../src/detect/start-search.js";
import { fillTemplate } from "../../src/detect/template.js";
import { builtinRules } from "./load.js";

const all = compileRules(builtinRules).rules;
const rules = all.filter(({ sticky }) => sticky !== undefined);
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
const { scan } = buildAutomaton(["x"], "");
const starts = startSearch(all);
/** Enough for a pass of their own. */
const more = rules.filter(({ first }) => first.lead === undefined).slice(0, 4);

describe("a pattern with known beginnings", () => {
  it("finds at those of a text what it finds at every character of it", () => {
    let matched = 0;
    const of = fc.constantFrom(...cases);
    const written = fc.constantFrom(
      (text: string) => text,
      (text: string) => text.toUpperCase(),
      (text: string) => text.toLowerCase(),
      (text: string) => text.replace(/s/, "ſ").replace(/k/i, "\u212a"),
    );
    fc.assert(
      fc.property(of, of, written, between, between, between, fc.nat(), (one, two, as, a, b, c, cut) => {
        // Twice the same and once another, one with a character dropped: what else does it match?
        const at = cut % (one.text.length + 1);
        const mended = one.text.slice(0, at) + one.text.slice(at + 1);
        const text = (a + as(one.text) + b + two.text + c + mended).padEnd(LONG);
        const slow: Match[] = [];
        const quick: Match[] = [];
        matchRule(one.rule, text, undefined, slow);
        starts.begin(text, scan(text).shape.words, [one.rule, two.rule, ...more], !/[^\0-\x7f]/.test(text));
        for (let at = 0, from = 0; at < text.length;) {
          at = starts.read(at);
          from = matchAt(one.rule, text, undefined, quick, starts.startsOf(one.rule) ?? noPlaces(), from);
        }
        matched += slow.length;
        expect(quick, `${one.rule.rule.id} in ${JSON.stringify(text)}`).toEqual(slow);
      }),
      { numRuns: 20_000, seed: 11 },
    );
    expect(matched).toBeGreaterThan(6_000);
  }, 60_000);

  it("keeps nothing of a text with thousands of places once another one comes", () => {
    const [one, other] = rules.filter(({ begins }) => begins === "word");
    const search = startSearch(all);
    const read = (rule: (typeof rules)[number], text: string) => {
      search.begin(text, scan(text).shape.words, [rule], true);
      search.read(0);
      return search.startsOf(rule)!;
    };
    const many = read(
      one!,
      Array.from({ length: 9_000 }, (_, n) => "123456789abcdef".slice(0, 1 + (n % 15))).join(" "),
    );
    expect(many.at.length).toBeGreaterThan(1_024);
    read(other!, "a few words and no more ".repeat(50));
    expect(many.at.length).toBe(0);
  });

  it("finds what stands across the parts of a text that are read at once", () => {
    const found = (rule: (typeof rules)[number], text: string) => {
      const [slow, quick]: [Match[], Match[]] = [[], []];
      matchRule(rule, text, undefined, slow);
      starts.begin(text, scan(text).shape.words, [rule, ...more], true);
      for (let at = 0, from = 0; at < text.length;) {
        at = starts.read(at);
        from = matchAt(rule, text, undefined, quick, starts.startsOf(rule) ?? noPlaces(), from);
      }
      expect(quick, rule.rule.id).toEqual(slow);
      return quick.length;
    };
    const few = cases.filter(({ text }) => text.length < 200 && !/[^\0-\x7f]/.test(text));
    let sum = 0;
    for (const [n, { rule, text }] of few.entries()) {
      const before = 65_536 - (n % (text.length + 9));
      sum += found(rule, `${" .".repeat(before / 2)} ${text} ${text} `);
    }
    expect(sum).toBeGreaterThan(400);
  });

  it("is nearly every pattern that a text can wake", () => {
    const unknown = all.filter(({ rule, sticky }) => rule.pattern !== undefined && !rule.keys && !sticky);
    expect(unknown.length).toBeLessThan(0.06 * all.length);
  });
});
