import { expect, test } from "vitest";
import { withoutMirrors } from "../../src/gate/mirror.js";
import type { Json } from "../../src/model/json.js";

const rows = Array.from({ length: 200 }, (_, id) => ({ id, name: "kettle" }));
const saying = (...texts: string[]) => texts.map((text) => ({ type: "text", text }));
const texts = (value: Json | undefined) =>
  (value as { content: { text: string }[] } | undefined)?.content.map(({ text }) => text);

test("a text that repeats the structured content, or its rows, is left out, compact or indented", () => {
  const mirrors = [{ rows }, rows].flatMap((each) => [JSON.stringify(each), JSON.stringify(each, null, 2)]);
  const seen = withoutMirrors({ content: saying(...mirrors, "a remark"), structuredContent: { rows } });
  expect(texts(seen)).toEqual(["", "", "", "", "a remark"]);
});

test("a text that differs in one character is kept", () => {
  const almost = JSON.stringify(rows).replace('"kettle"', '"kettlf"');
  expect(withoutMirrors({ content: saying(almost), structuredContent: { rows } })).toBeUndefined();
  const twice = JSON.stringify(rows).replace('{"id":0', '{"id":7,"id":0');
  expect(withoutMirrors({ content: saying(twice), structuredContent: { rows } })).toBeUndefined();
});

test("without structured content there is nothing to mirror", () => {
  expect(withoutMirrors({ content: saying(JSON.stringify(rows)) })).toBeUndefined();
  expect(withoutMirrors("x")).toBeUndefined();
});
