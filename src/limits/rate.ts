import type { RateLimit } from "../model/posture.js";
import type { Tx } from "../store/store.js";

/**
 * Token buckets per principal, server and tool, in the audit store: all processes draw from one, and a restart does not
 * fill it. A bucket is one number, when it will be full again (the generic cell rate algorithm); read and written inside
 * the transaction that records the decision, so parallel calls cannot draw one token twice.
 */
export interface BucketKey {
  readonly principal: string;
  readonly server: string;
  readonly tool: string;
}

export interface Tokens {
  /** Whole calls that may be made at once, now. */
  readonly left: number;
  /** Milliseconds until one call may be made; 0 when there is one left. */
  readonly retryAfterMs: number;
}

/** What is in the bucket at `now`, in milliseconds since the epoch. */
export function tokensIn(tx: Tx, key: BucketKey, rate: RateLimit, now: number): Tokens {
  return tokens(fullAt(tx, key, rate, now), rate, now);
}

/** Draws one token; the caller has seen that there is one. */
export function drawToken(tx: Tx, key: BucketKey, rate: RateLimit, now: number): void {
  tx.run(
    `INSERT INTO buckets (principal, server, tool, full_at) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET full_at = excluded.full_at`,
    key.principal,
    key.server,
    key.tool,
    fullAt(tx, key, rate, now) + interval(rate),
  );
}

/** What a bucket that is full again at `full` holds at `now`. */
export function tokens(full: number, rate: RateLimit, now: number): Tokens {
  const room = now + rate.burst * interval(rate) - Math.max(full, now);
  // Thirds of a millisecond do not add up exactly.
  const left = Math.min(rate.burst, Math.max(0, Math.floor(room / interval(rate) + 1e-6)));
  return { left, retryAfterMs: left > 0 ? 0 : Math.ceil(interval(rate) - room) };
}

/** The same buckets in memory, for calls that are replayed. */
export interface ReplayedBuckets {
  /** Draws a token, if there is one at `now`. */
  draw(key: BucketKey, rate: RateLimit, now: number): boolean;
}

export function replayedBuckets(): ReplayedBuckets {
  const fullAtOf = new Map<string, number>();
  return {
    draw: ({ principal, server, tool }, rate, now) => {
      const name = JSON.stringify([principal, server, tool]);
      const full = bounded(fullAtOf.get(name) ?? 0, rate, now);
      if (tokens(full, rate, now).left === 0) return false;
      fullAtOf.set(name, full + interval(rate));
      return true;
    },
  };
}

/** The rate that allows less, in the long run and at once. */
export function tighterRate(one: RateLimit | undefined, other: RateLimit | undefined): RateLimit | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    per_minute: Math.min(one.per_minute, other.per_minute),
    burst: Math.min(one.burst, other.burst),
  };
}

function interval({ per_minute: perMinute }: RateLimit): number {
  return 60_000 / perMinute;
}

function fullAt(tx: Tx, key: BucketKey, rate: RateLimit, now: number): number {
  const row = tx.get<{ full_at: number }>(
    "SELECT full_at FROM buckets WHERE principal = ? AND server = ? AND tool = ?",
    key.principal,
    key.server,
    key.tool,
  );
  return bounded(row?.full_at ?? 0, rate, now);
}

/** After the clock has stepped back the mark lies further ahead than an empty bucket's: it counts as empty, no worse. */
function bounded(full: number, rate: RateLimit, now: number): number {
  return Math.min(Math.max(full, now), now + rate.burst * interval(rate));
}
