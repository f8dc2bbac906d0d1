import type { WindowLimit } from "../model/posture.js";
import type { Tx } from "../store/store.js";

/**
 * Cumulative budgets per principal and connector, in fixed windows aligned to the epoch. They are counted in
 * the audit store, inside the transaction that records the decision or outcome: parallel calls of any number
 * of processes cannot overshoot, and a restart does not refill them.
 */
export interface WindowKey {
  readonly principal: string;
  readonly connector: string;
}

export interface Amount {
  readonly rows: number;
  readonly bytes: number;
}

/** What is left; Infinity where nothing limits. */
export interface Remaining extends Amount {
  readonly calls: number;
}

export type Reservation =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly what: "max_calls" | "max_rows" | "max_bytes";
      readonly used: number;
      readonly limit: number;
      /** Until the next window begins. */
      readonly retryAfterMs: number;
    };

const WIDTH_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

interface Used {
  readonly calls: number;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Counts one call in, or refuses it when any budget of the window is used up. `now` in ms since the epoch.
 */
export function reserveCall(tx: Tx, key: WindowKey, limit: WindowLimit, now: number): Reservation {
  const used = readUsed(tx, key, limit, now);
  const budgets = [
    ["max_calls", used.calls, limit.max_calls],
    ["max_rows", used.rows, limit.max_rows],
    ["max_bytes", used.bytes, limit.max_bytes],
  ] as const;
  for (const [what, spent, max] of budgets) {
    if (max === undefined || spent < max) continue;
    const width = WIDTH_MS[limit.per];
    return { ok: false, what, used: spent, limit: max, retryAfterMs: startOf(limit, now) + width - now };
  }
  add(tx, key, limit, now, { calls: 1, rows: 0, bytes: 0 });
  return { ok: true };
}

/**
 * Grants what is left of `want`, at most, and counts it as used. Call it in the transaction that records the
 * outcome, with the `now` of that moment: a call that ends in a later window is counted there.
 */
export function claim(tx: Tx, key: WindowKey, limit: WindowLimit, now: number, want: Amount): Amount {
  const left = remaining(tx, key, limit, now);
  const granted = { rows: Math.min(want.rows, left.rows), bytes: Math.min(want.bytes, left.bytes) };
  add(tx, key, limit, now, { calls: 0, ...granted });
  return granted;
}

/** What is left in the window of `now`. */
export function remaining(tx: Tx, key: WindowKey, limit: WindowLimit, now: number): Remaining {
  const used = readUsed(tx, key, limit, now);
  const left = (max: number | undefined, spent: number): number =>
    max === undefined ? Infinity : Math.max(0, max - spent);
  return {
    calls: left(limit.max_calls, used.calls),
    rows: left(limit.max_rows, used.rows),
    bytes: left(limit.max_bytes, used.bytes),
  };
}

function startOf(limit: WindowLimit, now: number): number {
  return now - (now % WIDTH_MS[limit.per]);
}

function readUsed(tx: Tx, { principal, connector }: WindowKey, limit: WindowLimit, now: number): Used {
  const used = tx.get<Used>(
    "SELECT calls, rows, bytes FROM windows WHERE principal = ? AND connector = ? AND width = ? AND start = ?",
    principal,
    connector,
    WIDTH_MS[limit.per],
    startOf(limit, now),
  );
  return used ?? { calls: 0, rows: 0, bytes: 0 };
}

function add(tx: Tx, { principal, connector }: WindowKey, limit: WindowLimit, now: number, used: Used): void {
  const width = WIDTH_MS[limit.per];
  const start = startOf(limit, now);
  tx.run(
    `INSERT INTO windows (principal, connector, width, start, calls, rows, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, rows = rows + excluded.rows,
                               bytes = bytes + excluded.bytes`,
    principal,
    connector,
    width,
    start,
    used.calls,
    used.rows,
    used.bytes,
  );
  // One window is kept beside the current one, for a clock that is stepped back or a process that runs
  // behind: forgetting a window that is still used would refill it.
  tx.run(
    "DELETE FROM windows WHERE principal = ? AND connector = ? AND width = ? AND start < ?",
    principal,
    connector,
    width,
    start - width,
  );
}
