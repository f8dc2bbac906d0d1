/** Rates and cumulative budgets of one call, inside the transactions that record its decision and its outcome. */
import { limitSource, type ServerConfig } from "../config/load.js";
import { costOf, rateOf } from "../limits/per-tool.js";
import { drawToken, tighterRate, tokensIn, type BucketKey } from "../limits/rate.js";
import { claim, countCall, remaining, spentBudget, type Amount, type WindowKey } from "../limits/windows.js";
import type { Call, Constraints } from "../model/call.js";
import type { Posture, RateLimit, WindowLimit } from "../model/posture.js";
import type { LimitOverrun } from "../policy/judge.js";
import type { Tx } from "../store/store.js";
import type { Measured } from "./result.js";

const NONE: readonly WindowLimit[] = [];

/**
 * What has no room for the call. When nothing refuses it, it is counted in. `rate`: one that a policy adds. Times in
 * milliseconds since the epoch.
 */
export function reserve(
  tx: Tx,
  server: ServerConfig,
  posture: Posture,
  call: Call,
  now: number,
  rate?: RateLimit,
): readonly LimitOverrun[] {
  const { limits } = server;
  const key = windowKey(server, call);
  const cost = costOf(limits, call.tool);
  const bucket = call.upward === true ? undefined : tighterRate(rateOf(limits, call.tool), rate);
  const over: LimitOverrun[] = [];
  if (bucket !== undefined) {
    const { left, retryAfterMs } = tokensIn(tx, bucketKey(call), bucket, now);
    const own = rateOf(limits, call.tool);
    const named =
      own === undefined || bucket.per_minute < own.per_minute
        ? "policy"
        : limitSource(server, rateSource(server, call));
    if (left === 0)
      over.push({
        kind: "rate",
        limit: bucket.per_minute,
        actual: bucket.per_minute,
        source: named,
        retryAfterMs,
        action: "block",
      });
  }
  const open = (limits.window ?? NONE).filter((window) => {
    const spent = spentBudget(tx, key, window, now, cost);
    if (spent === undefined) return true;
    const { limit, used: actual, retryAfterMs } = spent;
    // Nothing is left to cut the result to, so truncating means refusing.
    const action = limits.on_exceed !== undefined && { action: "block" as const };
    over.push({
      kind: "window",
      limit,
      actual,
      source: limitSource(server, "window"),
      retryAfterMs,
      ...action,
    });
    return false;
  });
  const enforced =
    posture.actions.exfiltration.action === "block" || posture.actions.exfiltration.action === "redact";
  if (over.some(({ action }) => action === "block" || enforced)) return over;
  if (bucket !== undefined) drawToken(tx, bucketKey(call), bucket, now);
  for (const window of open) countCall(tx, key, window, now, cost);
  return over;
}

/** The least that any window still grants. */
export function grantable(tx: Tx, server: ServerConfig, call: Call, now: number): Amount {
  const key = windowKey(server, call);
  let [rows, bytes] = [Infinity, Infinity];
  for (const window of server.limits.window ?? NONE) {
    const left = remaining(tx, key, window, now);
    rows = Math.min(rows, left.rows);
    bytes = Math.min(bytes, left.bytes);
  }
  return { rows, bytes };
}

/** Counts what is released in every window. */
export function claimAll(tx: Tx, server: ServerConfig, call: Call, now: number, want: Amount): void {
  for (const window of server.limits.window ?? NONE) claim(tx, windowKey(server, call), window, now, want);
}

/** The limits that a result is over; `left`: what the windows still grant. */
export function overruns(
  server: ServerConfig,
  received: Measured,
  left: Amount | undefined,
  constraints: Constraints | undefined,
): LimitOverrun[] {
  const { limits } = server;
  const action = limits.on_exceed !== undefined && { action: limits.on_exceed };
  const over: LimitOverrun[] = [];
  const add = (
    kind: LimitOverrun["kind"],
    source: typeof kind,
    limit: number | undefined,
    actual: number,
  ): void => {
    if (limit !== undefined && actual > limit)
      over.push({ kind, limit, actual, source: limitSource(server, source), ...action });
  };
  add("max_rows", "max_rows", limits.max_rows, received.rows.received);
  add("max_bytes", "max_bytes", limits.max_bytes, received.bytes);
  add("max_rows", "window", left?.rows, received.rows.received);
  add("max_bytes", "window", left?.bytes, received.bytes);
  // A rule that allows so much means that much, whatever the profile does over a limit.
  const cut = { source: "policy", action: limits.on_exceed ?? "truncate" } as const;
  const { max_rows: rows = Infinity, max_bytes: bytes = Infinity } = constraints ?? {};
  if (received.rows.received > rows)
    over.push({ kind: "max_rows", limit: rows, actual: received.rows.received, ...cut });
  if (received.bytes > bytes) over.push({ kind: "max_bytes", limit: bytes, actual: received.bytes, ...cut });
  return over;
}

/** One budget, as results tell it. Durations in milliseconds. */
export interface LeftField {
  readonly what: "calls" | "cost" | "rows" | "bytes" | "rate";
  readonly per: WindowLimit["per"];
  readonly left: number;
  readonly limit: number;
  readonly resets_in_ms: number;
}

/** A budget is low when this part of it, or less, is left. */
const LOW = 1 / 5;

/** What results tell of the call's budgets, after it was counted. */
export function leftFields(tx: Tx, server: ServerConfig, call: Call, now: number): readonly LeftField[] {
  const { limits } = server;
  const show = limits.show_left ?? "low";
  if (
    show === "never" ||
    (limits.window === undefined && limits.rate === undefined && limits.tool_rates === undefined)
  )
    return [];
  const fields: LeftField[] = [];
  const bucket = rateOf(limits, call.tool);
  if (bucket !== undefined) {
    const { left, retryAfterMs } = tokensIn(tx, bucketKey(call), bucket, now);
    fields.push({ what: "rate", per: "minute", left, limit: bucket.burst, resets_in_ms: retryAfterMs });
  }
  for (const window of limits.window ?? NONE) {
    const left = remaining(tx, windowKey(server, call), window, now);
    for (const what of ["calls", "cost", "rows", "bytes"] as const) {
      const limit = window[`max_${what}`];
      if (limit !== undefined)
        fields.push({ what, per: window.per, left: left[what], limit, resets_in_ms: left.endsInMs });
    }
  }
  return show === "always" ? fields : fields.filter(({ left, limit }) => left <= limit * LOW);
}

function windowKey({ connector }: ServerConfig, { principal }: Call): WindowKey {
  return { principal: principal.id, connector: connector?.connector ?? "generic" };
}

function bucketKey({ principal, server, tool }: Call): BucketKey {
  return { principal: principal.id, server, tool };
}

function rateSource({ limits }: ServerConfig, { tool }: Call): "rate" | "tool_rates" {
  return rateOf(limits, tool) === limits.rate ? "rate" : "tool_rates";
}
