import { looksLikeContainer, parseContainer } from "./reader.js";

/** One row of a text, without its line end: [start, end). */
export type TextRow = readonly [start: number, end: number];

/** Every non-empty line. */
export function lineRows(text: string): TextRow[] {
  const rows: TextRow[] = [];
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const next = newline === -1 ? text.length : newline + 1;
    let end = newline === -1 ? text.length : newline;
    if (end > start && text.charCodeAt(end - 1) === 0x0d) end--;
    if (text.slice(start, end).trim() !== "") rows.push([start, end]);
    start = next;
  }
  return rows;
}

/** A parse that fails costs a hundred times one that does not. */
const MAX_BROKEN = 1000;

/**
 * Lines that are each a JSON object or array: at least two, and at least half of all lines, so that a heading
 * or a broken last line does not hide them and a quoted snippet in prose does not count.
 */
export function ndjsonRows(text: string): TextRow[] {
  if (!/^[ \t]*[[{][^\n]*[\]}][ \t\r]*$/m.test(text)) return [];
  const lines = lineRows(text);
  const rows: TextRow[] = [];
  let broken = 0;
  for (const row of lines) {
    const line = text.slice(...row);
    if (!looksLikeContainer(line)) continue;
    if (parseContainer(line) !== undefined) rows.push(row);
    else if (++broken > MAX_BROKEN && broken > rows.length) return [];
  }
  return rows.length >= 2 && rows.length * 2 >= lines.length ? rows : [];
}

/**
 * The body rows of every Markdown table, and of tables drawn with + and - as SQL shells do: a line with a
 * bar, a separator line below it, then each following line with a bar. Header and separators are not counted.
 */
export function markdownTables(text: string): TextRow[][] {
  if (!text.includes("-") || !text.includes("|")) return [];
  const tables: TextRow[][] = [];
  let table: TextRow[] | undefined;
  let header = false;
  for (const row of lineRows(text)) {
    const line = text.slice(row[0], row[1]);
    if (header && isSeparator(line)) {
      table = [];
      tables.push(table);
    } else if (!line.includes("|")) table = undefined;
    else if (table !== undefined && !isSeparator(line)) table.push(row);
    header = table === undefined && line.includes("|");
  }
  return tables.filter((rows) => rows.length > 0);
}

/** `| --- | :-: |`, `---+---`, `|---|`: nothing but bars, dashes, colons, plus signs and space. */
function isSeparator(line: string): boolean {
  if (!line.includes("-") || !(line.includes("|") || line.includes("+"))) return false;
  return /^[-|:+= \t]+$/.test(line);
}
