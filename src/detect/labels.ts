/**
 * Names beside values in plain text: the header of a CSV or Markdown table, `Name: Ann Lee` on a line of its own,
 * `"name": "Ann Lee"` in a snippet. A name in such a place means what a JSON key means.
 */
import type { Frame } from "./frame.js";

/** A value in a text and the name it stands under. Offsets in UTF-16 units of the text. */
export interface Labelled {
  readonly start: number;
  readonly end: number;
  readonly key: string;
  readonly frame: Frame;
  /** It stands in a table, not on a line of prose or code. */
  readonly cell: boolean;
}

/** Longer texts are files, not records; their patterns are still looked for. UTF-16 units. */
const MAX_TEXT = 1 << 20;
const MAX_COLUMNS = 128;
const MAX_VALUE = 300;
const MAX_LABELS = 2000;

/** Values that stand under a name which `matters`. Nothing is looked at twice; time is linear in the text. */
export function labelled(text: string, matters: (key: string) => boolean): Labelled[] {
  if (text.length < 8 || text.length > MAX_TEXT) return [];
  const table = text.includes("\n") ? cells(text, matters) : [];
  return table.length > 0 ? table : pairs(text, matters);
}

const PAIR =
  /(?:^|\n)[ \t>*#-]{0,8}([\p{L}][\p{L}\p{M}\p{N} _.'’-]{0,39}?)[*_]{0,2}[ \t]{0,4}[:=：][*_ \t]{0,6}([^\n\r]{1,300})|["']([\p{L}_][\p{L}\p{M}\p{N} _.-]{0,39})["'][ \t]{0,3}(?::|=>|=)[ \t]{0,3}(?:"([^"\n]{1,300})"|'([^'\n]{1,300})'|(\d[\d.-]{2,20}))/gu;

function pairs(text: string, matters: (key: string) => boolean): Labelled[] {
  // One line that starts with a digit is a time or an address, and has no names in it.
  if (!/[:=：]/.test(text) || !/\n|["']|^[\s>*#-]{0,8}\p{L}/u.test(text)) return [];
  const found: { key: string; start: number; end: number }[] = [];
  for (const m of text.matchAll(PAIR)) {
    if (found.length >= MAX_LABELS) break;
    const key = m[1] ?? m[3] ?? "";
    const value = (m[2] ?? m[4] ?? m[5] ?? m[6] ?? "").replace(/[\s,;*]+$/, "");
    const whole = m[0];
    const start = m.index + whole.lastIndexOf(value);
    if (value !== "") found.push({ key, start, end: start + value.length });
  }
  const frame: Frame = { parent: undefined, keys: found.map((each) => each.key) };
  return found
    .filter((each) => matters(each.key))
    .map(({ key, start, end }) => ({ start, end, key, frame, cell: false }));
}

/** Cells of a table whose first line names its columns, under the names that matter. */
function cells(text: string, matters: (key: string) => boolean): Labelled[] {
  const start = /\S/.exec(text)?.index ?? 0;
  const end = text.indexOf("\n", start);
  if (end === -1 || end - start > 4096) return [];
  const separator = ["\t", "|", ";", ","].find((c) => text.slice(start, end).includes(c));
  if (separator === undefined) return [];
  const header = split(text, start, end, separator).map(([from, to]) => text.slice(from, to));
  // Names, not data: a first row of values would lend its meaning to everything below.
  if (header.length < 2 || header.length > MAX_COLUMNS || !header.every((name) => NAME.test(name))) return [];
  const wanted = header.map(matters);
  if (!wanted.includes(true)) return [];
  const frame: Frame = { parent: undefined, keys: header };
  const out: Labelled[] = [];
  for (let at = end + 1; at < text.length;) {
    const stop = text.indexOf("\n", at);
    const to = stop === -1 ? text.length : stop;
    const row = split(text, at, to, separator);
    if (row.length === header.length)
      row.forEach(([from, until], i) => {
        if (wanted[i] === true && until > from && until - from <= MAX_VALUE)
          out.push({ start: from, end: until, key: header[i] as string, frame, cell: true });
      });
    at = to + 1;
  }
  return out;
}
const NAME = /^[\p{L}_#][\p{L}\p{M}\p{N} _.#()/'-]{0,48}$/u;

/** Fields of one line, without quotes, outer bars and white space. */
function split(text: string, start: number, end: number, separator: string): [from: number, to: number][] {
  const fields: [number, number][] = [];
  let from = start;
  let quoted = false;
  for (let i = start; i <= end; i++) {
    if (i < end && text[i] === '"') quoted = !quoted;
    if (i < end && (quoted || text[i] !== separator)) continue;
    fields.push(trimmed(text, from, i));
    from = i + 1;
  }
  if (separator === "|") {
    const outer = (field: [number, number] | undefined): boolean =>
      field !== undefined && field[0] >= field[1];
    if (outer(fields[0])) fields.shift();
    if (outer(fields.at(-1))) fields.pop();
  }
  return fields;
}

function trimmed(text: string, start: number, end: number): [number, number] {
  let from = start;
  let to = end;
  while (from < to && /[\s"]/.test(text[from] as string)) from++;
  while (to > from && /[\s"]/.test(text[to - 1] as string)) to--;
  return [from, to];
}

/** Names of columns where rows are arrays: `columns` beside `rows`, or a first row of names. */
export function columnNames(member: (name: string) => unknown): readonly string[] | undefined {
  for (const at of ["columns", "column_names", "columnNames", "fields", "header", "headers", "cols"]) {
    const list = member(at);
    if (!Array.isArray(list) || list.length === 0 || list.length > MAX_COLUMNS) continue;
    const names = (list as unknown[]).map((each) =>
      typeof each === "object" && each !== null ? nameOf(each as Readonly<Record<string, unknown>>) : each,
    );
    if (names.every((name) => typeof name === "string")) return names;
  }
  return undefined;
}

function nameOf(column: Readonly<Record<string, unknown>>): unknown {
  return column["name"] ?? column["column"] ?? column["column_name"] ?? column["field"] ?? column["label"];
}

/** The first of several equally long rows, when all of it reads as names. */
export function headerRow(rows: readonly unknown[]): readonly string[] | undefined {
  const [first, second] = rows;
  if (!Array.isArray(first) || !Array.isArray(second) || first.length < 2 || first.length !== second.length)
    return undefined;
  const names = first as unknown[];
  return names.length <= MAX_COLUMNS && names.every((name) => typeof name === "string" && NAME.test(name))
    ? (names as string[])
    : undefined;
}
