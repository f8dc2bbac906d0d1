import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createLock, tryLock, type FileLock } from "../store/lock.js";
import type { Tx } from "../store/store.js";

/**
 * Who is alive. A pid proves nothing: it is reused, and means nothing to another container on the same
 * volume. So each writer holds a lock on a file of its own for its whole life, and the operating system lets
 * go of it when the process dies.
 *
 * Both functions run inside a write transaction of the store. That is what keeps two starting processes from
 * seeing each other's half-made lock, or from both closing the same decision.
 */

/** Names from the folder and the table become paths that are deleted: nothing but our own ids is touched. */
const WRITER = /^w_[0-9a-z]{26}$/;

const folder = (storePath: string): string => `${storePath}.writers`;

/** Locks the file of a new writer. */
export function enlist(storePath: string, writer: string): FileLock {
  return createLock(join(folder(storePath), writer));
}

export interface Dead {
  readonly writers: ReadonlySet<string>;
  /** Deletes their files. Call it after the transaction: until then nobody else may take them for dead. */
  forget(): void;
}

/** The writers that are dead: their file can be locked, or is gone and they have not ended well. */
export function findDead(tx: Tx, storePath: string): Dead {
  const writers = new Set<string>();
  const locks: FileLock[] = [];
  const known = tx.all<{ writer: string }>("SELECT writer FROM writers").map((row) => row.writer);
  for (const writer of new Set([...readdirSync(folder(storePath)), ...known])) {
    if (!WRITER.test(writer)) continue;
    const lock = tryLock(join(folder(storePath), writer));
    if (lock === "held") continue;
    writers.add(writer);
    if (lock !== "absent") locks.push(lock);
  }
  return {
    writers,
    forget: () => {
      for (const lock of locks) lock.release();
    },
  };
}
