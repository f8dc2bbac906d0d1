import type { Call } from "../model/call.js";
import type { StandingFinding } from "../policy/standing.js";
import type { Tx } from "../store/store.js";

/** Which calls a stop holds back: all that is given must match, nothing given is every call. */
export interface StopScope {
  readonly server?: string;
  /** The server's own name of it. */
  readonly tool?: string;
  readonly principal?: string;
  readonly session?: string;
}

export interface Stop extends StopScope {
  readonly id: string;
  readonly reason: string;
  /** The principal's id. */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** When it ends by itself; absent: not until somebody resumes. */
  readonly until?: number;
}

interface Row {
  readonly id: string;
  readonly server: string | null;
  readonly tool: string | null;
  readonly principal: string | null;
  readonly session: string | null;
  readonly reason: string;
  readonly stopped_by: string;
  readonly since: number;
  readonly until: number | null;
}

const KEYS = ["server", "tool", "principal", "session"] as const;
const MEMO = "stops";

/** Stops that hold at `now`, oldest first. Read once for all calls of one commit. */
export function activeStops(tx: Tx, now: number): Stop[] {
  let all = tx.memo.get(MEMO) as readonly Stop[] | undefined;
  if (all === undefined) {
    all = tx.all<Row>("SELECT * FROM stops ORDER BY since, id").map(stopOf);
    tx.memo.set(MEMO, all);
  }
  return all.filter(({ until }) => until === undefined || now < until);
}

/** The stop that holds a call back at `now`, if any. */
export function stopFor(
  tx: Tx,
  call: Pick<Call, "server" | "tool" | "principal" | "session">,
  now: number,
): Stop | undefined {
  const stops = activeStops(tx, now);
  if (stops.length === 0) return undefined;
  const asked = { server: call.server, tool: call.tool, principal: call.principal.id, session: call.session };
  return stops.find((stop) => KEYS.every((key) => stop[key] === undefined || stop[key] === asked[key]));
}

/** From its commit on, the next call of every process that it names is refused. */
export function addStop(tx: Tx, stop: Stop): void {
  tx.run("DELETE FROM stops WHERE until <= ?", stop.since);
  tx.run(
    `INSERT INTO stops (id, server, tool, principal, session, reason, stopped_by, since, until)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    stop.id,
    ...KEYS.map((key) => stop[key] ?? null),
    stop.reason,
    stop.by,
    stop.since,
    stop.until ?? null,
  );
  tx.memo.delete(MEMO);
}

/** False when it was gone already. */
export function removeStop(tx: Tx, id: string): boolean {
  tx.memo.delete(MEMO);
  return tx.get("DELETE FROM stops WHERE id = ? RETURNING id", id) !== undefined;
}

/** `every call`, or `server crm, tool query`. */
export function scopeText(scope: StopScope): string {
  const named = KEYS.flatMap((key) => (scope[key] === undefined ? [] : [`${key} ${scope[key]}`]));
  return named.length === 0 ? "every call" : named.join(", ");
}

/** For the log of a start: a proxy that refuses everything must not look broken. */
export function stopLine({ id, by, reason, ...scope }: Stop): string {
  return `[Stops] ${scopeText(scope)} is stopped by ${by}: "${reason}"; sallyport resume ${id}`;
}

/** What a stopped call is told: by whom, why and until when. Whatever the profile, it is refused. */
export function stopFinding(stop: Stop, now: number): StandingFinding {
  return {
    detector: "stop",
    category: "high_risk",
    type: "stopped",
    severity: "critical",
    pointer: "",
    span: [0, 0],
    role: "text",
    action: "block",
    source: `stopped by ${stop.by}`,
    says: `A person has stopped ${scopeText(stop)}: "${stop.reason}"`,
    change: "Tell the user that it is stopped and why; do not look for a way around it.",
    ...(stop.until === undefined ? { retry: "never" } : { retry: "later", retryAfterMs: stop.until - now }),
  };
}

function stopOf({ stopped_by: by, until, ...row }: Row): Stop {
  const scope = Object.fromEntries(KEYS.flatMap((key) => (row[key] === null ? [] : [[key, row[key]]])));
  return { id: row.id, ...scope, reason: row.reason, by, since: row.since, ...(until !== null && { until }) };
}
