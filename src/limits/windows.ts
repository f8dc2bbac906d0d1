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
  /** In the units that the configuration gives its tools. */
  readonly cost: number;
  /** Milliseconds until the window ends. */
  readonly endsInMs: number;
}

/** A budget that has no room for a call. */
export interface Spent {
  readonly what: "max_calls" | "max_cost" | "max_rows" | "max_bytes";
  readonly used: number;
  readonly limit: number;
  /** Until the next window begins. */
  readonly retryAfterMs: number;
}

export const WIDTH_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

interface Used {
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly calls: number;
  readonly cost: number;
  readonly rows: number;
  readonly bytes: number;
}

/** The budget that has no room for a call of `cost` units, if any. `now` in ms since the epoch. */
export function spentBudget(
  tx: Tx,
  key: WindowKey,
  limit: WindowLimit,
  now: number,
  cost: number,
): Spent | undefined {
  const used = readUsed(tx, key, limit, now);
  const budgets = [
    ["max_calls", used.calls, limit.max_calls, 1],
    ["max_cost", used.cost, limit.max_cost, cost],
    // How many rows or bytes a call brings is known when it has run: one more is let in while any are left.
    ["max_rows", used.rows, limit.max_rows, 1],
    ["max_bytes", used.bytes, limit.max_bytes, 1],
  ] as const;
  for (const [what, spent, max, needed] of budgets) {
    if (max === undefined || spent + needed <= max) continue;
    return { what, used: spent, limit: max, retryAfterMs: used.start + WIDTH_MS[limit.per] - now };
  }
  return undefined;
}

/** Counts one call of `cost` units in. */
export function countCall(tx: Tx, key: WindowKey, limit: WindowLimit, now: number, cost: number): void {
  add(tx, key, limit, now, { calls: 1, cost, rows: 0, bytes: 0 });
}

/**
 * Grants what is left of `want`, at most, and counts it as used. Call it in the transaction that records the
 * outcome, with the `now` of that moment: a call that ends in a later window is counted there.
 */
export function claim(tx: Tx, key: WindowKey, limit: WindowLimit, now: number, want: Amount): Amount {
  const left = remaining(tx, key, limit, now);
  const granted = { rows: Math.min(want.rows, left.rows), bytes: Math.min(want.bytes, left.bytes) };
  add(tx, key, limit, now, { calls: 0, cost: 0, ...granted });
  return granted;
}

/** What is left in the window of `now`. */
export function remaining(tx: Tx, key: WindowKey, limit: WindowLimit, now: number): Remaining {
  return leftOf(readUsed(tx, key, limit, now), limit, now);
}

function leftOf(used: Used, limit: WindowLimit, now: number): Remaining {
  const left = (max: number | undefined, spent: number): number =>
    max === undefined ? Infinity : Math.max(0, max - spent);
  return {
    calls: left(limit.max_calls, used.calls),
    cost: left(limit.max_cost, used.cost),
    rows: left(limit.max_rows, used.rows),
    bytes: left(limit.max_bytes, used.bytes),
    endsInMs: used.start + WIDTH_MS[limit.per] - now,
  };
}

/**
 * The window of `now`, or a later one that was counted in already: the clock has stepped back then, or another process
 * is ahead, and an earlier window would be a fresh budget.
 */
function readUsed(tx: Tx, { principal, connector }: WindowKey, limit: WindowLimit, now: number): Used {
  const width = WIDTH_MS[limit.per];
  const start = now - (now % width);
  const used = tx.get<Used>(
    `SELECT start, calls, cost, rows, bytes FROM windows
     WHERE principal = ? AND connector = ? AND width = ? AND start >= ? ORDER BY start DESC LIMIT 1`,
    principal,
    connector,
    width,
    start,
  );
  return used ?? { start, calls: 0, cost: 0, rows: 0, bytes: 0 };
}

function add(tx: Tx, key: WindowKey, limit: WindowLimit, now: number, used: Omit<Used, "start">): void {
  const width = WIDTH_MS[limit.per];
  const { start } = readUsed(tx, key, limit, now);
  tx.run(
    `INSERT INTO windows (principal, connector, width, start, calls, cost, rows, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, cost = cost + excluded.cost,
                               rows = rows + excluded.rows, bytes = bytes + excluded.bytes`,
    key.principal,
    key.connector,
    width,
    start,
    used.calls,
    used.cost,
    used.rows,
    used.bytes,
  );
  tx.run(
    "DELETE FROM windows WHERE principal = ? AND connector = ? AND width = ? AND start < ?",
    key.principal,
    key.connector,
    width,
    start,
  );
}
