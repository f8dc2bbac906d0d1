import { SallyportError } from "../model/errors.js";
import type { Tx } from "../store/store.js";
import { forwards, type DecisionBody } from "./record.js";

/**
 * Decisions that were forwarded and have no outcome yet. A process knows its own by heart; the store keeps a mark for
 * each writer, the record before which none of its decisions is open, so that a start reads what a dead writer left
 * behind and not a million records.
 */
export interface OpenDecisions {
  /** In the transaction that writes the decision as record `seq`. */
  add(tx: Tx, id: string, seq: number): void;
  /** In the transaction of the outcome. Its record; throws `internal` when it is refused, unknown, or already closed. */
  take(id: string): number;
  /** The outcome could not be written after all. */
  putBack(id: string, seq: number): void;
  /** The decision could not be written after all. */
  drop(id: string): void;
  /** In the transaction of the writer's last record. What is still open, the next start closes. */
  end(tx: Tx): void;
}

/** Decisions between two marks: a start reads at most so many for nothing. */
const MARK_EVERY = 256;

/** In the transaction of the writer's start, record `since`. */
export function openDecisions(tx: Tx, writer: string, since: number): OpenDecisions {
  const open = new Map<string, number>();
  let unmarked = 0;
  tx.run("INSERT INTO writers (writer, since) VALUES (?, ?)", writer, since);
  const mark = (inside: Tx): void => {
    unmarked = 0;
    inside.run("UPDATE writers SET since = ? WHERE writer = ?", Math.min(...open.values()), writer);
  };
  return {
    add: (inside, id, seq) => {
      open.set(id, seq);
      if (++unmarked >= MARK_EVERY) mark(inside);
    },
    take: (id) => {
      const seq = open.get(id);
      if (seq === undefined)
        throw new SallyportError("internal", `no open decision ${id}: refused, unknown, or already closed`);
      open.delete(id);
      return seq;
    },
    putBack: (id, seq) => void open.set(id, seq),
    drop: (id) => void open.delete(id),
    end: (inside) => {
      if (open.size === 0) inside.run("DELETE FROM writers WHERE writer = ?", writer);
      else mark(inside);
    },
  };
}

/** The decisions that a dead writer has left open, oldest first; from now on nobody looks for them again. */
export function takeOrphans(tx: Tx, dead: string): string[] {
  const since = tx.get<{ since: number }>("SELECT since FROM writers WHERE writer = ?", dead)?.since;
  if (since === undefined) return [];
  const rows = tx.each<{ body: string }>(
    `SELECT body FROM records d WHERE seq >= ? AND kind = 'decision' AND body IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM records o WHERE o.ref = d.id) ORDER BY seq`,
    since,
  );
  const orphans: string[] = [];
  for (const row of rows) {
    const body = JSON.parse(row.body) as DecisionBody;
    if (body.writer === dead && forwards(body.decision)) orphans.push(body.id);
  }
  tx.run("DELETE FROM writers WHERE writer = ?", dead);
  return orphans;
}
