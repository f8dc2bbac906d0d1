import type { CallRecord } from "../call-record.js";

type Cell = string | number | boolean | null | undefined;

/** Columns in the order in which people read them. */
const COLUMNS: readonly (readonly [title: string, cell: (call: CallRecord) => Cell])[] = [
  ["id", (call) => call.id],
  ["time", (call) => call.time],
  ["principal", (call) => call.principal],
  ["client", (call) => call.client],
  ["session", (call) => call.session],
  ["server", (call) => call.server],
  ["tool", (call) => call.tool],
  ["connector", (call) => call.connector],
  ["operation", (call) => call.operation],
  ["environment", (call) => call.environment],
  ["decision", (call) => call.decision],
  ["outcome", (call) => call.outcome],
  ["category", (call) => call.category],
  ["type", (call) => call.type],
  ["rule", (call) => call.rule],
  ["reason", (call) => call.reason],
  ["rows_received", (call) => call.rows?.received],
  ["rows_released", (call) => call.rows?.released],
  ["bytes_received", (call) => call.bytes?.received],
  ["bytes_released", (call) => call.bytes?.released],
  ["is_error", (call) => call.is_error],
  ["duration_ms", (call) => call.duration_ms],
  ["fail_closed", (call) => call.fail_closed],
  ["snapshot", (call) => call.snapshot],
  ["seq", (call) => call.seq],
];

/** RFC 4180, a header line first. */
export function csvHeader(): string {
  return `${COLUMNS.map(([title]) => title).join(",")}\r\n`;
}

export function csvLine(call: CallRecord): string {
  return `${COLUMNS.map(([, cell]) => csvCell(cell(call))).join(",")}\r\n`;
}

/**
 * Names come from clients and servers, and a spreadsheet runs what begins like a formula: such a cell gets an apostrophe
 * in front, which spreadsheets take for "this is text". Full-width signs count too: some imports narrow them.
 */
export function csvCell(value: Cell): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const safe = /^\s*[=+\-@|%＝＋－＠\t\r\n]/u.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) || safe !== value ? `"${safe.replaceAll('"', '""')}"` : safe;
}
