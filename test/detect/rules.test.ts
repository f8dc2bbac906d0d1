import { describe, expect, test } from "vitest";
import { CATEGORIES } from "../../src/model/nouns.js";
import { findsExample } from "../../src/detect/examples.js";
import { builtinRules, engine } from "./load.js";

test("every category has a handful of detectors", () => {
  for (const category of CATEGORIES) {
    expect(builtinRules.filter((r) => r.category === category).length, category).toBeGreaterThanOrEqual(5);
  }
});

describe.each(builtinRules.map((rule) => [rule.id, rule] as const))("%s", (_, rule) => {
  test("finds its hits and leaves its misses alone", () => {
    expect(
      rule.hits.filter((e) => !findsExample(engine, rule, e)),
      "hits not found",
    ).toEqual([]);
    expect(
      rule.misses.filter((e) => findsExample(engine, rule, e)),
      "misses found",
    ).toEqual([]);
  });
});
