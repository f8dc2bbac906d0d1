import { SallyportError } from "../model/errors.js";
import type { Db } from "./database.js";
import { isBusy, isFault, unavailable } from "./faults.js";
import { statement } from "./statements.js";
import type { Tx } from "./store.js";

/**
 * Works waiting for the disk. A client that floods us, or a disk that hangs, must not fill the memory until
 * the process dies and takes the waiting calls with it: beyond this, calls are refused.
 */
export const MAX_QUEUED = 10_000;

/** Between two tries for the write lock: random, so that processes do not keep meeting. Milliseconds. */
const RETRY_MIN_MS = 1;
const RETRY_MAX_MS = 8;

/**
 * After a commit its callers come back at about the same time, a few polls apart: what they ask for next belongs into
 * one commit. A poll costs microseconds, a commit hundreds; more polls than this gain nothing.
 */
const MAX_POLLS = 3;

interface Job {
  /** Runs the work; its result is kept for `done`. */
  readonly run: (tx: Tx) => void;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export interface GroupCommit {
  transact<T>(work: (tx: Tx) => T): Promise<T>;
  /** Refuses further work and resolves when what was queued is settled. */
  drain(): Promise<void>;
}

export interface GroupOptions {
  readonly path: string;
  readonly busyMs: number;
  /** Throws when the file at `path` is no longer the one that is open. */
  readonly stillThere: () => void;
  /** Inside each write transaction, before its works. */
  readonly begun: () => void;
}

/**
 * One write transaction for all that was asked for while the last one was being written: an fsync costs the
 * same for one record as for a hundred.
 */
export function groupCommit(db: Db, tx: Tx, options: GroupOptions): GroupCommit {
  const begin = statement(db, "BEGIN IMMEDIATE");
  const commit = statement(db, "COMMIT");
  const savepoint = statement(db, "SAVEPOINT work");
  const release = statement(db, "RELEASE work");
  const undo = statement(db, "ROLLBACK TO work");
  let queue: Job[] = [];
  let scheduled = false;
  let draining = false;
  let busySince: number | undefined;
  let lastSize = 0;
  let polls = 0;

  function add(job: Job): void {
    queue.push(job);
    if (scheduled) return;
    scheduled = true;
    setImmediate(gather);
  }

  function gather(): void {
    if (queue.length < lastSize && polls++ < MAX_POLLS) setImmediate(gather);
    else flush();
  }

  function flush(): void {
    try {
      options.stillThere();
      begin.run();
    } catch (error) {
      if (isBusy(error) && Date.now() - (busySince ??= Date.now()) < options.busyMs) {
        setTimeout(flush, RETRY_MIN_MS + Math.random() * (RETRY_MAX_MS - RETRY_MIN_MS));
        return;
      }
      settle(take(), unavailable(options.path, error));
      return;
    }
    const jobs = take();
    const written: Job[] = [];
    tx.memo.clear();
    try {
      options.begun();
      for (const job of jobs) if (attempt(job)) written.push(job);
      commit.run();
    } catch (error) {
      // SQLite may have rolled back by itself (disk full does).
      if (db.inTransaction) db.exec("ROLLBACK");
      settle(jobs, unavailable(options.path, error));
      return;
    }
    settle(written);
  }

  /** False when the work threw: its writes are undone and it is told. Throws when the disk failed. */
  function attempt(job: Job): boolean {
    savepoint.run();
    try {
      job.run(tx);
    } catch (error) {
      if (isFault(error)) throw error;
      undo.run();
      release.run();
      tx.memo.clear();
      job.failed(error);
      return false;
    }
    release.run();
    return true;
  }

  function take(): Job[] {
    const jobs = queue;
    lastSize = jobs.length;
    polls = 0;
    queue = [];
    scheduled = false;
    busySince = undefined;
    return jobs;
  }

  function settle(jobs: readonly Job[], error?: SallyportError): void {
    for (const job of jobs) {
      if (error === undefined) job.done();
      else job.failed(error);
    }
  }

  return {
    transact<T>(work: (tx: Tx) => T): Promise<T> {
      return new Promise((resolve, reject) => {
        const refused = draining
          ? "the audit store is closed"
          : queue.length >= MAX_QUEUED
            ? `${MAX_QUEUED} records wait to be written: the disk does not keep up`
            : undefined;
        if (refused !== undefined) {
          reject(new SallyportError("store_unavailable", refused, { file: options.path }));
          return;
        }
        let result: T;
        add({
          run: (inside) => {
            result = work(inside);
          },
          done: () => resolve(result),
          failed: reject,
        });
      });
    },
    drain() {
      draining = true;
      // Works are settled in order: when this one is, all before it are.
      return new Promise((resolve) => add({ run: () => {}, done: resolve, failed: () => resolve() }));
    },
  };
}
