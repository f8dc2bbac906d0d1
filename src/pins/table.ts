/** The pins as they are stored. */
import type { Finding } from "../model/call.js";
import type { Tx } from "../store/store.js";

/** Where a tool stands, without the texts. Hashes in hex. */
export interface PinState {
  readonly tool: string;
  /** Of the definition that is trusted: as first seen, or as approved. */
  readonly hash: string;
  /** Of the definition that the server listed last. */
  readonly listed: string;
  /** Of the last definition that was another one than the trusted, until somebody approves; else null. */
  readonly changed: string | null;
  /** In the trusted definition; none once it is approved. */
  readonly findings: readonly Finding[];
  readonly changedFindings: readonly Finding[];
}

/** A downstream: a server's name means something only where it was given. */
export interface Place {
  /** The configuration file, or the digest of a command line. */
  readonly origin: string;
  readonly server: string;
}

/** A pin as people look at it. Times in milliseconds. */
export interface Pin extends PinState, Place {
  readonly firstSeen: number;
  readonly changedAt: number | null;
  readonly approvedAt: number | null;
  readonly approvedBy: string | null;
}

export interface PinTexts {
  readonly definition: string;
  readonly changedDefinition: string | null;
}

type Row<T> = Omit<T, "findings" | "changedFindings"> & {
  readonly findings: string;
  readonly changedFindings: string;
};

const STATE = "tool, hash, listed, changed, findings, changed_findings AS changedFindings";
const WHOLE = `origin, server, ${STATE}, first_seen AS firstSeen, changed_at AS changedAt, approved_at AS approvedAt,
  approved_by AS approvedBy`;
const TEXTS = "definition, changed_definition AS changedDefinition";

const NONE: readonly never[] = [];

function parse<T>(row: Row<T>): T {
  const read = (text: string): readonly Finding[] => (text === "[]" ? NONE : (JSON.parse(text) as Finding[]));
  return {
    ...row,
    findings: read(row.findings),
    changedFindings: read(row.changedFindings),
  } as T;
}

export function stateOf(tx: Tx, { origin, server }: Place, tool: string): PinState | undefined {
  const row = tx.get<Row<PinState>>(
    `SELECT ${STATE} FROM pins WHERE origin = ? AND server = ? AND tool = ?`,
    origin,
    server,
    tool,
  );
  return row && parse(row);
}

/** By tool. */
export function statesOf(tx: Tx, { origin, server }: Place): Map<string, PinState> {
  const rows = tx.all<Row<PinState>>(
    `SELECT ${STATE} FROM pins WHERE origin = ? AND server = ?`,
    origin,
    server,
  );
  return new Map(rows.map((row) => [row.tool, parse(row)]));
}

/** All pins, by server and tool. Empty for a store that is older than pins. */
export function allPins(tx: Tx): Pin[] {
  if (tx.get("SELECT 1 FROM sqlite_schema WHERE name = 'pins'") === undefined) return [];
  return tx.all<Row<Pin>>(`SELECT ${WHOLE} FROM pins ORDER BY server, tool, origin`).map((row) => parse(row));
}

export function textsOf(tx: Tx, { origin, server }: Place, tool: string): PinTexts | undefined {
  return tx.get<PinTexts>(
    `SELECT ${TEXTS} FROM pins WHERE origin = ? AND server = ? AND tool = ?`,
    origin,
    server,
    tool,
  );
}

/** What each tool of a server says of itself now. */
export function listedTexts(
  tx: Tx,
  { origin, server }: Place,
): readonly { readonly tool: string; readonly text: string }[] {
  return tx.all(
    `SELECT tool, CASE WHEN listed = changed THEN changed_definition ELSE definition END AS text
     FROM pins WHERE origin = ? AND server = ?`,
    origin,
    server,
  );
}

export function insertPin(
  tx: Tx,
  { origin, server }: Place,
  made: { readonly tool: string; readonly hash: string; readonly text: string; readonly time: number },
  findings: readonly Finding[],
): void {
  tx.run(
    `INSERT INTO pins (origin, server, tool, hash, listed, findings, changed_findings, first_seen, definition)
     VALUES (?, ?, ?, ?, ?, ?, '[]', ?, ?)`,
    origin,
    server,
    made.tool,
    made.hash,
    made.hash,
    JSON.stringify(findings),
    made.time,
    made.text,
  );
}

export function setListed(tx: Tx, { origin, server }: Place, tool: string, hash: string): void {
  tx.run(
    "UPDATE pins SET listed = ? WHERE origin = ? AND server = ? AND tool = ?",
    hash,
    origin,
    server,
    tool,
  );
}

export function setChanged(
  tx: Tx,
  { origin, server }: Place,
  made: { readonly tool: string; readonly hash: string; readonly text: string; readonly time: number },
  findings: readonly Finding[],
): void {
  tx.run(
    `UPDATE pins SET listed = ?, changed = ?, changed_findings = ?, changed_at = ?, changed_definition = ?
     WHERE origin = ? AND server = ? AND tool = ?`,
    made.hash,
    made.hash,
    JSON.stringify(findings),
    made.time,
    made.text,
    origin,
    server,
    made.tool,
  );
}

/** Adds to what was found in the definition that is listed now. */
export function addFindings(
  tx: Tx,
  { origin, server }: Place,
  pin: PinState,
  more: readonly Finding[],
): void {
  const changed = pin.listed === pin.changed;
  tx.run(
    `UPDATE pins SET ${changed ? "changed_findings" : "findings"} = ? WHERE origin = ? AND server = ? AND tool = ?`,
    JSON.stringify([...(changed ? pin.changedFindings : pin.findings), ...more]),
    origin,
    server,
    pin.tool,
  );
}

/** The definition listed last becomes the trusted one, with all that was found in it. */
export function setApproved(tx: Tx, { origin, server }: Place, tool: string, time: number, by: string): void {
  tx.run(
    `UPDATE pins SET
       definition = CASE WHEN listed = changed THEN changed_definition ELSE definition END,
       hash = listed, changed = NULL, changed_at = NULL, changed_definition = NULL,
       findings = '[]', changed_findings = '[]', approved_at = ?, approved_by = ?
     WHERE origin = ? AND server = ? AND tool = ?`,
    time,
    by,
    origin,
    server,
    tool,
  );
}
