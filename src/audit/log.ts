import { dirname } from "node:path";
import { SallyportError } from "../model/errors.js";
import type { JsonObject } from "../model/json.js";
import { openStore } from "../store/sqlite.js";
import type { FileLock } from "../store/lock.js";
import type { Store, Tx } from "../store/store.js";
import { append } from "./chain.js";
import { newId } from "./ids.js";
import { openDigest, type Digest } from "./keys.js";
import { pinBody, type PinInput } from "./pin-body.js";
import { forwards, type DecisionBody, type OutcomeBody, type RecordBody } from "./record.js";
import { enlist, findDead, type Dead } from "./writers.js";

export interface Receipt {
  readonly seq: number;
  readonly id: string;
  /** Chain hash of the record, hex. */
  readonly hash: string;
}

export interface AuditLog {
  /** Id of this process's life as a writer. */
  readonly writer: string;
  /**
   * Durable when it resolves; rejects with `store_unavailable` and leaves nothing otherwise. `make` runs
   * inside the transaction, so that budgets are claimed in the same commit. Throwing in `make` rejects and
   * writes nothing.
   */
  appendDecision(make: (tx: Tx) => DecisionBody): Promise<Receipt>;
  /** As appendDecision. A decision that was forwarded has one outcome: any other rejects with `internal`. */
  appendOutcome(make: (tx: Tx) => OutcomeBody): Promise<Receipt>;
  appendPosture(posture: { readonly snapshot: string; readonly bundle: JsonObject }): Promise<Receipt>;
  /** As appendDecision, one record for each of what `make` returns; it changes the pins in the same commit. */
  appendPins(make: (tx: Tx) => readonly PinInput[]): Promise<void>;
  /** Runs `work` on one consistent view of the store, at once. Throws `store_unavailable`. */
  read<T>(work: (tx: Tx) => T): T;
  /** Keyed HMAC-SHA-256 of a text, its first 16 bytes, as 32 hex digits. */
  digest(text: string): string;
  /** Writes `stop`, flushes, releases the writer's lock. A second call waits for the first. */
  close(): Promise<void>;
}

export interface AuditOptions {
  readonly path: string;
  /** Version of Sallyport, for the start record. */
  readonly version: string;
}

/**
 * Opens the store for writing, records the start and closes the open decisions of dead writers as `in_doubt`.
 * Throws `store_unavailable`.
 */
export async function openAudit(options: AuditOptions): Promise<AuditLog> {
  const store = openStore(options.path);
  const writer = newId("w");
  try {
    // The key lies beside the database; opening the store has made the folder.
    const digest = openDigest(dirname(options.path));
    const lock = await begin(store, writer, options.version, digest);
    return auditLog(store, writer, digest, lock);
  } catch (error) {
    await store.close();
    throw error;
  }
}

function auditLog(store: Store, writer: string, digest: Digest, lock: FileLock): AuditLog {
  const head = (prefix: "p" | "e") => ({ id: newId(prefix), time: Date.now(), writer });
  let closed: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    try {
      await store.transact((tx) => write(tx, { kind: "stop", ...head("e") }));
    } finally {
      await store.close();
      lock.release();
    }
  };
  return {
    writer,
    digest,
    appendDecision: (make) =>
      store.transact((tx) => {
        const body = make(tx);
        if (forwards(body.decision)) {
          tx.run("INSERT INTO open_decisions (id, writer) VALUES (?, ?)", body.id, body.writer);
        }
        return write(tx, body);
      }),
    appendOutcome: (make) => store.transact((tx) => writeOutcome(tx, make(tx))),
    appendPosture: (posture) =>
      store.transact((tx) => write(tx, { kind: "posture", ...head("p"), ...posture })),
    appendPins: (make) =>
      store.transact((tx) => {
        for (const pin of make(tx)) write(tx, pinBody(pin, writer));
      }),
    read: store.read,
    close: () => (closed ??= end()),
  };
}

/**
 * The first transaction of a writer's life: its lock, its start, and the end of what dead writers left open.
 */
async function begin(store: Store, writer: string, version: string, digest: Digest): Promise<FileLock> {
  const held: { own?: FileLock; dead?: Dead } = {};
  try {
    return await store.transact((tx) => {
      const lock = (held.own = enlist(store.path, writer));
      const dead = (held.dead = findDead(tx, store.path));
      write(tx, {
        kind: "start",
        id: newId("s"),
        time: Date.now(),
        writer,
        version,
        node: process.version,
        pid: process.pid,
        hmac_key: digest("sallyport hmac key fingerprint"),
      });
      for (const name of dead.writers) closeOrphans(tx, name, writer);
      return lock;
    });
  } catch (error) {
    held.own?.release();
    throw error;
  } finally {
    held.dead?.forget();
  }
}

function closeOrphans(tx: Tx, dead: string, writer: string): void {
  const orphans = tx.all<{ id: string }>("SELECT id FROM open_decisions WHERE writer = ? ORDER BY id", dead);
  for (const { id } of orphans) {
    const head = { id: newId("o"), time: Date.now(), writer };
    writeOutcome(tx, { kind: "outcome", ...head, decision_id: id, outcome: "in_doubt" });
  }
}

function writeOutcome(tx: Tx, body: OutcomeBody): Receipt {
  const open = tx.get("DELETE FROM open_decisions WHERE id = ? RETURNING id", body.decision_id);
  if (open === undefined) {
    throw new SallyportError(
      "internal",
      `no open decision ${body.decision_id}: refused, unknown, or already closed`,
    );
  }
  return write(tx, body);
}

function write(tx: Tx, body: RecordBody): Receipt {
  const { seq, hash } = append(tx, body);
  return { seq, id: body.id, hash: hash.toString("hex") };
}
