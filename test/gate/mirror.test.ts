import { expect, test } from "vitest";
import { withoutMirrors } from "../../src/gate/mirror.js";
import type { Json } from "../../src/model/json.js";

const rows = Array.from({ length: 200 }, (_, id) => ({ id, name: "kettle" }));
const saying = (...texts: string[]) => texts.map((text) => ({ type: "text", text }));
const look = (result: Json) => withoutMirrors(result, JSON.stringify(result));
const texts = (value: Json | undefined) =>
  (value as { content: { text: string }[] } | undefined)?.content.map(({ text }) => text);

test("a text that repeats the structured content, or its rows, is left out, compact or indented", () => {
  const mirrors = [{ rows }, rows].flatMap((each) => [JSON.stringify(each), JSON.stringify(each, null, 2)]);
  const seen = look({ content: saying(...mirrors, "a remark"), structuredContent: { rows } });
  expect(texts(seen)).toEqual(["", "", "", "", "a remark"]);
});

test("a text that differs in one character is kept", () => {
  const almost = JSON.stringify(rows).replace('"kettle"', '"kettlf"');
  expect(look({ content: saying(almost), structuredContent: { rows } })).toBeUndefined();
  const twice = JSON.stringify(rows).replace('{"id":0', '{"id":7,"id":0');
  expect(look({ content: saying(twice), structuredContent: { rows } })).toBeUndefined();
});

test("without structured content there is nothing to mirror", () => {
  expect(look({ content: saying(JSON.stringify(rows)) })).toBeUndefined();
  expect(look("x")).toBeUndefined();
});

/** As a server writes it, with `more` behind it. */
const written = (content: string[], structured: string, more = ""): [Json, string] => {
  const text = `{"content":${JSON.stringify(saying(...content))},"structuredContent":${structured}${more}}`;
  return [JSON.parse(text) as Json, text];
};

test("letter for letter the same is the same, however it is written", () => {
  const odd = `{"rows": ${JSON.stringify(rows).replace('"id":0', '"id":0.0')}}`;
  expect(texts(withoutMirrors(...written([odd], odd)))).toEqual([""]);
  expect(texts(withoutMirrors(...written([odd], odd, ',"isError":false,"_meta":{"a":[1]}')))).toEqual([""]);
  const list = JSON.stringify(rows, null, 1);
  expect(texts(withoutMirrors(...written([list], `{ "result" : ${list} }`)))).toEqual([""]);
});

test("what only looks like the structured content is not taken for it", () => {
  const said = JSON.stringify({ rows }).replace('"id":0', '"id":0.0');
  const other = '{"rows":[]}';
  // A later one of its name counts; one that something else holds does not; nor does one that is only said.
  expect(withoutMirrors(...written([said], said, `,"structuredContent":${other}`))).toBeUndefined();
  expect(withoutMirrors(...written([said], said, `,"structured\\u0043ontent":${other}`))).toBeUndefined();
  expect(withoutMirrors(...written([said], other, `,"more":{"structuredContent":${said}}`))).toBeUndefined();
  const list = said.slice('{"rows":'.length, -1);
  expect(withoutMirrors(...written([list], `{"rows":${list},"rows":[]}`))).toBeUndefined();
  for (const rows of ["0", "[]"]) {
    const last = `,"structuredContent":{"list":${rows}}`;
    expect(withoutMirrors(...written([list], `{"list":${list}}`, last))).toBeUndefined();
  }
});
