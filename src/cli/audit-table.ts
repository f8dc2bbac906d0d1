import type { CallRecord } from "../audit/call-record.js";
import type { DecisionWord } from "../model/nouns.js";
import { table, type Column } from "./table.js";

/** Colours by meaning: red for no, yellow for changed or waiting, green for as it was. */
const COLOURS: Readonly<Record<DecisionWord, number>> = {
  allow: 32,
  allow_with_constraints: 33,
  remediate: 33,
  require_approval: 33,
  deny: 31,
};

export function paintDecision(decision: DecisionWord, text: string, color: boolean): string {
  return color ? `\u001b[${COLOURS[decision]}m${text}\u001b[0m` : text;
}

export interface CallTableOptions {
  readonly color: boolean;
  /** Of the terminal, when there is one. */
  readonly width?: number;
  readonly titles?: boolean;
}

/** One call a line. */
export function callTable(calls: readonly CallRecord[], { color, ...layout }: CallTableOptions): string {
  const columns: Column<CallRecord>[] = [
    { title: "TIME (UTC)", text: (call) => call.time.slice(5, 19).replace("T", " ") },
    { title: "WHO", text: (call) => call.principal, shrinks: true, optional: true },
    { title: "TOOL", text: (call) => `${call.server}/${call.tool}`, shrinks: true },
    {
      title: "DECISION",
      text: (call) => call.decision,
      paint: (call, cell) => paintDecision(call.decision, cell, color),
    },
    { title: "OUTCOME", text: (call) => call.outcome },
    { title: "WHY", text: whyOf, shrinks: true, optional: true },
    { title: "ROWS", text: rowsOf, right: true, optional: true },
    { title: "ID", text: (call) => call.id },
  ];
  return table(columns, calls, layout);
}

function whyOf({ category, type, rule }: CallRecord): string {
  const what = [category, type].filter((part) => part !== null).join("/");
  return what || (rule ?? "-");
}

function rowsOf({ rows }: CallRecord): string {
  if (rows === undefined) return "-";
  return rows.released === rows.received ? `${rows.received}` : `${rows.released} of ${rows.received}`;
}
