import { isObject } from "../model/json.js";
import type { Store, Tx } from "../store/store.js";
import { chainHash, GENESIS, refOf } from "./chain.js";
import { hasCheckpoints, lastCheckpoint, originOf } from "./checkpoints.js";
import { erasedCheck } from "./erased.js";
import { clockCheck } from "./clock.js";
import type { Verifier } from "./note.js";
import { forwards, type RecordBody } from "./record.js";
import { leafHash } from "./tree.js";
import { treeCheck, type Anchored } from "./verify-tree.js";

const MAX_PROBLEMS = 20;

export interface Problem {
  readonly seq: number;
  readonly id: string;
  readonly what: string;
}

export type Verification =
  | {
      readonly ok: true;
      readonly records: number;
      /** The newest record. Kept elsewhere, it shows a cut-off tail, which the chain alone does not. */
      readonly head: { readonly seq: number; readonly hash: string };
      readonly decisions: number;
      /** Forwarded calls without an outcome: in flight, or their process died and none has started since. */
      readonly open: number;
      /** Records whose body was erased, as a later record says. */
      readonly erased: number;
      /** How many signed checkpoints hold, how many records the newest covers, and the key in force. */
      readonly checkpoints: number;
      readonly covered: number;
      readonly key: string | null;
      /** Checkpoints kept elsewhere that were compared and agree. */
      readonly anchored: number;
      /** What is no proof of anything wrong, but worth a look. */
      readonly notices: readonly string[];
    }
  | {
      readonly ok: false;
      readonly records: number;
      readonly problems: readonly Problem[];
      readonly notices: readonly string[];
    };

export interface VerifyOptions {
  /** A key noted before: every checkpoint must be of this log, and the newest be signed by it. */
  readonly key?: Verifier;
  /** Checkpoints as they were published elsewhere. */
  readonly anchors?: readonly Anchored[];
}

interface Row {
  readonly seq: number;
  readonly kind: string;
  readonly id: string;
  readonly ref: string | null;
  readonly time: number;
  readonly body: string | null;
  readonly body_hash: Buffer;
  readonly hash: Buffer;
  readonly note: string | null;
  readonly noted: number | null;
}

export type Report = (what: string) => void;

/**
 * Reads every record in order and checks that none is missing, that body, columns and hashes agree, that each
 * is chained to the one before, that each outcome belongs to one forwarded decision before it, and that every
 * checkpoint, in the store and in `anchors`, signs the tree as it was then. Reports the first 20 problems. Throws
 * `store_unavailable` when the file cannot be read.
 */
export function verify(store: Store, options: VerifyOptions = {}): Verification {
  return store.read((tx) => {
    const problems: Problem[] = [];
    const open = new Set<string>();
    let records = 0;
    let decisions = 0;
    let last: { readonly seq: number; readonly hash: Buffer } = GENESIS;
    const reporter =
      (seq: number, id: string): Report =>
      (what) =>
        void problems.push({ seq, id, what });
    const silent = new Set<string>();
    const erased = erasedCheck();
    const clock = clockCheck();
    const tree = treeCheck(originOf(tx), options, (size, what) => reporter(size, "checkpoint")(what));
    for (const row of rowsOf(tx)) {
      if (problems.length >= MAX_PROBLEMS) break;
      const report = reporter(row.seq, row.id);
      records++;
      if (row.kind === "decision") decisions++;
      checkLink(last, row, report);
      // Goes on from what is stored: one broken record is one problem, not one for each that follows.
      last = row;
      if (row.body === null) erased.missing(row.seq, row.id);
      const body = row.body === null ? undefined : checkBody(row, row.body, report);
      clock.record(row.seq, row.time);
      tree.record(row.body_hash, body, row.note);
      if (row.noted !== null) clock.checkpoint(row.seq, row.noted);
      if (body === undefined) {
        // Erased, or said once already: its outcome need not be reported too.
        if (row.kind === "decision") silent.add(row.id);
        if (row.ref !== null && !silent.delete(row.ref)) open.delete(row.ref);
        continue;
      }
      if (body.kind === "clock") clock.step(row.seq, body.step);
      if (body.kind === "erasure") erased.erasure(row.seq, body);
      if (body.kind === "outcome" && silent.delete(body.decision_id)) continue;
      checkOrder(body, open, report);
    }
    // A reading that was broken off knows nothing of the end.
    if (problems.length < MAX_PROBLEMS) {
      const size = hasCheckpoints(tx) ? (lastCheckpoint(tx)?.size ?? 0) : 0;
      if (size > last.seq)
        reporter(
          size,
          "checkpoint",
        )(`a checkpoint covers ${size} records, and there are ${last.seq}: the end is gone`);
      tree.end();
      for (const { seq, id } of erased.unexplained().slice(0, MAX_PROBLEMS))
        reporter(seq, id)("the body is missing, and no record says that it was erased");
    }
    const notices = clock.notices();
    if (problems.length > 0)
      return { ok: false, records, problems: problems.slice(0, MAX_PROBLEMS), notices };
    const head = { seq: last.seq, hash: last.hash.toString("hex") };
    return {
      ok: true,
      records,
      head,
      decisions,
      open: open.size,
      erased: erased.count(),
      ...tree.summary(),
      notices: [...notices, ...tree.notices()],
    };
  });
}

function rowsOf(tx: Tx): IterableIterator<Row> {
  const columns = "r.seq, r.kind, r.id, r.ref, r.time, r.body, r.body_hash, r.hash";
  return tx.each<Row>(
    hasCheckpoints(tx)
      ? `SELECT ${columns}, c.note, c.time AS noted FROM records r LEFT JOIN checkpoints c ON c.size = r.seq
         ORDER BY r.seq`
      : `SELECT ${columns}, NULL AS note, NULL AS noted FROM records r ORDER BY r.seq`,
  );
}

function checkLink(last: { seq: number; hash: Buffer }, row: Row, report: Report): void {
  const expected = last.seq + 1;
  if (row.seq !== expected) {
    const end = row.seq - 1;
    report(end === expected ? `record ${expected} is missing` : `records ${expected} to ${end} are missing`);
  } else if (!chainHash(last.hash, row.seq, row.body_hash).equals(row.hash)) {
    report("the chain is broken: its hash does not follow from the record before it");
  }
}

/** The body, when it is the one that was written and the columns say the same. */
function checkBody(row: Row, text: string, report: Report): RecordBody | undefined {
  if (!leafHash(text).equals(row.body_hash)) {
    report("the body was changed: it does not have the hash it was recorded with");
    return undefined;
  }
  const body = parse(text);
  if (body === undefined) {
    report("the body is not a record");
    return undefined;
  }
  const columns: readonly (readonly [string, unknown, unknown])[] = [
    ["kind", row.kind, body.kind],
    ["id", row.id, body.id],
    ["time", row.time, body.time],
    ["ref", row.ref, refOf(body) ?? null],
  ];
  for (const [name, column, inBody] of columns) {
    if (column !== inBody) report(`column ${name} was changed: the body says ${JSON.stringify(inBody)}`);
  }
  return body;
}

function parse(text: string): RecordBody | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? (value as unknown as RecordBody) : undefined;
  } catch {
    return undefined;
  }
}

function checkOrder(body: RecordBody, open: Set<string>, report: Report): void {
  if (body.kind === "decision" && forwards(body.decision)) open.add(body.id);
  if (body.kind !== "outcome" || open.delete(body.decision_id)) return;
  report(
    `no open decision ${body.decision_id} stands before this outcome: ` +
      "it is missing, was refused, or has an outcome already",
  );
}
