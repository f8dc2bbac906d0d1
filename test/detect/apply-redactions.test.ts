import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyRedactions, redactDocument } from "../../src/detect/apply-redactions.js";
import type { Redaction } from "../../src/detect/apply-redactions.js";
import { spreadRedactions } from "../../src/detect/spread-redactions.js";
import type { Json } from "../../src/model/json.js";
import { isObject, pointerStep } from "../../src/model/json.js";

const SSN = "536-22-8145";
const MASK = "[REDACTED:us_ssn]";

function at(pointer: string, span: readonly [number, number], more: Partial<Redaction> = {}): Redaction {
  return { type: "us_ssn", severity: "high", pointer, span, ...more };
}

/** A finding for every place of `secret` in the string and number leaves of a document. */
function findAll(text: string, secret: string): Redaction[] {
  const out: Redaction[] = [];
  const visit = (value: Json, pointer: string): void => {
    if (Array.isArray(value)) value.forEach((v: Json, i) => visit(v, pointer + pointerStep(i)));
    else if (isObject(value)) for (const [k, v] of Object.entries(value)) visit(v, pointer + pointerStep(k));
    else {
      const leaf = String(value);
      for (let i = leaf.indexOf(secret); i !== -1; i = leaf.indexOf(secret, i + 1)) {
        out.push(at(pointer, [i, i + secret.length]));
      }
    }
  };
  visit(JSON.parse(text) as Json, "");
  return out;
}

const result = (...blocks: readonly Json[]): string => JSON.stringify({ content: blocks });
const textBlock = (text: string): Json => ({ type: "text", text });

describe("a redacted result", () => {
  it("may hold more findings in one text than fit on a stack", () => {
    const many = 150_000;
    const before = JSON.stringify({ text: "a ".repeat(many) });
    const after = applyRedactions(
      before,
      Array.from({ length: many }, (_, i) => at("/text", [2 * i, 2 * i + 1])),
    );
    expect(after).toBe(JSON.stringify({ text: `${MASK} `.repeat(many) }));
  });

  it("keeps every character that is not redacted: int64, 1.10, -0, 1e2, key order, white space, escapes", () => {
    const before = `{ "b":9007199254740993 ,\n\t"a":[1.10,-0,1e2], "s":"caf\\u00e9 \\/ ${SSN} \\ud83d\\ude00", "z" : {} }`;
    expect(applyRedactions(before, findAll(before, SSN))).toBe(before.replace(SSN, MASK));
  });

  it("is the same text when nothing was found", () => {
    expect(redactDocument("{ not even JSON", [])).toEqual({ text: "{ not even JSON", spread: [] });
  });

  it("covers every text block, not only the first", () => {
    const before = result(textBlock(`one ${SSN}`), textBlock(`two ${SSN}`), textBlock(`three ${SSN}`));
    expect(applyRedactions(before, findAll(before, SSN))).toBe(before.replaceAll(SSN, MASK));
  });

  it("covers nested strings, not only top-level ones, and unknown content types", () => {
    const before = JSON.stringify({
      content: [{ type: "table", cells: [[{ v: `x ${SSN}` }]] }],
      _meta: { a: [SSN] },
    });
    expect(applyRedactions(before, findAll(before, SSN))).toBe(before.replaceAll(SSN, MASK));
  });

  it("covers structuredContent and text alike", () => {
    const before = JSON.stringify({
      content: [textBlock(`ssn ${SSN}`)],
      structuredContent: { person: { ssn: SSN } },
    });
    const after = redactDocument(before, [at("/content/0/text", [4, 15])]);
    expect(after.text).toBe(before.replaceAll(SSN, MASK));
    expect(after.spread).toEqual([at("/structuredContent/person/ssn", [0, 11])]);
  });

  it("covers error results", () => {
    const before = JSON.stringify({ content: [textBlock(`no such customer: ${SSN}`)], isError: true });
    expect(applyRedactions(before, findAll(before, SSN))).toBe(before.replace(SSN, MASK));
  });

  it("has no cap: the 5000th redaction is as good as the first", () => {
    const rows = Array.from({ length: 5000 }, (_, i) => ({ id: i, ssn: SSN }));
    const before = result(textBlock(JSON.stringify(rows)));
    const after = applyRedactions(before, findAll(before, SSN));
    expect(after).toBe(before.replaceAll(SSN, MASK));
  });

  it("keeps no first or last character of what it masks", () => {
    const after = applyRedactions(JSON.stringify({ ssn: SSN }), [at("/ssn", [0, SSN.length])]);
    expect(after).toBe(`{"ssn":"${MASK}"}`);
  });

  it("turns a number into a string", () => {
    expect(applyRedactions('{"ssn": 536228145, "n": 1.10}', [at("/ssn", [0, 9])])).toBe(
      `{"ssn": "${MASK}", "n": 1.10}`,
    );
  });

  it("replaces escaped characters as one", () => {
    const before = '{"t":"\\u0035\\u0033\\u0036-22-8145!"}';
    expect(applyRedactions(before, [at("/t", [0, 11])])).toBe(`{"t":"${MASK}!"}`);
  });

  it("leaves no half of a surrogate pair", () => {
    expect(applyRedactions('{"t":"😀ab"}', [at("/t", [1, 3])])).toBe(`{"t":"${MASK}b"}`);
  });

  it("masks overlapping findings once, named by the most severe, then the longest", () => {
    const findings = [
      at("/t", [0, 6], { type: "phone", severity: "medium" }),
      at("/t", [4, 9], { type: "credit_card" }),
      at("/t", [8, 10], { type: "us_ssn" }),
    ];
    expect(applyRedactions('{"t":"0123456789abc"}', findings)).toBe('{"t":"[REDACTED:credit_card]abc"}');
  });

  it("masks the whole leaf when a span does not fit it", () => {
    expect(applyRedactions('{"t":"abc"}', [at("/t", [2, 90])])).toBe(`{"t":"${MASK}"}`);
    expect(applyRedactions('{"t":"abc"}', [at("/t", [2, 2])])).toBe(`{"t":"${MASK}"}`);
  });

  it("does not come out at all when a finding points at nothing", () => {
    expect(() => applyRedactions('{"a":[1]}', [at("/a/1", [0, 1])])).toThrow(/points at nothing/);
    expect(() => applyRedactions('{"a":[1]}', [at("/b", [0, 1])])).toThrow(/points at nothing/);
  });

  it("masks a member that a later one of the same key hides from JSON.parse", () => {
    const before = `{"k":"first ${SSN}","k":"last ${SSN}"}`;
    expect(applyRedactions(before, [at("/k", [5, 16])])).toBe(`{"k":"${MASK}","k":"last ${MASK}"}`);
  });

  it("follows pointers with ~0, ~1 and empty steps", () => {
    const before = '{"a/b":{"~":{"":"secret"}}}';
    expect(applyRedactions(before, [at("/a~1b/~0/", [0, 6])])).toBe(`{"a/b":{"~":{"":"${MASK}"}}}`);
  });

  it("masks a key, and keeps keys apart that are masked alike", () => {
    const before = '{"ann@example.com":1,"bob@example.com":2,"x":{"eve@example.com" : 3}}';
    const email = { type: "email", onKey: true } as const;
    const findings = [
      at("/ann@example.com", [0, 15], email),
      at("/bob@example.com", [0, 15], email),
      at("/x/eve@example.com", [0, 15], email),
    ];
    expect(applyRedactions(before, findings)).toBe(
      '{"[REDACTED:email] (2)":1,"[REDACTED:email]":2,"x":{"[REDACTED:email]" : 3}}',
    );
  });

  it("masks a key and its value together", () => {
    const before = `{"${SSN}":"${SSN}"}`;
    const findings = [at(`/${SSN}`, [0, 11], { onKey: true }), at(`/${SSN}`, [0, 11])];
    expect(applyRedactions(before, findings)).toBe(`{"${MASK}":"${MASK}"}`);
  });

  it("keeps a blob decodable and makes a text of an image", () => {
    const blob = JSON.stringify({ resource: { uri: "file:///a", blob: "NTM2MjI4MTQ1" } });
    const masked = JSON.parse(applyRedactions(blob, [at("/resource/blob", [0, 12])])) as {
      resource: { blob: string };
    };
    expect(atob(masked.resource.blob)).toBe(MASK);
    const image = result({ type: "image", data: "NTM2MjI4MTQ1", mimeType: "image/png" });
    expect(applyRedactions(image, [at("/content/0/data", [0, 4])])).toBe(result(textBlock(MASK)));
  });
});

describe("JSON inside text", () => {
  const inner = (text: string): string =>
    (JSON.parse(text) as { content: { text: string }[] }).content[0]?.text ?? "";

  it("stays JSON when a number in it is masked, and keeps the bytes of the rest", () => {
    const rows = '[\n  { "id": 9007199254740993, "ssn": 536228145, "x": 1.10 }\n]';
    const before = result(textBlock(rows));
    const start = rows.indexOf("536228145");
    const after = applyRedactions(before, [at("/content/0/text", [start, start + 9], { inner: "/0/ssn" })]);
    expect(inner(after)).toBe(rows.replace("536228145", `"${MASK}"`));
  });

  it("stays JSON when a span takes quotes and structure with it", () => {
    const before = result(textBlock('{"ssn":"536228145","n":7}'));
    const after = applyRedactions(before, [at("/content/0/text", [1, 19])]);
    expect(inner(after)).toBe(`{"ssn":"${MASK}","n":7}`);
  });

  it("masks escaped characters of the inner string whole", () => {
    const before = result(textBlock('{"t":"a\\u0041\\nb"}'));
    const after = applyRedactions(before, [at("/content/0/text", [9, 14])]);
    expect(inner(after)).toBe(`{"t":"a${MASK}b"}`);
  });

  it("masks an inner key", () => {
    const before = result(textBlock('{"ann@example.com":{"n":1},"[REDACTED:us_ssn]":2}'));
    const after = applyRedactions(before, [at("/content/0/text", [2, 17], { onKey: false })]);
    expect(inner(after)).toBe(`{"${MASK} (2)":{"n":1},"${MASK}":2}`);
  });

  it("stays JSON at each of four levels", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.boolean(), (levels, asNumber) => {
        const secret = asNumber ? 536228145 : "536228145";
        let value: Json = { v: secret, keep: 'q"\\é' };
        for (let i = 0; i < levels; i++) value = { v: JSON.stringify(value), keep: [i] };
        const before = JSON.stringify(value);
        const leaf = (JSON.parse(before) as { v: string }).v;
        const start = leaf.indexOf("536228145");
        const after = redactDocument(before, [at("/v", [start, start + 9])]).text;
        let opened = JSON.parse(after) as { v: string; keep: Json };
        for (let i = levels - 1; i >= 0; i--) {
          expect(opened.keep).toEqual([i]);
          opened = JSON.parse(opened.v) as typeof opened;
        }
        expect(opened).toEqual({ v: MASK, keep: 'q"\\é' });
      }),
    );
  });
});

describe("a redacted value standing elsewhere", () => {
  it("is redacted there too: as text, as a number, as a key, inside JSON in text", () => {
    const before = JSON.stringify({
      content: [textBlock("account 7300418265."), textBlock('[{"n":7300418265,"s":"no 7300418265"}]')],
      structuredContent: { n: 7300418265, "7300418265": ["a7300418265", "7300418265"] },
    });
    const after = redactDocument(before, [at("/content/0/text", [8, 18])]).text;
    expect(JSON.parse(after)).toEqual({
      content: [textBlock(`account ${MASK}.`), textBlock(`[{"n":"${MASK}","s":"no ${MASK}"}]`)],
      structuredContent: { n: MASK, [MASK]: ["a7300418265", MASK] },
    });
  });

  it("is found when the value was found inside nested JSON", () => {
    const rows = '{"t":"pass\\"word1"}';
    const before = JSON.stringify({ a: rows, b: 'pass"word1 again' });
    expect(redactDocument(before, [at("/a", [6, 17])]).text).toBe(
      JSON.stringify({ a: `{"t":"${MASK}"}`, b: `${MASK} again` }),
    );
  });

  it("does not begin or end inside a word, nor is it part of a number, nor shorter than six characters", () => {
    const before = '{"a":"123456","b":"x123456 1234567","c":1234567,"d":0.123456,"e":"12345","f":"12345"}';
    expect(spreadRedactions(before, [at("/a", [0, 6]), at("/e", [0, 5])])).toEqual([]);
  });

  it("is reported once, and not where it was already found", () => {
    const before = `{"a":"${SSN} ${SSN}","b":"${SSN}"}`;
    expect(spreadRedactions(before, [at("/a", [0, 11])])).toEqual([at("/a", [12, 23]), at("/b", [0, 11])]);
    expect(spreadRedactions(before, findAll(before, SSN))).toEqual([]);
  });

  it("is found by its beginning when it is long", () => {
    const key = Array.from({ length: 40 }, (_, i) => `line ${i}`).join("\n");
    const before = JSON.stringify({ a: `key ${key}`, b: `again ${key} end` });
    expect(redactDocument(before, [at("/a", [4, 4 + key.length])]).text).toBe(
      JSON.stringify({ a: `key ${MASK}`, b: `again ${MASK} end` }),
    );
  });
});

describe("for random results", () => {
  interface Part {
    readonly text: string;
    readonly pointer?: string;
    readonly length?: number;
  }
  /** JSON text in parts, so that what must change is known character by character. */
  function parts(value: Json, pointer: string, escapes: boolean): Part[] {
    if (typeof value === "string") {
      const token = JSON.stringify(value);
      const text = escapes ? token.replaceAll("a", "\\u0061").replaceAll("/", "\\/") : token;
      return [{ text, pointer, length: value.length }];
    }
    if (Array.isArray(value)) {
      const items = value.flatMap((v: Json, i) => [
        { text: i > 0 ? " ,\n" : " " },
        ...parts(v, pointer + pointerStep(i), escapes),
      ]);
      return [{ text: "[" }, ...items, { text: "]" }];
    }
    if (isObject(value)) {
      const members = Object.entries(value).flatMap(([key, v], i) => [
        { text: `${i > 0 ? "," : ""}\t${JSON.stringify(key)} : ` },
        ...parts(v, pointer + pointerStep(key), escapes),
      ]);
      return [{ text: "{" }, ...members, { text: "}" }];
    }
    return [{ text: JSON.stringify(value), pointer, length: String(value).length }];
  }

  it("exactly the leaves found are replaced, and no other character", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), fc.infiniteStream(fc.boolean()), (value, escapes, coin) => {
        const all = parts(value as Json, "", escapes);
        const chosen = new Set(
          all.filter((p) => p.length !== undefined && p.length > 0 && coin.next().value),
        );
        const findings = [...chosen].map((p) => at(p.pointer ?? "", [0, p.length ?? 0]));
        const json = (p: Part): boolean => /^"\s*[[{]/.test(p.text);
        fc.pre(![...chosen].some(json));
        const before = all.map((p) => p.text).join("");
        const after = all.map((p) => (chosen.has(p) ? `"${MASK}"` : p.text)).join("");
        expect(applyRedactions(before, findings)).toBe(after);
      }),
    );
  });
});
