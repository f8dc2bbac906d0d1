import type { Principal } from "../model/call.js";
import type { Tx } from "../store/store.js";
import type { Gates } from "./call-record.js";
import { flatten } from "./call-record.js";
import type { HoldBody, HoldQuery } from "./record.js";
import { matches } from "./search.js";

/** Calls that a dispute or an inquiry needs: nothing erases them until the hold is released. */
export interface Hold {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly placed: string;
  readonly query: HoldQuery;
  readonly reason: string;
  readonly by: Principal;
}

/** Every hold that is placed and not released, oldest first. The records are the only place where they are kept. */
export function holds(tx: Tx): Hold[] {
  const placed = new Map<string, Hold>();
  const rows = tx.all<{ body: string }>(
    "SELECT body FROM records WHERE id > 'h_' AND id < 'h~' AND kind = 'hold' ORDER BY seq",
  );
  for (const { body } of rows) {
    const { id, time, event, hold, query, reason, by } = JSON.parse(body) as HoldBody;
    if (event === "released") placed.delete(hold ?? "");
    else placed.set(id, { id, placed: new Date(time).toISOString(), query: query ?? {}, reason, by });
  }
  return [...placed.values()];
}

/** Whether any of the holds needs this call. */
export function isHeld(all: readonly Hold[], seq: number, gates: Gates): boolean {
  if (all.length === 0) return false;
  const call = flatten(seq, gates);
  const time = gates.input.time;
  return all.some(
    ({ query }) =>
      matches(call, gates, query) &&
      (query.since === undefined || time >= query.since) &&
      (query.until === undefined || time < query.until),
  );
}
