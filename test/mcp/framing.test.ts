import fc from "fast-check";
import { expect, it } from "vitest";
import { lineReader } from "../../src/mcp/framing.js";
import { eventOf, eventReader } from "../../src/mcp/sse.js";

/** Cuts bytes at the given places. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

it("lines come out whole, wherever the chunks were cut, even inside a character", () => {
  const line = fc.string({ unit: "grapheme" }).map((text) => JSON.stringify(text));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (lines, cuts) => {
      const seen: string[] = [];
      const read = lineReader(1 << 20, {
        line: (bytes) => seen.push(bytes.toString("utf8")),
        tooLong: () => {},
      });
      const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(""));
      for (const piece of pieces(bytes, cuts)) read(piece);
      expect(seen).toEqual(lines);
    }),
  );
});

it("a line that is too long is reported once and skipped; the next one is read", () => {
  const seen: string[] = [];
  let tooLong = 0;
  const read = lineReader(10, { line: (bytes) => seen.push(bytes.toString()), tooLong: () => tooLong++ });
  for (const piece of ["short\n0123", "456789", "abcdef", "ghi\nnext\n"]) read(Buffer.from(piece));
  expect(seen).toEqual(["short", "next"]);
  expect(tooLong).toBe(1);
});

it("events come out as the messages that went in, also with newlines in them", () => {
  const messages = ['{"a":1}', '{\n  "b": 2\n}', '{"c":"é😀"}', '{\r"d":3,\r\n"e":4\r}\r'];
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 10 }), (cuts) => {
      const seen: unknown[] = [];
      const data = (bytes: Buffer) => seen.push(JSON.parse(bytes.toString("utf8")));
      const read = eventReader(1 << 20, { data, tooLong: () => {} });
      const bytes = Buffer.concat([
        Buffer.from(": comment\r\n\r\n"),
        ...messages.map((text) => eventOf([Buffer.from(text)])),
      ]);
      for (const piece of pieces(bytes, cuts)) read(piece);
      expect(seen).toEqual(messages.map((text) => JSON.parse(text) as unknown));
    }),
  );
});
