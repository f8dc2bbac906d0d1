import { expect, it } from "vitest";
import { DEFAULT_LOOPS, readLoops } from "../../src/config/loops.js";
import { Reader } from "../../src/config/reader.js";
import type { Json } from "../../src/model/json.js";

function read(value: Json | undefined) {
  const reader = new Reader("mcp.config.json");
  return { loops: readLoops(reader, value), problems: reader.problems };
}

it("stand over the defaults, threshold by threshold", () => {
  expect(read(undefined).loops).toBe(DEFAULT_LOOPS);
  expect(read({ errors: { stop_after: 50 }, within: "2m", action: "block" }).loops).toEqual({
    ...DEFAULT_LOOPS,
    errors: { slow_after: 10, stop_after: 50 },
    within_ms: 120_000,
    action: "block",
  });
});

it.each([
  [{ repeat: {} }, "loops.repeat", "did you mean repeats?"],
  [{ errors: { stop: 1 } }, "loops.errors.stop", "stop_after"],
  [{ errors: { stop_after: 3 } }, "loops.errors", "slow down first"],
  [{ denials: { slow_after: 0 } }, "loops.denials.slow_after", "at least 1"],
  [{ within: "soon" }, "loops.within", "5m"],
  [{ action: "redact" }, "loops.action", "log, warn, block"],
])("%j is refused", (value, path, fix) => {
  const [problem, ...more] = read(value as Json).problems;
  expect(more).toEqual([]);
  expect(problem).toMatchObject({ path, fix: expect.stringContaining(fix) });
});
