/** What holds a call back, read in the very transaction that records its decision: stops, rates, budgets. */
import { forwards } from "../audit/record.js";
import { stopFinding, stopFor } from "../limits/stops.js";
import type { Call, Decision } from "../model/call.js";
import type { Tx } from "../store/store.js";
import type { ServerConfig } from "../config/load.js";
import type { Posture } from "../model/posture.js";
import { reserve } from "./budgets.js";
import type { Against } from "./standing.js";

/**
 * Undefined when nothing does: then the call is counted in its budgets, provided that `decision` lets it go on.
 */
export function heldBack(
  { server, posture }: { readonly server: (name: string) => ServerConfig; readonly posture: Posture },
  tx: Tx,
  call: Call,
  decision: Decision,
): Pick<Against, "findings" | "over"> | undefined {
  // A stage has failed: to read on would fail again, and the record would be lost.
  if (decision.failClosed && !forwards(decision.decision)) return undefined;
  const now = Date.now();
  const stop = stopFor(tx, call, now);
  if (stop !== undefined) return { findings: [stopFinding(stop, now)], over: [] };
  if (!forwards(decision.decision)) return undefined;
  const over = reserve(tx, server(call.server), posture, call, now, decision.constraints?.rate);
  return over.length === 0 ? undefined : { findings: [], over };
}
