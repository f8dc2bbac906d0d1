import type { TextRow } from "./text-rows.js";

interface CsvRecord {
  readonly start: number;
  readonly end: number;
  readonly fields: number;
  /** Offset of the record that follows. */
  readonly next: number;
}

const MAX_HEADER_FIELD = 64;

/**
 * The data rows of a text that is CSV (`,`) or TSV (tab) as a whole: at least two columns, the same number in
 * every record (of ten records or more, one in twenty may differ: a ragged line must not hide the rest).
 * Quoted fields may hold line ends. The first record is a header, not counted, when its fields are distinct
 * names: a letter or _ first, at most three words, no space around. Without one, some column must be numeric
 * in all of the first records, or it may be prose.
 */
function csvRows(text: string, delimiter: "," | "\t"): TextRow[] {
  const first = recordAt(text, 0, delimiter);
  if (first === undefined || first.fields < 2) return [];
  const header = isHeader(fieldsOf(text, first, delimiter));
  const rows: TextRow[] = header ? [] : [[first.start, first.end]];
  const sample = header ? [] : [fieldsOf(text, first, delimiter)];
  let ragged = 0;
  for (let at = first.next; at < text.length;) {
    const record = recordAt(text, at, delimiter);
    if (record === undefined) return [];
    at = record.next;
    if (record.fields === 1 && text.slice(record.start, record.end).trim() === "") continue;
    if (record.fields !== first.fields) ragged++;
    else if (!header && sample.length < 5) sample.push(fieldsOf(text, record, delimiter));
    rows.push([record.start, record.end]);
    if (ragged > 0 && rows.length >= 100 && ragged * 20 > rows.length) return [];
  }
  const count = rows.length + (header ? 1 : 0);
  if (count < (header ? 2 : 3) || ragged * 20 > (count >= 10 ? count : 0)) return [];
  return header || hasNumericColumn(sample) ? rows : [];
}

/** The record from `start`; undefined when a quote is not closed. */
function recordAt(text: string, start: number, delimiter: string): CsvRecord | undefined {
  const comma = delimiter.charCodeAt(0);
  let fields = 1;
  let at = start;
  let fieldStart = true;
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 0x22 && fieldStart) {
      at = closingQuote(text, at + 1);
      if (at === -1) return undefined;
    } else if (c === 0x0a) break;
    else if (c === comma) {
      fields++;
      fieldStart = true;
      continue;
    }
    fieldStart = false;
  }
  const end = at > start && text[at - 1] === "\r" ? at - 1 : at;
  return { start, end, fields, next: at + 1 };
}

function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at !== -1 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

function fieldsOf(text: string, { start, end }: CsvRecord, delimiter: string): string[] {
  const fields: string[] = [];
  for (let at = start; at <= end;) {
    const quoted = text[at] === '"';
    const from = quoted ? closingQuote(text, at + 1) + 1 : at;
    const found = text.indexOf(delimiter, from);
    const stop = found === -1 || found > end ? end : found;
    fields.push(quoted ? text.slice(at + 1, from - 1) : text.slice(at, stop));
    at = stop + 1;
  }
  return fields;
}

function isHeader(fields: readonly string[]): boolean {
  return (
    new Set(fields).size === fields.length &&
    fields.every(
      (f) =>
        f.length <= MAX_HEADER_FIELD &&
        /^[\p{L}_][^\s,;|]*(?: [^\s,;|]+){0,2}$/u.test(f) &&
        !/[.!?:]$/.test(f),
    )
  );
}

function hasNumericColumn(records: readonly (readonly string[])[]): boolean {
  const first = records[0] ?? [];
  return first.some((_, column) => records.every((r) => /^-?\d[\d.:/TZ -]*$/.test(r[column] ?? "")));
}

/**
 * CSV or TSV as a whole text, else in its code fences, else in its paragraphs (a sentence before, a count
 * after).
 */
export function csvTables(text: string, delimiter: "," | "\t"): TextRow[][] {
  if (!text.includes(delimiter)) return [];
  const whole = csvRows(text, delimiter);
  if (whole.length > 0) return [whole];
  const fenced = [...text.matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm)].map((m) => {
    const start = m.index + m[0].indexOf("\n") + 1;
    return [start, start + (m[1] ?? "").length] as const;
  });
  const parts = fenced.length > 0 ? fenced : paragraphs(text);
  return parts.map(([start, end]) =>
    csvRows(text.slice(start, end), delimiter).map(([from, to]) => [start + from, start + to] as const),
  );
}

function paragraphs(text: string): TextRow[] {
  const parts: TextRow[] = [];
  let start = 0;
  for (const gap of text.matchAll(/\r?\n[ \t]*\r?\n/g)) {
    parts.push([start, gap.index]);
    start = gap.index + gap[0].length;
  }
  return [...parts, [start, text.length]];
}
