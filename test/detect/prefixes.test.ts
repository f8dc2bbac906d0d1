/** How matches can begin: never fewer ways than there are, or what begins otherwise would not be looked for. */
import { describe, expect, it } from "vitest";
import { ODD, prefixesOf } from "../../src/detect/prefixes.js";
import { builtinRules } from "./load.js";

describe("the beginnings of a pattern", () => {
  it.each([
    ["(?<![A-Za-z0-9])ghp_[A-Za-z0-9]{36}", ["ghp_"]],
    ["AKIA[A-Z0-9]{16}", ["akia"]],
    ["\\b(?:ignore|disregard)\\b.{0,9}x", ["disreg", "ignore"]],
    ["(?:ab|abc)d", ["abcd", "abd"]],
    ["ab?c", ["abc", "ac"]],
    ["ab*c", ["ac", "abc", "abbc", "abbbc", "abbbbc", "abbbbb"].toSorted()],
    ["[ab]c[0-2]", ["ac0", "ac1", "ac2", "bc0", "bc1", "bc2"]],
    ["ab[a-z0-9]c", ["ab"]],
    ["x{3}y", ["xxxy"]],
    ["(?:no ){1,3}way", ["no no ", "no way"]],
    ["a.c|de", undefined],
    ["[a-z]{4}", undefined],
    ["(?:ab)?c", undefined],
    ["\\d{3}-", undefined],
    ["(a)\\1", undefined],
    ["忽略.{0,20}指令", ["忽略"]],
    ["Übergeh", ["überge"]],
    ["straße", ["stra"]],
    ["\\$where", ["$where"]],
    ["\\x22ab", ['"ab']],
  ])("%s", (pattern, expected) => {
    expect(prefixesOf(pattern)?.toSorted()).toEqual(expected);
  });

  it("are letters that nothing but themselves and their capitals match, odd ones aside", () => {
    const letters = new Set(
      builtinRules.flatMap(({ pattern }) => (pattern && prefixesOf(pattern)) || []).join(""),
    );
    const every = Array.from({ length: 0xffff }, (_, c) => String.fromCharCode(c))
      .filter((c) => !/[\ud800-\udfff]/.test(c) && !ODD.test(c))
      .join("\n");
    expect(letters.size).toBeGreaterThan(100);
    for (const letter of letters)
      for (const flags of ["giu", "gi"]) {
        const same = every.match(new RegExp(letter.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"), flags)) ?? [];
        expect(new Set(same.map((c) => c.toLowerCase())), letter).toEqual(new Set([letter]));
      }
  });
});
