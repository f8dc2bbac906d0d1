import type { Tx } from "../store/store.js";
import { WIDTH_MS } from "./windows.js";

/** What one principal has used of one window. Times in milliseconds since the epoch. */
export interface WindowUse {
  readonly principal: string;
  readonly connector: string;
  readonly per: keyof typeof WIDTH_MS;
  readonly start: number;
  readonly calls: number;
  readonly cost: number;
  readonly rows: number;
  readonly bytes: number;
}

export interface BucketUse {
  readonly principal: string;
  readonly server: string;
  readonly tool: string;
  readonly fullAt: number;
}

/** Whose counts are meant; what is not given is everybody's. */
export interface UseScope {
  readonly principal?: string;
  /** Of windows. */
  readonly connector?: string;
  /** Of rates. */
  readonly server?: string;
}

/** Windows that are not over at `now`, and buckets that are not full. */
export function usage(
  tx: Tx,
  now: number,
): { readonly windows: readonly WindowUse[]; readonly buckets: readonly BucketUse[] } {
  const known = (table: string): boolean =>
    tx.get("SELECT 1 FROM sqlite_schema WHERE name = ?", table) !== undefined;
  // A store that is older than rates counts no costs either.
  if (!known("buckets")) return { windows: [], buckets: [] };
  const rows = tx.all<Omit<WindowUse, "per"> & { readonly width: number }>(
    `SELECT principal, connector, width, start, calls, cost, rows, bytes FROM windows
     WHERE start + width > ? ORDER BY principal, connector, width`,
    now,
  );
  const windows = rows.flatMap(({ width, ...use }) =>
    PERIODS.flatMap((per) => (WIDTH_MS[per] === width ? [{ per, ...use }] : [])),
  );
  const buckets = tx.all<BucketUse>(
    `SELECT principal, server, tool, full_at AS fullAt FROM buckets
     WHERE full_at > ? ORDER BY principal, server, tool`,
    now,
  );
  return { windows, buckets };
}

const PERIODS = ["minute", "hour", "day"] as const;

/** Gives budgets back: how many counts were dropped. */
export function resetUsage(tx: Tx, { principal, connector, server }: UseScope): number {
  const dropped = (sql: string, ...params: (string | null)[]): number => tx.all(sql, ...params).length;
  const who = principal ?? null;
  const windows =
    server !== undefined && connector === undefined
      ? 0
      : dropped(
          `DELETE FROM windows WHERE principal = coalesce(?, principal) AND connector = coalesce(?, connector)
           RETURNING 1`,
          who,
          connector ?? null,
        );
  const buckets =
    connector !== undefined && server === undefined
      ? 0
      : dropped(
          `DELETE FROM buckets WHERE principal = coalesce(?, principal) AND server = coalesce(?, server)
           RETURNING 1`,
          who,
          server ?? null,
        );
  return windows + buckets;
}
