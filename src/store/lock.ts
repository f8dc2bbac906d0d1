import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { codeOf, isBusy, unavailable } from "./faults.js";
import { keep } from "./statements.js";

/** An exclusive lock that the operating system drops when the process dies, however it dies. */
export interface FileLock {
  /** Deletes the file and lets go of it. */
  release(): void;
}

/** Creates the file at `path` (its folder too) and locks it. Throws `store_unavailable`. */
export function createLock(path: string): FileLock {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "wx", 0o600));
    return take(path);
  } catch (error) {
    throw unavailable(path, error);
  }
}

/**
 * Takes over the lock on a file that somebody left: "held" while its owner lives, "absent" without a file.
 */
export function tryLock(path: string): FileLock | "held" | "absent" {
  try {
    return take(path);
  } catch (error) {
    if (isBusy(error)) return "held";
    if (codeOf(error).startsWith("SQLITE_CANTOPEN")) return "absent";
    throw unavailable(path, error);
  }
}

/**
 * The lock is SQLite's own on an empty database: the one portable file lock that Node has. Never open the
 * file by other means in this process: closing any descriptor of it would drop the lock (POSIX).
 */
function take(path: string): FileLock {
  const db = keep(new Database(path, { fileMustExist: true, timeout: 0 }));
  try {
    db.exec("PRAGMA journal_mode = MEMORY"); // no journal file that a killed process would leave behind
    db.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    throw error;
  }
  return {
    release() {
      rmSync(path, { force: true });
      db.close();
    },
  };
}
