import { setImmediate } from "node:timers/promises";
import type { Principal } from "../model/call.js";
import type { Tx } from "../store/store.js";
import type { Gates } from "./call-record.js";
import { holds, isHeld, type Hold } from "./holds.js";
import type { AuditLog } from "./log.js";
import { forwards, type DecisionBody, type OutcomeBody } from "./record.js";

/** Records looked at in one go: a few milliseconds, in which no call is answered. */
const WINDOW = 500;

export interface Pruned {
  /** Records whose bodies were erased. */
  readonly erased: number;
  /** Calls that are old enough and were kept, because a hold needs them. */
  readonly held: number;
  /** False when a reader kept the erased text from leaving the write-ahead log: it goes with the next prune. */
  readonly scrubbed: boolean;
}

export interface PruneOptions {
  /** Calls decided before this are erased, both records of each. Milliseconds since the epoch. */
  readonly before: number;
  readonly by: Principal;
  /** Says what would be erased, and erases nothing. */
  readonly dryRun?: boolean;
  /** Ends at the first stretch of records that has nothing old: for what runs every day. */
  readonly stopEarly?: boolean;
  /** Asked between two stretches. */
  readonly stopped?: () => boolean;
}

/**
 * Erases the bodies of old calls, and of what people said of them. Their hashes stay, so that chain, tree and every proof hold; a record says which
 * bodies are gone and why, and verify takes no other one for erased. Calls without an outcome yet are kept, and so is
 * what is no call: starts, keys, what was in force, holds.
 */
export async function prune(log: AuditLog, options: PruneOptions): Promise<Pruned> {
  const { before, by, dryRun = false, stopEarly = false, stopped = () => false } = options;
  let erased = 0;
  let held = 0;
  for (let after = 0; !stopped(); after += WINDOW) {
    const found = log.read((tx) => look(tx, after, before, holds(tx)));
    if (found.end || (stopEarly && found.young)) break;
    held += found.held;
    if (found.seqs.length === 0 || dryRun) erased += found.seqs.length;
    else
      await log.appendErasure((tx) => {
        // Again, inside: a hold may have been placed in this moment.
        const { seqs } = look(tx, after, before, holds(tx));
        for (const seq of seqs) tx.run("UPDATE records SET body = NULL WHERE seq = ?", seq);
        erased += seqs.length;
        return seqs.length === 0 ? undefined : { before, by, ranges: rangesOf(seqs) };
      });
    await setImmediate();
  }
  return { erased, held, scrubbed: dryRun || erased === 0 || log.scrub() };
}

interface Found {
  readonly seqs: readonly number[];
  readonly held: number;
  /** Nothing in this stretch is old. */
  readonly young: boolean;
  /** There are no more records. */
  readonly end: boolean;
}

interface Row {
  readonly seq: number;
  readonly time: number;
  readonly body: string;
  readonly outcome_seq: number | null;
  readonly outcome: string | null;
}

function look(tx: Tx, after: number, before: number, inForce: readonly Hold[]): Found {
  const rows = tx.all<Row>(
    `SELECT d.seq, d.time, d.body, o.seq AS outcome_seq, o.body AS outcome
     FROM records d LEFT JOIN records o ON o.ref = d.id
     WHERE d.seq > ? AND d.seq <= ? AND d.kind = 'decision' AND d.body IS NOT NULL`,
    after,
    after + WINDOW,
  );
  const seqs: number[] = [];
  let held = 0;
  for (const { seq, time, body, outcome_seq: outcomeSeq, outcome } of rows) {
    if (time >= before) continue;
    const input = JSON.parse(body) as DecisionBody;
    if (forwards(input.decision) && outcomeSeq === null) continue;
    const output = outcome === null ? undefined : (JSON.parse(outcome) as OutcomeBody);
    const gates: Gates = { input, output };
    if (isHeld(inForce, seq, gates)) held++;
    else seqs.push(seq, ...(outcomeSeq === null || outcome === null ? [] : [outcomeSeq]));
  }
  // What people said of old calls names people too. Which hold would need it is not told by it alone: any keeps it.
  if (inForce.length === 0) {
    const said = tx.all<{ seq: number }>(
      "SELECT seq FROM records WHERE seq > ? AND seq <= ? AND kind = 'approval' AND time < ? AND body IS NOT NULL",
      after,
      after + WINDOW,
      before,
    );
    seqs.push(...said.map(({ seq }) => seq));
  }
  const { last, young } = tx.get<{ last: number | null; young: number }>(
    `SELECT max(seq) AS last, coalesce(min(time) >= ?, 0) AS young FROM records WHERE seq > ? AND seq <= ?`,
    before,
    after,
    after + WINDOW,
  )!;
  return { seqs, held, young: young === 1, end: last === null };
}

/** Record numbers as stretches, first and last, in order. */
function rangesOf(seqs: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const seq of seqs.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === seq - 1) last[1] = seq;
    else ranges.push([seq, seq]);
  }
  return ranges;
}
