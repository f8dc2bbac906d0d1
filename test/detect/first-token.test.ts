/** Which words a match can begin with: never fewer than there are, or what is there would not be looked for. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildAutomaton } from "../../src/detect/automaton.js";
import { ANY, beginsIn, firstTokens } from "../../src/detect/first-token.js";
import { fillTemplate } from "../../src/detect/template.js";
import { builtinRules } from "./load.js";

const lengths = (mask: number): number[] =>
  Array.from({ length: 32 }, (_, n) => n).filter((n) => (mask >>> n) & 1);
const read = (pattern: string, flags = "") => {
  const { digits, letters, mixed } = firstTokens(pattern, flags);
  return { digits: lengths(digits), letters: lengths(letters), mixed: lengths(mixed) };
};

describe("the first word of a match", () => {
  it("is as long as the pattern says, and made of what it says", () => {
    expect(read("(?<![\\w-])[STFGM]\\d{7}[A-Z](?![\\w-])")).toEqual({ digits: [], letters: [], mixed: [9] });
    expect(read("(?<!\\w)\\d{3}[- ]?\\d{2}(?!\\w)")).toEqual({ digits: [3, 5], letters: [], mixed: [] });
    expect(read("\\b(?:ab|c\\d)x{0,2}\\b")).toEqual({ digits: [], letters: [2, 3, 4], mixed: [2, 3, 4] });
  });
  it("may be longer where the match may end inside of it, and of any kind then", () => {
    const { digits, mixed } = read("(?<!\\w)\\d{30}");
    expect(digits).toEqual([30, 31]);
    expect(mixed).toEqual([30, 31]);
    expect(read("\\d{30}(?!\\w)").digits).toEqual([30, 31]);
    expect(read("(?<!\\w)\\d{3}(?!\\w)|(?<!\\w)\\d{29}").digits).toEqual([3, 29, 30, 31]);
  });
  it("stands after signs that are no part of a word", () => {
    expect(read("(?<![\\w+])\\+?\\(?\\d{2}\\)(?!\\w)").digits).toEqual([2]);
  });
  it("is anything where the pattern is not understood", () => {
    for (const pattern of ["(?<!\\w)(a)\\1", "(?<!\\w)\\p{L}+", "(?<!\\w)[^x]+", "[ -]*"])
      expect(firstTokens(pattern, "")).toBe(ANY);
    expect(firstTokens("(?<!\\w)k(?!\\w)", "iu")).toBe(ANY);
  });
});

describe("every pattern that ships", () => {
  const { scan } = buildAutomaton(["x"], "");
  const cases = builtinRules.flatMap(({ pattern, flags = "", hits }) => {
    if (pattern === undefined) return [];
    const first = firstTokens(pattern, flags);
    const texts = hits.map((hit) => fillTemplate(typeof hit === "string" ? hit : hit.text));
    return texts.map((text) => ({ pattern, flags, first, text }));
  });
  const around = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom("", " ", "-", "(", "_", "1", "a", "é", "+49 "),
  );

  it("begins with one of the words that were read from it, wherever it matches", () => {
    let matched = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...cases),
        around,
        around,
        fc.nat(),
        ({ pattern, flags, first, text }, a, b, cut) => {
          // Whole, and with a character dropped: what else does it match?
          for (const t of [
            text,
            text.slice(0, cut % (text.length + 1)) + text.slice((cut % (text.length + 1)) + 1),
          ]) {
            const whole = `${a}${t}${b}`;
            if (!new RegExp(pattern, flags).test(whole)) continue;
            matched++;
            expect(beginsIn(first, scan(whole).shape.tokens), `${pattern} in ${JSON.stringify(whole)}`).toBe(
              true,
            );
          }
        },
      ),
      { numRuns: 20_000, seed: 7 },
    );
    expect(matched).toBeGreaterThan(5_000);
  });
});
