import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  applyEdits,
  decodedOffsets,
  decodeString,
  liftEdits,
  MAX_JSON_DEPTH,
  member,
  parseJsonText,
  stringEnd,
} from "../../src/model/json-text.js";
import type { JsonNode } from "../../src/model/json-text.js";

/** A string token in which characters are escaped at random: `A` may be `\u0041`. */
const token = fc
  .array(fc.tuple(fc.string({ unit: "binary", minLength: 1, maxLength: 1 }), fc.boolean()), { maxLength: 20 })
  .map((parts) => {
    const escape = (s: string): string =>
      Array.from({ length: s.length }, (_, i) => `\\u${s.charCodeAt(i).toString(16).padStart(4, "0")}`).join(
        "",
      );
    return `"${parts.map(([s, hidden]) => (hidden ? escape(s) : JSON.stringify(s).slice(1, -1))).join("")}"`;
  });

function valueOf(text: string, node: JsonNode): unknown {
  if (node.kind === "array") return node.children.map((child) => valueOf(text, child));
  if (node.kind === "object") {
    return Object.fromEntries(node.keys.map((key, i) => [key, valueOf(text, node.children[i] as JsonNode)]));
  }
  return JSON.parse(text.slice(node.start, node.end));
}

describe("parseJsonText", () => {
  it("sees the document that JSON.parse sees", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(JSON.stringify(valueOf(text, parseJsonText(text)))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it("refuses what JSON.parse refuses", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), fc.string({ maxLength: 1 }), (value, at, extra) => {
        const text = JSON.stringify(value);
        const broken =
          text.slice(0, at % (text.length + 1)) + extra + text.slice((at % (text.length + 1)) + 1);
        const accepted = (parse: () => unknown): boolean => {
          try {
            parse();
            return true;
          } catch {
            return false;
          }
        };
        expect(accepted(() => parseJsonText(broken))).toBe(accepted(() => JSON.parse(broken)));
      }),
    );
  });

  it("refuses duplicate keys only when asked, also when one is escaped", () => {
    const text = '{"a":1,"\\u0061":2}';
    expect(() => parseJsonText(text, { refuseDuplicates: true })).toThrow(/duplicate key/);
    const last = member(parseJsonText(text), "a");
    expect(text.slice(last?.start, last?.end)).toBe("2");
  });

  it("refuses to nest deeper than its limit", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect(() => parseJsonText(nested(MAX_JSON_DEPTH))).not.toThrow();
    expect(() => parseJsonText(nested(MAX_JSON_DEPTH + 2))).toThrow(/deeper/);
  });
});

describe("edits inside a string token", () => {
  it("read back as edits of the decoded text, whatever is escaped", () => {
    fc.assert(
      fc.property(token, fc.nat(), fc.nat(), fc.string(), (json, a, b, replacement) => {
        const decoded = decodeString(json, 0, json.length);
        const [start = 0, end = 0] = [a % (decoded.length + 1), b % (decoded.length + 1)].toSorted(
          (x, y) => x - y,
        );
        const edited = applyEdits(json, liftEdits(json, 0, json.length, [{ start, end, text: replacement }]));
        expect(JSON.parse(edited)).toBe(decoded.slice(0, start) + replacement + decoded.slice(end));
      }),
    );
  });

  it("keep the escapes of what they do not replace", () => {
    const text = '["caf\\u00e9 \\/ 1","b"]';
    const lifted = liftEdits(text, 1, 17, [{ start: 7, end: 8, text: '"' }]);
    expect(applyEdits(text, lifted)).toBe('["caf\\u00e9 \\/ \\"","b"]');
  });

  it("come back from the raw token to the same offsets", () => {
    fc.assert(
      fc.property(token, fc.array(fc.nat(), { minLength: 1 }), (json, wanted) => {
        const decoded = decodeString(json, 0, json.length);
        const offsets = wanted.map((n) => n % (decoded.length + 1));
        const raw = liftEdits(
          json,
          0,
          json.length,
          offsets.map((at) => ({ start: at, end: at, text: "" })),
        );
        const back = decodedOffsets(
          json,
          0,
          json.length,
          raw.map((e) => ({ at: e.start, up: false })),
        );
        expect(back).toEqual(offsets);
      }),
    );
  });

  it("take a whole character where an offset falls inside an escape", () => {
    const inside = { at: 4, up: false };
    expect(decodedOffsets('"a\\u0041b"', 0, 10, [inside, { ...inside, up: true }])).toEqual([1, 2]);
  });

  it("end where the token ends", () => {
    fc.assert(fc.property(token, (json) => stringEnd(`${json}, "x"`, 0) === json.length));
  });

  it("must not overlap", () => {
    const edits = [
      { start: 0, end: 2, text: "" },
      { start: 1, end: 3, text: "" },
    ];
    expect(() => applyEdits("abc", edits)).toThrow(/overlapping/);
  });
});
