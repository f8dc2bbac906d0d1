import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildAutomaton, NON_ASCII, PERCENT } from "../../src/detect/automaton.js";
import { compileRules } from "../../src/detect/compile.js";
import { builtinRules } from "./load.js";

const LITERALS = ["he", "she", "his", "hers", "a", "xox", "akia", "密码", "clé", "e\u0301t", "12-3"];

/** As the pass, one question at a time. */
function slowly(text: string) {
  const lower = text.replace(/[A-Z]/g, (c) => c.toLowerCase());
  const words = [...text.matchAll(/\w+/g)].map(({ 0: word, index }) => ({ word, index }));
  const runs = [...text.matchAll(/\d(?:[ \-.()/]{0,2}\d)*/g)].map(([run]) => run.replace(/\D/g, "").length);
  const lengths = [...text.matchAll(/[\w+/=-]+/g)].map(([run]) => run.length);
  const of = (kind: RegExp) =>
    words
      .filter(({ word }) => kind.test(word))
      .reduce((bits, { word }) => bits | (1 << Math.min(word.length, 31)), 0);
  return {
    literals: LITERALS.filter((literal) => lower.includes(literal)),
    nonAscii: /[^\0-\x7f]/.test(text),
    digits: Math.max(0, ...runs),
    word: Math.max(0, ...lengths),
    tokens: { digits: of(/^\d+$/), letters: of(/^\D+$/), mixed: of(/\d\D|\D\d/) },
    words: text.length < 256 ? [] : words.map(({ index }) => index),
  };
}

const { scan, bitsOf } = buildAutomaton(LITERALS, "@:");
function quickly(text: string) {
  const { shape, ids, found } = scan(text);
  return {
    literals: Array.from(ids.slice(0, found).toSorted(), (id) => LITERALS[id]),
    nonAscii: (shape.bits & NON_ASCII) !== 0,
    digits: shape.digits,
    word: shape.word,
    tokens: { ...shape.tokens },
    words: Array.from(shape.words.starts.slice(0, shape.words.count)),
  };
}

const piece = fc.oneof(
  fc.constantFrom(
    ...LITERALS,
    "HERS",
    "密",
    "码",
    "é",
    "12",
    "3",
    "-",
    " ",
    "  ",
    "   ",
    "_",
    "+/=",
    "\n",
    ".",
  ),
  fc.string({ maxLength: 6 }),
  fc.string({ unit: "binary", maxLength: 3 }),
);
const short = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
/** Longer than a stretch, with something worth finding near where one ends. */
const long = fc
  .tuple(
    short,
    short,
    short,
    fc.integer({ min: 200, max: 40_000 }),
    fc.constantFrom("z", " ", "7", "z 7 ", "密"),
  )
  .map(([a, b, c, length, filler]) => {
    const fill = filler.repeat(length);
    return a + fill.slice(0, length) + b + fill.slice(0, length / 3) + c;
  });

describe("the first pass", () => {
  it("sees in short texts what is in them", () => {
    fc.assert(
      fc.property(short, (text) => {
        expect(quickly(text)).toEqual(slowly(text));
      }),
      { numRuns: 5_000, seed: 3 },
    );
  });

  it("sees in texts of many stretches what is in them", () => {
    fc.assert(
      fc.property(long, (text) => {
        expect(quickly(text)).toEqual(slowly(text));
      }),
      { numRuns: 300, seed: 4 },
    );
  });

  it("finds a literal wherever it stands, across the ends of stretches and of places read in turn", () => {
    const filler = "q".repeat(40_000);
    for (let at = 0; at < 34_000; at += 7) {
      const text = `${filler.slice(0, at)}hers${filler.slice(0, 35_000 - at)}`;
      expect(quickly(text).literals, String(at)).toEqual(["he", "hers"]);
    }
  });

  it("finds words where they are whole, and nowhere inside of longer ones", () => {
    const words = buildAutomaton(["ring", "tin"], "", () => true);
    const filler = ". ".repeat(17_000);
    const in_ = (text: string): boolean => words.scan(text).found > 0;
    for (const yes of ["ring", "a ring.", "rings", "TIN", "customerTin=", "tin4", "9ring"]) {
      expect(in_(yes), yes).toBe(true);
      for (let at = 16_300; at < 16_520; at += 3)
        expect(in_(`${filler.slice(0, at)}${yes} ${filler}`), `${yes} at ${at}`).toBe(true);
    }
    for (const no of ["string", "ringer", "STRING", "testing", "tiny"]) {
      expect(in_(no), no).toBe(false);
      for (let at = 16_300; at < 16_520; at += 3)
        expect(in_(`${filler.slice(0, at)}${no} ${filler}`), `${no} at ${at}`).toBe(false);
    }
  });

  it("forgets one text before the next", () => {
    expect(quickly("she said 12345").literals).toEqual(["he", "she", "a"]);
    expect(quickly("no")).toEqual(slowly("no"));
  });

  it("has bits for the characters it was asked for", () => {
    expect(scan("a@b").shape.bits & bitsOf("@")).not.toBe(0);
    expect(scan("a:b").shape.bits & bitsOf("@")).toBe(0);
    expect(scan("100 %").shape.bits & PERCENT).not.toBe(0);
  });

  it("reads no more of a literal than fits before a stretch", () => {
    const literal = "k".repeat(300);
    const { found } = buildAutomaton([literal], "").scan(`${" ".repeat(20_000)}${literal}`);
    expect(found).toBe(1);
  });
});

it("keeps the rules' literals apart from words that only a context asks for", () => {
  const compiled = compileRules(builtinRules);
  expect(compiled.wakes.every((rules, id) => rules.length > 0 || (compiled.hints[id] ?? []).length > 0)).toBe(
    true,
  );
});
