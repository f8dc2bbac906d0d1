import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { SallyportError } from "../model/errors.js";
import { isBusy, unavailable } from "./faults.js";
import { APPLICATION_ID, MIGRATIONS } from "./schema.js";
import { keep, pragma, statement } from "./statements.js";

export type Db = Database.Database;

const RETRY_MS = 20;
/** Pages that a writer keeps in memory. KiB. */
const CACHE_KIB = 2000;

/**
 * Opens the file at `path` for writing, created and migrated if need be. Blocks for at most `busyMs` while
 * other processes hold it: this happens at start, when there is nothing else to do. Throws
 * `store_unavailable`.
 */
export function openForWriting(path: string, busyMs: number): Db {
  try {
    createPrivately(path);
  } catch (error) {
    throw unavailable(path, error);
  }
  return patiently(path, busyMs, () => prepare(path));
}

/** Opens an existing file for reading. Nothing is created or changed. Throws `store_unavailable`. */
export function openForReading(path: string, busyMs: number): Db {
  if (!existsSync(path)) {
    throw new SallyportError("store_unavailable", `no audit store at ${path}`);
  }
  return patiently(path, busyMs, () => {
    const db = keep(new Database(path, { readonly: true, fileMustExist: true, timeout: busyMs }));
    return closingOnError(db, () => {
      // Steps only add tables, so records of an older version can be read as they are.
      if (versionOf(db, path) === 0) {
        throw new SallyportError(
          "store_unavailable",
          `no audit store at ${path}: the file has no records yet`,
        );
      }
    });
  });
}

/**
 * Records tell who did what: nobody else may read them. SQLite gives its side files the mode of the main one.
 */
function createPrivately(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (existsSync(path)) return;
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    // Another process that starts at the same moment may have been faster.
    if (!existsSync(path)) throw error;
  }
}

function prepare(path: string): Db {
  // timeout 0: the built-in busy wait blocks the event loop and starves writers; we retry ourselves.
  const db = keep(new Database(path, { fileMustExist: true, timeout: 0 }));
  return closingOnError(db, () => {
    versionOf(db, path); // before the first write, so that a foreign file stays as it is
    db.exec("PRAGMA journal_mode = WAL");
    // better-sqlite3 is built to reopen a WAL database at NORMAL: a commit would then survive a crash of the
    // process but not of the machine. Said on every open, and read back, because nothing complains if it is
    // lost.
    db.exec("PRAGMA synchronous = FULL");
    // What is erased is overwritten, not only forgotten.
    db.exec("PRAGMA secure_delete = ON");
    // A writer looks at the newest pages only; it would keep sixteen megabytes of those it has written.
    db.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    assertDurable(db, path);
    migrate(db, path);
  });
}

/** Throws `store_unavailable` unless a commit on this connection is on disk when it returns (WAL, FULL). */
export function assertDurable(db: Db, path: string): void {
  for (const [name, wanted] of [
    ["journal_mode", "wal"],
    ["synchronous", 2],
  ] as const) {
    const found = pragma(db, name);
    if (found === wanted) continue;
    throw new SallyportError("store_unavailable", `${name} is ${String(found)}, not ${wanted}`, {
      file: path,
      fix: "keep the audit store on a local disk that supports shared memory",
    });
  }
}

function migrate(db: Db, path: string): void {
  if (versionOf(db, path) === MIGRATIONS.length) return;
  db.transaction(() => {
    // Read again under the write lock: another process may have migrated in between.
    for (const step of MIGRATIONS.slice(versionOf(db, path))) db.exec(step);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  }).immediate();
}

/** How many migrations the file has seen. Throws when it is not ours, or newer than we are. */
function versionOf(db: Db, path: string): number {
  // In this order: another process may make the tables meanwhile, and it names them in the same commit.
  const used = statement(db, "SELECT count(*) FROM sqlite_schema").pluck().get() !== 0;
  const version = Number(pragma(db, "user_version"));
  const application = Number(pragma(db, "application_id"));
  if (application !== APPLICATION_ID && (used || application !== 0 || version !== 0)) {
    throw new SallyportError("store_unavailable", "this SQLite database is not an audit store", {
      file: path,
      fix: "choose another audit.path",
    });
  }
  if (version > MIGRATIONS.length) {
    throw new SallyportError(
      "store_unavailable",
      `the audit store was written by a newer version (schema ${version}, this one knows ${MIGRATIONS.length})`,
      { file: path, fix: "upgrade Sallyport, or choose another audit.path" },
    );
  }
  return version;
}

function closingOnError(db: Db, work: () => void): Db {
  try {
    work();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function patiently(path: string, busyMs: number, open: () => Db): Db {
  const deadline = Date.now() + busyMs;
  for (;;) {
    try {
      return open();
    } catch (error) {
      if (!isBusy(error) || Date.now() >= deadline) throw unavailable(path, error);
      pause(RETRY_MS * (0.5 + Math.random()));
    }
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
