import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutTexts } from "../../src/limits/cut-texts.js";
import { parseJsonText } from "../../src/model/json-text.js";
import type { Json } from "../../src/model/json.js";
import { countRows } from "../../src/limits/rows.js";
import { truncateResult } from "../../src/limits/truncate.js";

const FROM = ["json-array", "$.data.statements[*].rows", "$.rows", "ndjson", "csv", "markdown", "any-array"];
const options = { from: FROM, source: "connector postgres" };
const NOTICE =
  "[Sallyport] Showing 2 of 5 rows; 3 rows withheld (max_rows 2, connector postgres). " +
  "Ask for fewer: add a LIMIT or a filter, or page through the result.";

interface Result {
  content: { type: string; text: string; resource?: { text?: string; blob?: string; uri: string } }[];
  structuredContent?: Json;
  isError?: boolean;
}
const read = (text: string): Result => JSON.parse(text) as Result;
const block = (text: string): Json => ({ type: "text", text });
const resultOf = (text: string): string => JSON.stringify({ content: [block(text)] });
/** Rows as SQL servers send them: int64 as it is, decimals with their zeros. */
const rows = (n: number): string[] =>
  Array.from({ length: n }, (_, i) => `{"id":900719925474099${i},"total":1.10,"zero":-0,"name":"Zoë ${i}"}`);

/** The text of the first block after the cut to two rows. */
function cutText(text: string, maxRows = 2): string {
  const cut = truncateResult(resultOf(text), { ...options, maxRows });
  return read(cut.text).content[0]?.text ?? "";
}

describe("a result over max_rows", () => {
  it("is left as it is within the limits", () => {
    const text = ` ${resultOf(`[${rows(5).join(",")}]`)}\n`;
    const same = truncateResult(text, { ...options, maxRows: 5, maxBytes: 1000 });
    const bytes = Buffer.byteLength(text);
    expect(same).toEqual({
      text,
      changed: false,
      rows: { rule: "json-array", received: 5, released: 5 },
      bytes: { received: bytes, released: bytes },
    });
  });

  it("keeps the first rows byte for byte and says what is missing", () => {
    const all = rows(5);
    const text = `{"content":[{"type":"text","text":${JSON.stringify(`[\n  ${all.join(",\n  ")}\n]`)}}],"x":1e2}`;
    const cut = truncateResult(text, { ...options, maxRows: 2 });
    const kept = JSON.stringify(`[\n  ${all.slice(0, 2).join(",\n  ")}\n]`);
    expect(cut.text).toBe(
      `{"content":[{"type":"text","text":${kept}},{"type":"text","text":${JSON.stringify(NOTICE)}}],"x":1e2}`,
    );
    expect(cut.rows).toEqual({ rule: "json-array", received: 5, released: 2 });
    expect(cut.bytes).toEqual({ received: Buffer.byteLength(text), released: Buffer.byteLength(cut.text) });
  });

  it("is cut where dbhub nests its rows, over several statements, in document order", () => {
    const statement = (n: number): string => `{"sql":"select","rows":[${rows(n).join(",")}],"count":${n}}`;
    const text = `{"success":true,"data":{"statements":[${statement(1)},${statement(3)},${statement(1)}]}}`;
    const want = text
      .replace(`[${rows(3).join(",")}]`, `[${rows(1).join(",")}]`)
      .replace(`[${rows(1).join(",")}],"count":1}]}}`, '[],"count":1}]}}');
    expect(cutText(text)).toBe(want);
  });

  it("is cut in text and structuredContent to the same number", () => {
    const structuredContent = { rows: [1, 2, 3, 4, 5].map((id) => ({ id, name: `Zoë ${id}` })) };
    const text = JSON.stringify({ content: [block(JSON.stringify(structuredContent))], structuredContent });
    const after = read(truncateResult(text, { ...options, maxRows: 2 }).text);
    expect((after.structuredContent as { rows: Json[] }).rows).toEqual(structuredContent.rows.slice(0, 2));
    expect(JSON.parse(after.content[0]?.text ?? "")).toEqual(after.structuredContent);
    expect(after.content[1]?.text).toBe(NOTICE);
  });

  it("gets a content when it has none, and loses no other member", () => {
    const text = `{"structuredContent":{"rows":[${rows(5).join(",")}]},"_meta":{"a":1.0},"isError":true}`;
    const cut = truncateResult(text, { ...options, maxRows: 2 }).text;
    expect(cut).toBe(
      `{"structuredContent":{"rows":[${rows(2).join(",")}]},"_meta":{"a":1.0},"isError":true,` +
        `"content":[${JSON.stringify(block(NOTICE))}]}`,
    );
  });

  it("keeps the header of CSV and whole quoted records", () => {
    const csv = 'id,note\r\n1,"a\r\nb"\r\n2,"c,d"\r\n3,e\r\n4,f\r\n5,g\r\n';
    expect(cutText(csv)).toBe('id,note\r\n1,"a\r\nb"\r\n2,"c,d"\r\n');
  });

  it("keeps NDJSON and Markdown valid, and what stands around them", () => {
    expect(cutText(rows(5).join("\n"))).toBe(rows(2).join("\n"));
    const table = "Result:\n\n| id |\n|----|\n| 1 |\n| 2 |\n| 3 |\n\n5 rows";
    expect(cutText(table)).toBe("Result:\n\n| id |\n|----|\n| 1 |\n| 2 |\n\n5 rows");
    expect(cutText(table, 0)).toBe("Result:\n\n| id |\n|----|\n\n\n5 rows");
  });

  it("keeps the text around JSON that stands in it", () => {
    const text = (n: number): string => `Data:\n<d>\n[${rows(n).join(", ")}]\n</d>\nThe end.`;
    expect(cutText(text(5))).toBe(text(2));
  });

  it("loses whole blocks where each block is a row", () => {
    const content = [block('{"id":0}'), ...rows(4).map(block)];
    const text = JSON.stringify({ content, structuredContent: { result: [0, 1, 2, 3, 4] } });
    const after = read(truncateResult(text, { ...options, maxRows: 2 }).text);
    expect(after).toEqual({
      content: [...content.slice(0, 2), block(NOTICE)],
      structuredContent: { result: [0, 1] },
    });
    const none = read(truncateResult(text, { ...options, maxRows: 0 }).text);
    expect(none.content).toHaveLength(1);
  });

  it("loses blocks between others that stay", () => {
    const link = { type: "resource_link", uri: "file:///a", name: "a" };
    const image = { type: "image", data: "AAAA", mimeType: "image/png" };
    const text = JSON.stringify({ content: [link, image, link, link, image] });
    const after = (maxRows: number): Json[] =>
      read(truncateResult(text, { ...options, from: ["resources"], maxRows }).text).content.slice(
        0,
        -1,
      ) as Json[];
    expect(after(1)).toEqual([link, image, image]);
    expect(after(0)).toEqual([image, image]);
    const opening = truncateResult(JSON.stringify({ content: [link, link, image] }), {
      ...options,
      from: ["resources"],
      maxRows: 0,
    });
    expect(read(opening.text).content[0]).toEqual(image);
  });

  it("is cut when it is an error too", () => {
    const text = JSON.stringify({ content: [block(`[${rows(5).join(",")}]`)], isError: true });
    expect(truncateResult(text, { ...options, maxRows: 2 }).rows.released).toBe(2);
  });

  it("is refused when JSON inside it is too deep to edit", () => {
    const deep = `[${"[".repeat(300)}${"]".repeat(300)},1,2,3]`;
    expect(() => truncateResult(resultOf(deep), { ...options, maxRows: 2 })).toThrow(/deeper/);
  });
});

describe("a result over max_bytes", () => {
  it("loses rows first, as few as it takes, its notice counted", () => {
    const text = resultOf(`[${rows(9).concat(rows(9)).join(",")}]`);
    const maxBytes = 1000;
    const cut = truncateResult(text, { ...options, maxBytes });
    expect(cut.bytes.released).toBeLessThanOrEqual(maxBytes);
    expect(cut.bytes.released).toBeGreaterThan(maxBytes - 150);
    expect(cut.rows.received).toBe(18);
    expect(JSON.parse(read(cut.text).content[0]?.text ?? "")).toHaveLength(cut.rows.released);
    expect(read(cut.text).content[1]?.text).toContain(`Showing ${cut.rows.released} of 18 rows`);
    expect(read(cut.text).content[1]?.text).toContain("(max_bytes 1000, connector postgres)");
  });

  it("loses the end of its long texts at a word, and counts bytes, not characters", () => {
    const text = resultOf("größe zählt ".repeat(500));
    const cut = truncateResult(text, { ...options, maxBytes: 3000 });
    expect(cut.bytes.released).toBeLessThanOrEqual(3000);
    expect(cut.bytes.released).toBeGreaterThan(2500);
    expect(read(cut.text).content[0]?.text).toMatch(/^(größe zählt )*größe( zählt)? \[\.\.\.\]$/);
    expect(read(cut.text).content[1]?.text).toMatch(
      /^\[Sallyport\] Long texts cut \(the result had \d+ bytes\)/,
    );
  });

  it("keeps our own earlier notices, and whole characters, wherever the cut falls", () => {
    const ours = `[Sallyport] ${"said before ".repeat(30)}`;
    const text = JSON.stringify([ours, "😀".repeat(300)]);
    for (const units of [300, 301]) {
      expect(JSON.parse(cutTexts(text, parseJsonText(text), units, false))).toEqual([
        ours,
        `${"😀".repeat(150)} [...]`,
      ]);
    }
  });

  it("is never cut inside a surrogate pair or an escape", () => {
    const escaped = `{"content":[{"type":"text","text":"${"\\ud83d\\ude00\\n".repeat(2)}${"\\ud83d\\ude00".repeat(900)}"}]}`;
    const cut = truncateResult(escaped, { ...options, maxBytes: 4001 });
    expect(cut.bytes.released).toBeLessThanOrEqual(4001);
    expect(read(cut.text).content[0]?.text.isWellFormed()).toBe(true);
  });

  it("keeps short texts whole when one is long", () => {
    const text = JSON.stringify({ content: [block("x".repeat(9000)), block("short and sweet")] });
    const after = read(truncateResult(text, { ...options, maxBytes: 2000 }).text);
    expect(after.content[1]?.text).toBe("short and sweet");
  });

  it("shortens strings of JSON inside text, which stays JSON, and keeps names and addresses whole", () => {
    const file = { uri: `file:///${"d/".repeat(400)}`, content: "line of a file\n".repeat(400), size: 6000 };
    const after = read(truncateResult(resultOf(JSON.stringify(file)), { ...options, maxBytes: 1800 }).text);
    const inside = JSON.parse(after.content[0]?.text ?? "") as typeof file;
    expect([inside.uri, inside.size]).toEqual([file.uri, 6000]);
    expect(inside.content).toMatch(/^(line of a file\n)+line of a file \[\.\.\.\]$/);
  });

  it("replaces JSON inside text that cannot be shortened by a sentence", () => {
    const text = resultOf(JSON.stringify({ matrix: Array.from({ length: 3000 }, (_, i) => i) }));
    const cut = truncateResult(text, { ...options, from: [], maxBytes: 2000 });
    expect(read(cut.text).content[0]?.text).toMatch(/^\[Sallyport\] A JSON text of \d+ bytes is withheld/);
    expect(cut.withheld).toBeUndefined();
  });

  it("loses images and blobs whole, the largest first, and keeps the uri of a resource", () => {
    const content = [
      block("two pictures"),
      { type: "image", data: "A".repeat(4000), mimeType: "image/png" },
      {
        type: "resource",
        resource: { uri: "file:///b.pdf", mimeType: "application/pdf", blob: "B".repeat(8000) },
      },
    ];
    const cut = truncateResult(JSON.stringify({ content }), { ...options, maxBytes: 5000 });
    const after = read(cut.text).content;
    expect(after.slice(0, 2)).toEqual(content.slice(0, 2));
    expect(after[2]?.resource).toEqual({
      uri: "file:///b.pdf",
      mimeType: "application/pdf",
      text: "[Sallyport] application/pdf of 8000 base64 characters is withheld.",
    });
    expect(after[3]?.text).toContain("1 binary part withheld");
  });

  it("is withheld when nothing can be cut", () => {
    const structuredContent = { matrix: Array.from({ length: 3000 }, (_, i) => i) };
    const cut = truncateResult(JSON.stringify({ content: [], structuredContent }), {
      from: [],
      source: "x",
      maxBytes: 900,
    });
    expect(cut.withheld).toBe("bytes");
    expect(read(cut.text).isError).toBe(true);
    expect(read(cut.text).content[0]?.text).toMatch(
      /^\[Sallyport\] The result of \d+ bytes is withheld \(max_bytes 900, x\)/,
    );
  });
});

describe("for random results", () => {
  const row = fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.string(), fc.constant('😀\\"\n')), {
    maxKeys: 4,
  });
  const json = (all: readonly Json[], indent: number): string => JSON.stringify(all, null, indent);

  it("exactly the first rows are left, the rest is as it was, and again changes nothing", () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 12 }),
        fc.nat(12),
        fc.constantFrom(0, 2),
        fc.boolean(),
        (all, maxRows, indent, structured) => {
          const result = {
            content: [block("Rows:"), block(json(all, indent))],
            ...(structured && { structuredContent: { result: all } }),
            isError: false,
          };
          const cut = truncateResult(JSON.stringify(result, null, indent), {
            ...options,
            from: ["json-array"],
            maxRows,
          });
          const kept = all.slice(0, maxRows);
          const after = read(cut.text);
          expect(JSON.parse(after.content[1]?.text ?? "")).toEqual(kept);
          if (structured) expect(after.structuredContent).toEqual({ result: kept });
          expect(after.content).toHaveLength(all.length > maxRows ? 3 : 2);
          expect(countRows(after as unknown as Json, ["json-array"]).rows).toBe(kept.length);
          expect(truncateResult(cut.text, { ...options, from: ["json-array"], maxRows }).changed).toBe(false);
        },
      ),
    );
  });

  it("the bytes are kept to, or the result is withheld", () => {
    const long = fc.string({ minLength: 0, maxLength: 3000, unit: "binary" });
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 30 }),
        fc.array(long, { maxLength: 3 }),
        fc.integer({ min: 600, max: 4000 }),
        (all, texts, maxBytes) => {
          const text = JSON.stringify({
            content: [...texts.map(block), block(json(all, 2))],
            structuredContent: { all },
          });
          const cut = truncateResult(text, { ...options, maxBytes });
          expect(cut.bytes.released).toBe(Buffer.byteLength(cut.text));
          expect(cut.bytes.released).toBeLessThanOrEqual(maxBytes);
          const after = read(cut.text);
          expect(cut.changed).toBe(Buffer.byteLength(text) > maxBytes);
          if (cut.withheld === undefined)
            expect(Object.keys(after)).toEqual(["content", "structuredContent"]);
          expect(truncateResult(cut.text, { ...options, maxBytes }).changed).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });
});
