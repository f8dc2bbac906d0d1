import type { Finding } from "../model/call.js";
import { changesBetween, fieldsOf } from "../pins/fields.js";
import { findingsOf } from "../pins/learn.js";
import type { Pin, PinTexts } from "../pins/table.js";
import { visible } from "../pins/visible.js";
import { diffWords, type Piece } from "../pins/word-diff.js";
import { table, type Column } from "./table.js";

const HASH = 12;

function stateWord(pin: Pin): "changed" | "approved" | "first seen" {
  return pin.changed !== null ? "changed" : pin.approvedAt !== null ? "approved" : "first seen";
}

/** One tool a line. */
export function pinTable(pins: readonly Pin[], color: boolean, width?: number): string {
  const columns: Column<Pin>[] = [
    { title: "TOOL", text: ({ server, tool }) => `${server}/${tool}` },
    {
      title: "STATE",
      text: stateWord,
      paint: (pin, cell) => paint(findingsOf(pin).length > 0 ? "removed" : "added", cell, color),
    },
    { title: "FOUND", text: (pin) => typesOf(pin).join(", ") || "-", shrinks: true },
    { title: "SINCE (UTC)", text: (pin) => time(sinceOf(pin)), optional: true },
    { title: "HASH", text: ({ listed }) => listed.slice(0, HASH), optional: true },
    ...(new Set(pins.map(({ origin }) => origin)).size > 1
      ? [{ title: "CONFIGURED IN", text: ({ origin }: Pin) => origin, shrinks: true, optional: true }]
      : []),
  ];
  return table(columns, pins, width === undefined ? {} : { width });
}

/** A pin for programs. */
export function pinJson(pin: Pin): object {
  const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  return {
    server: pin.server,
    tool: pin.tool,
    origin: pin.origin,
    state: stateWord(pin).replace(" ", "_"),
    hash: pin.hash,
    listed: pin.listed,
    findings: findingsOf(pin),
    first_seen: iso(pin.firstSeen),
    changed_at: iso(pin.changedAt),
    approved_at: iso(pin.approvedAt),
    approved_by: pin.approvedBy,
  };
}

/** What is trusted, what is listed, every difference, and what was found. */
export function diffText(pin: Pin, texts: PinTexts, color: boolean): string {
  const { definition, changedDefinition } = texts;
  const approved =
    pin.approvedAt === null ? "" : `, approved by ${visible(pin.approvedBy ?? "")} ${time(pin.approvedAt)}`;
  const lines = [
    `${visible(`${pin.server}/${pin.tool}`)}: ${stateWord(pin)}`,
    `  trusted  ${pin.hash.slice(0, HASH)}  first seen ${time(pin.firstSeen)}${approved}`,
  ];
  if (pin.changed !== null)
    lines.push(`  changed  ${pin.changed.slice(0, HASH)}  ${time(pin.changedAt ?? 0)}`);
  if (pin.changed !== null && pin.listed === pin.hash)
    lines.push("  The server has gone back to the trusted definition since.");
  lines.push("");
  if (changedDefinition === null) {
    for (const { pointer, text } of fieldsOf(definition))
      lines.push(visible(pointer.slice(1)), `    ${visible(text)}`);
  } else {
    for (const { pointer, before, after } of changesBetween(definition, changedDefinition)) {
      lines.push(visible(pointer.slice(1)));
      for (const piece of pieces(before, after)) lines.push(line(piece, color));
    }
  }
  const found = findingsOf(pin);
  if (found.length > 0) lines.push("", "found", ...found.map(foundLine));
  return `${lines.join("\n")}\n`;
}

/** Hidden characters are made visible first, so that one that came or went is seen as a change. */
function pieces(before: string | undefined, after: string | undefined): Piece[] {
  if (before === undefined) return [{ kind: "added", text: visible(after ?? "") }];
  if (after === undefined) return [{ kind: "removed", text: visible(before) }];
  return diffWords(visible(before), visible(after));
}

const SIGN = { same: " ", removed: "-", added: "+" } as const;

/** Text that stayed is there to find one's way; a page of it is not. */
const CONTEXT = 160;

function line({ kind, text }: Piece, color: boolean): string {
  const long = kind === "same" && text.length > CONTEXT;
  const shown = long ? `${text.slice(0, CONTEXT / 2)} … ${text.slice(-CONTEXT / 2)}` : text;
  return paint(kind, `  ${SIGN[kind]} ${shown.trimEnd()}`, color);
}

const COLOURS = { same: undefined, removed: 31, added: 32 } as const;

function paint(kind: Piece["kind"], text: string, color: boolean): string {
  const code = COLOURS[kind];
  return color && code !== undefined ? `\u001b[${code}m${text}\u001b[0m` : text;
}

function foundLine({ severity, type, pointer, detector }: Finding): string {
  return `  ${severity.padEnd(8)}  ${type}  ${visible(pointer)}  ${detector}`;
}

export function typesOf(pin: Pin): string[] {
  return [...new Set(findingsOf(pin).map(({ type }) => type))];
}

function sinceOf(pin: Pin): number {
  return pin.changedAt ?? pin.approvedAt ?? pin.firstSeen;
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}
