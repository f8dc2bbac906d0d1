import fc from "fast-check";
import { expect, it } from "vitest";
import { base64Runs } from "../../../src/detect/views/base64-runs.js";

/** What is looked for, as one slow pattern. */
const RUN = /(?:[A-Za-z0-9+/]{48,76}\r?\n){1,4096}[A-Za-z0-9+/]{1,76}={0,2}|[A-Za-z0-9+/_-]{20,}={0,2}/g;
const slow = (text: string): string[] => [...text.matchAll(RUN)].map((m) => m[0]);
const quick = (text: string): string[] => [...base64Runs(text)].map(([start, end]) => text.slice(start, end));

it("finds runs of base64 and lines of one, wherever they stand, as a pattern would", () => {
  const letters = fc.constantFrom("A", "z", "0", "+", "/");
  const run = fc
    .tuple(letters, fc.constantFrom(1, 2, 18, 19, 20, 21, 47, 48, 49, 64, 75, 76, 77, 100))
    .map(([c, n]) => c.repeat(n));
  const between = fc.constantFrom("", " ", "\n", "\r\n", "=", "==", "===", "-", "_", ".", "é", "\n\n");
  const text = fc.array(fc.oneof({ weight: 3, arbitrary: run }, { weight: 2, arbitrary: between }), {
    maxLength: 14,
  });
  fc.assert(
    fc.property(text, (parts) => {
      expect(quick(parts.join(""))).toEqual(slow(parts.join("")));
    }),
    { numRuns: 3000 },
  );
});
