import { SallyportError } from "../../model/errors.js";
import { bodiesOf } from "./bodies.js";
import type { Bodies } from "./bodies.js";
import { csvTables } from "./csv.js";
import { arraysAt, parsePath, recordArrays, rootArray } from "./json-rows.js";
import type { Reader } from "./reader.js";
import { jsonSegments } from "./segments.js";
import type { TextRow } from "./text-rows.js";
import { lineRows, markdownTables, ndjsonRows } from "./text-rows.js";

/** Rows that stand together and are cut from their end. */
export type Place<N> =
  | { readonly kind: "items"; readonly array: N; readonly rows: number }
  | { readonly kind: "text"; readonly string: N; readonly spans: readonly TextRow[]; readonly rows: number }
  | {
      readonly kind: "blocks";
      readonly array: N;
      readonly indexes: readonly number[];
      readonly rows: number;
    };

/** The rows of a result. `shown` and `structured` say the same twice, so the larger one counts. */
export interface FoundRows<N> {
  readonly rule: string;
  readonly rows: number;
  readonly shown: readonly Place<N>[];
  readonly structured: readonly Place<N>[];
}

interface Side<N> {
  readonly rule: string;
  readonly rows: number;
  readonly places: readonly Place<N>[];
}

type JsonRule<N> = (root: N, reader: Reader<N>) => N[];
type TextRule = (text: string) => TextRow[][];

/** Blocks of a list, one JSON object each (as FastMCP sends lists), or one text for each structured row. */
const BLOCKS = "blocks";
const NESTED_STRINGS = 2;

function jsonRule<N>(rule: string): JsonRule<N> | undefined {
  if (rule === "json-array") return rootArray;
  if (rule === "any-array") return recordArrays;
  const path = parsePath(rule);
  return path && ((root, reader) => arraysAt(root, reader, path));
}

const TEXT_RULES: Readonly<Record<string, TextRule>> = {
  ndjson: (text) => [ndjsonRows(text)],
  csv: (text) => csvTables(text, ","),
  tsv: (text) => csvTables(text, "\t"),
  markdown: markdownTables,
  lines: (text) => [lineRows(text)],
};

/** Whether `rule` is one that findRows knows. */
export function isRowRule(rule: string): boolean {
  return rule === "resources" || Object.hasOwn(TEXT_RULES, rule) || jsonRule(rule) !== undefined;
}

/** Finds the rows of a result by the first rule of `from` that each of its bodies satisfies. */
export function findRows<N>(result: N, reader: Reader<N>, from: readonly string[]): FoundRows<N> {
  const unknown = from.find((rule) => !isRowRule(rule));
  if (unknown !== undefined)
    throw new SallyportError("data_invalid", `unknown row rule ${JSON.stringify(unknown)}`);
  const bodies = bodiesOf(result, reader);
  const structured = together(bodies.structured.map((body) => rowsOf(body, reader, from, 0)));
  const texts = together(bodies.shown.map((body) => rowsOf(body, reader, from, 0)));
  const shown = blockRows(bodies, reader, from, texts, structured.rows) ?? texts;
  const main = shown.rows >= structured.rows ? shown : structured;
  return {
    rule: main.rows === 0 ? "none" : main.rule,
    rows: main.rows,
    shown: shown.places,
    structured: structured.places,
  };
}

function together<N>(sides: readonly Side<N>[]): Side<N> {
  const full = sides.filter((side) => side.rows > 0);
  const rows = full.reduce((all, side) => all + side.rows, 0);
  return { rule: full[0]?.rule ?? "none", rows, places: full.flatMap((side) => side.places) };
}

/** The rows of one body: a text, or a JSON value. */
function rowsOf<N>(body: N, reader: Reader<N>, from: readonly string[], depth: number): Side<N> {
  const text = reader.text(body);
  if (text === undefined) {
    const side = jsonSide([body], reader, from);
    if (side.rows > 0 || depth >= NESTED_STRINGS) return side;
    // {"result": "[{…}, …]"}: frameworks wrap a tool that returns a string.
    const members = (reader.keys(body) ?? []).map((key) => reader.member(body, key));
    const strings = members
      .filter((value) => value !== undefined)
      .filter((value) => reader.text(value) !== undefined);
    return together(strings.map((value) => rowsOf(value, reader, from, depth + 1)));
  }
  const whole = reader.parse(body, 0, text.length);
  if (whole !== undefined) return rowsOf(whole, reader, from, depth + 1);
  let parts: N[] | undefined;
  for (const rule of from) {
    const byText = Object.hasOwn(TEXT_RULES, rule) ? TEXT_RULES[rule] : undefined;
    if (byText !== undefined) {
      const tables = byText(text).filter((spans) => spans.length > 0);
      const places = tables.map((spans) => ({
        kind: "text" as const,
        string: body,
        spans,
        rows: spans.length,
      }));
      if (places.length > 0) return side(rule, places);
    } else {
      parts ??= segmentsOf(body, text, reader);
      const found = jsonSide(parts, reader, [rule]);
      if (found.rows > 0) return found;
    }
  }
  return NOTHING;
}

const NOTHING = { rule: "none", rows: 0, places: [] } as const;

function side<N>(rule: string, places: readonly Place<N>[]): Side<N> {
  return { rule, rows: places.reduce((all, place) => all + place.rows, 0), places };
}

function jsonSide<N>(roots: readonly N[], reader: Reader<N>, from: readonly string[]): Side<N> {
  for (const rule of from) {
    const arrays = roots.flatMap((root) => jsonRule<N>(rule)?.(root, reader) ?? []);
    const places = arrays.map((array) => ({
      kind: "items" as const,
      array,
      rows: reader.items(array)?.length ?? 0,
    }));
    const found = side(rule, places);
    if (found.rows > 0) return found;
  }
  return NOTHING;
}

/** JSON that stands in a longer text. Not of NDJSON: there each line is a row, whatever it holds. */
function segmentsOf<N>(body: N, text: string, reader: Reader<N>): N[] {
  if (ndjsonRows(text).length > 0) return [];
  // No flatMap: a node may itself be an array.
  return jsonSegments(text)
    .map(({ start, end }) => reader.parse(body, start, end))
    .filter((node) => node !== undefined);
}

/** Rows that are blocks of `content`: resources, or a list sent as one text block for each element. */
function blockRows<N>(
  { content }: Bodies<N>,
  reader: Reader<N>,
  from: readonly string[],
  texts: Side<N>,
  structuredRows: number,
): Side<N> | undefined {
  if (content === undefined) return undefined;
  const blocks = (rule: string, indexes: readonly number[]): Side<N> => ({
    rule,
    rows: indexes.length,
    places: [{ kind: "blocks", array: content.array, indexes, rows: indexes.length }],
  });
  if (from.includes("json-array") || from.includes("any-array")) {
    const count = content.texts.length;
    const longest = texts.places.reduce((most, place) => Math.max(most, place.rows), 0);
    const mirror = texts.rows === 0 && count === structuredRows;
    if (
      count >= 2 &&
      longest <= count &&
      (mirror || content.texts.every((text) => isJsonObject(text, reader)))
    ) {
      return blocks(BLOCKS, content.textAt);
    }
  }
  const resources = from.includes("resources") && texts.rows === 0 && content.resourcesAt.length > 0;
  return resources ? blocks("resources", content.resourcesAt) : undefined;
}

function isJsonObject<N>(node: N, reader: Reader<N>): boolean {
  const parsed = reader.parse(node, 0, reader.text(node)?.length ?? 0);
  return parsed !== undefined && reader.keys(parsed) !== undefined;
}
