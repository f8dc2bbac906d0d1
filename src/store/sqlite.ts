import { statSync } from "node:fs";
import type { Statement } from "better-sqlite3";
import { SallyportError } from "../model/errors.js";
import { openForReading, openForWriting, type Db } from "./database.js";
import { isFault, unavailable } from "./faults.js";
import { groupCommit, type GroupCommit } from "./group.js";
import { keep, statement } from "./statements.js";
import type { Param, Store, StoreOptions, Tx } from "./store.js";

const BUSY_MS = 5000;

/**
 * Opens the audit store at `path`. For writing, folder (0700), file (0600) and tables are created as needed,
 * and WAL with synchronous=FULL is set and asserted. Throws `store_unavailable`, naming file and fix, for a
 * file that is missing (when reading), foreign, damaged, of a newer schema, or not writable.
 */
export function openStore(path: string, options: StoreOptions = {}): Store {
  const busyMs = options.busyMs ?? BUSY_MS;
  const readonly = options.readonly ?? false;
  const db = readonly ? openForReading(path, busyMs) : openForWriting(path, busyMs);
  const tx = statements(db);
  const version = statement(db, "PRAGMA data_version").pluck();
  const truncate = statement(db, "PRAGMA wal_checkpoint(TRUNCATE)");
  let seen = 0;
  const begun = (): void => {
    seen = version.get() as number;
  };
  const group = readonly
    ? readersOnly(path)
    : groupCommit(db, tx, { path, busyMs, stillThere: guard(path), begun });

  return {
    path,
    transact: group.transact,
    read: (work) => {
      try {
        tx.memo.clear();
        // One BEGIN, so that several statements see the same records while another process writes.
        return db.transaction(() => work(tx)).deferred();
      } catch (error) {
        throw isFault(error) ? unavailable(path, error) : error;
      }
    },
    version: () => seen,
    scrub: () => {
      const [result] = truncate.all() as { busy: number }[];
      return result?.busy === 0;
    },
    async close() {
      await group.drain();
      db.close();
    },
  };
}

function statements(db: Db): Tx {
  const prepared = new Map<string, Statement>();
  const prepare = (sql: string): Statement => {
    let known = prepared.get(sql);
    if (known === undefined) prepared.set(sql, (known = statement(db, sql)));
    return known;
  };
  return {
    memo: new Map(),
    run: (sql, ...params: Param[]) => void prepare(sql).run(...params),
    get: <T>(sql: string, ...params: Param[]) => prepare(sql).get(...params) as T | undefined,
    all: <T>(sql: string, ...params: Param[]) => prepare(sql).all(...params) as T[],
    each: <T>(sql: string, ...params: Param[]) =>
      keep(prepare(sql).iterate(...params)) as IterableIterator<T>,
  };
}

/**
 * In WAL mode SQLite does not notice when its file is deleted or replaced: records would go, fsynced, into a
 * file that nobody can find any more.
 */
function guard(path: string): () => void {
  const identity = (): string => {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  };
  const opened = identity();
  return () => {
    let now: string | undefined;
    try {
      now = identity();
    } catch {
      // gone, or its folder is
    }
    if (now === opened) return;
    throw new SallyportError("store_unavailable", "the audit store was removed or replaced while in use", {
      file: path,
      fix: "restart Sallyport",
    });
  };
}

function readersOnly(path: string): GroupCommit {
  return {
    transact: () =>
      Promise.reject(new SallyportError("store_unavailable", "opened for reading", { file: path })),
    drain: () => Promise.resolve(),
  };
}
