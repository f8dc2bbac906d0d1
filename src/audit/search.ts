import { SallyportError } from "../model/errors.js";
import type { Category, DecisionWord } from "../model/nouns.js";
import type { Param, Store, Tx } from "../store/store.js";
import { flatten, type CallOutcome, type CallRecord, type Gates } from "./call-record.js";
import type { DecisionBody, OutcomeBody } from "./record.js";

export interface SearchFilter {
  /** Principal id. */
  readonly who?: string;
  readonly tool?: string;
  readonly server?: string;
  readonly decision?: DecisionWord;
  readonly outcome?: CallOutcome;
  /** Of a deciding rule or of any finding, at either gate. */
  readonly category?: Category;
  /** A deciding rule, or a detector that found something, at either gate. */
  readonly rule?: string;
  /** The id of an approval: calls that waited for it, or that it let through. */
  readonly approval?: string;
  /** In the redacted previews of arguments or result, whatever the case. */
  readonly text?: string;
  /** Milliseconds since the epoch: from, and before. */
  readonly since?: number;
  readonly until?: number;
}

interface CallRow {
  readonly seq: number;
  readonly body: string;
  readonly outcome: string | null;
}

const JOINED = `SELECT d.seq AS seq, d.body AS body, o.body AS outcome
  FROM records d LEFT JOIN records o ON o.ref = d.id WHERE d.kind = 'decision' AND d.body IS NOT NULL`;

/** The newest calls that match, newest first, at most `limit`. */
export function search(store: Store, filter: SearchFilter, limit: number): CallRecord[] {
  return store.read((tx) => {
    const found: CallRecord[] = [];
    for (const row of candidates(tx, filter)) {
      if (found.length >= limit) break;
      const { call, gates } = parseRow(row);
      if (matches(call, gates, filter)) found.push(call);
    }
    return found;
  });
}

/** The call that a decision's id names. */
export function findCall(
  store: Store,
  id: string,
): { readonly call: CallRecord; readonly gates: Gates } | undefined {
  return store.read((tx) => {
    const row = tx.get<CallRow>(`${JOINED} AND d.id = ?`, id);
    return row && parseRow(row);
  });
}

/** Every call that matches, oldest first, without holding them all. `visit` must not use the store. */
export function eachCall(
  store: Store,
  filter: SearchFilter,
  visit: (call: CallRecord, gates: Gates) => void,
): void {
  store.read((tx) => {
    for (const row of candidates(tx, filter, "ASC")) {
      const { call, gates } = parseRow(row);
      if (matches(call, gates, filter)) visit(call, gates);
    }
  });
}

/** Calls finished after record `after`, oldest first, and the newest record seen: for following a store. */
export function finishedSince(store: Store, after: number): { calls: CallRecord[]; last: number } {
  return store.read((tx) => {
    const last = tx.get<{ last: number | null }>("SELECT max(seq) AS last FROM records")?.last ?? after;
    const rows = tx.all<CallRow>(
      `SELECT d.seq AS seq, d.body AS body, o.body AS outcome
       FROM records n
       JOIN records d ON d.id = coalesce(n.ref, n.id) LEFT JOIN records o ON o.ref = d.id
       WHERE n.seq > ? AND n.kind IN ('decision', 'outcome') AND d.body IS NOT NULL
         AND (o.seq IS NULL OR n.kind = 'outcome') ORDER BY n.seq`,
      after,
    );
    const calls = rows.map((row) => parseRow(row).call).filter((call) => call.outcome !== "open");
    return { calls, last };
  });
}

/** SQL narrows by text that the record must hold as written; the exact test is `matches`. */
function candidates(tx: Tx, filter: SearchFilter, order: "ASC" | "DESC" = "DESC"): IterableIterator<CallRow> {
  const { who, tool, server, since, until } = filter;
  const held: string[] = [];
  if (who !== undefined) held.push(`"id":${JSON.stringify(who)}`);
  if (tool !== undefined) held.push(`"tool":${JSON.stringify(tool)}`);
  if (server !== undefined) held.push(`"server":${JSON.stringify(server)}`);
  let sql = JOINED;
  const params: Param[] = [];
  for (const text of held) {
    sql += " AND instr(d.body, ?) > 0";
    params.push(text);
  }
  if (since !== undefined) {
    sql += " AND d.time >= ?";
    params.push(since);
  }
  if (until !== undefined) {
    sql += " AND d.time < ?";
    params.push(until);
  }
  return tx.each<CallRow>(`${sql} ORDER BY d.seq ${order}`, ...params);
}

function parseRow(row: CallRow): { call: CallRecord; gates: Gates } {
  try {
    const output = row.outcome === null ? undefined : (JSON.parse(row.outcome) as OutcomeBody);
    const gates = { input: JSON.parse(row.body) as DecisionBody, output };
    return { call: flatten(row.seq, gates), gates };
  } catch (cause) {
    throw illegible(row.seq, cause);
  }
}

/** A body that is not what we wrote. Leaving it out would hide a call from whoever searches for it. */
export function illegible(seq: number, cause: unknown): SallyportError {
  return new SallyportError(
    "store_unavailable",
    `record ${seq} cannot be read`,
    { fix: "run sallyport audit verify" },
    { cause },
  );
}

/** Whether the call is one that the filter asks for; times are not looked at. */
export function matches(call: CallRecord, { input, output }: Gates, filter: SearchFilter): boolean {
  const { who, tool, server, decision, outcome, category, rule, approval, text } = filter;
  if (who !== undefined && call.principal !== who) return false;
  if (tool !== undefined && call.tool !== tool) return false;
  if (server !== undefined && call.server !== server) return false;
  if (decision !== undefined && call.decision !== decision) return false;
  if (outcome !== undefined && call.outcome !== outcome) return false;
  const rules = [...input.rules, ...(output?.rules ?? [])];
  if (category !== undefined) {
    const spoken = [...rules, ...call.findings];
    if (!spoken.some((one) => one.category === category)) return false;
  }
  if (approval !== undefined && call.approval?.id !== approval) return false;
  if (text !== undefined) {
    const shown = `${input.args.preview ?? ""}\n${output?.preview ?? ""}`.toLowerCase();
    if (!shown.includes(text.toLowerCase())) return false;
  }
  if (rule === undefined) return true;
  return rules.some((ref) => ref.rule === rule) || call.findings.some((count) => count.detector === rule);
}
