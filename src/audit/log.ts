import { dirname } from "node:path";
import type { JsonObject } from "../model/json.js";
import { openStore } from "../store/sqlite.js";
import type { FileLock } from "../store/lock.js";
import type { Store, Tx } from "../store/store.js";
import { append } from "./chain.js";
import { clockWatch, type ClockWatch } from "./clock-watch.js";
import type { StoredCheckpoint } from "./checkpoints.js";
import { newId } from "./ids.js";
import { openDigest, type Digest } from "./keys.js";
import { openDecisions, takeOrphans, type OpenDecisions } from "./open-decisions.js";
import { pinBody, type PinInput } from "./pin-body.js";
import {
  forwards,
  type ApprovalBody,
  type ControlBody,
  type DecisionBody,
  type ErasureBody,
  type HoldBody,
  type OutcomeBody,
  type PolicyFile,
  type RecordBody,
} from "./record.js";
import { createSigner, recordKey, type Signer, type SignerOptions } from "./signer.js";
import { openSigningKey, type SigningKey } from "./signing-key.js";
import { enlist, findDead, type Dead } from "./writers.js";

export interface Receipt {
  readonly seq: number;
  readonly id: string;
  /** Chain hash of the record, hex. */
  readonly hash: string;
}

export type ControlInput = Omit<ControlBody, "kind" | "id" | "time" | "writer">;
export type ApprovalInput = Omit<ApprovalBody, "kind" | "id" | "time" | "writer">;
type HoldInput = Omit<HoldBody, "kind" | "id" | "time" | "writer">;
type ErasureInput = Omit<ErasureBody, "kind" | "id" | "time" | "writer">;

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
  /** What is in force from here on. The bundle is kept whole, once for all starts that share it. */
  appendPosture(posture: {
    readonly snapshot: string;
    readonly bundle: () => JsonObject;
    readonly files?: readonly PolicyFile[];
  }): Promise<Receipt>;
  /** As appendDecision, one record for each of what `make` returns; it changes the pins in the same commit. */
  appendPins(make: (tx: Tx) => readonly PinInput[]): Promise<void>;
  /** As appendPins, for what a person does to running proxies. */
  appendControls(make: (tx: Tx) => readonly ControlInput[]): Promise<void>;
  /** As appendPins, for what a person says of a call that waits. */
  appendApprovals(make: (tx: Tx) => readonly ApprovalInput[]): Promise<void>;
  /** As appendPins, for a hold that is placed or released. */
  appendHold(hold: HoldInput): Promise<Receipt>;
  /** As appendDecision; `make` erases the bodies that the record names. Undefined when it has erased none. */
  appendErasure(make: (tx: Tx) => ErasureInput | undefined): Promise<Receipt | undefined>;
  /** What was erased leaves the write-ahead log too; false when another process still reads there. */
  scrub(): boolean;
  /** Runs `work` on one consistent view of the store, at once. Throws `store_unavailable`. */
  read<T>(work: (tx: Tx) => T): T;
  /** Another number once another process has changed the store; exact inside of a transaction. */
  version(): number;
  /** Keyed HMAC-SHA-256 of a text, its first 16 bytes, as 32 hex digits. */
  digest(text: string): string;
  /** Signs what is recorded so far. Resolves with undefined when nothing is new. Rejects with `store_unavailable`. */
  checkpoint(): Promise<StoredCheckpoint | undefined>;
  /**
   * Signs with a new key from now on; a record says so, and a checkpoint of the old key stands before it. Resolves
   * with the public key. Rejects with `config_invalid` when the configuration gives the key.
   */
  changeKey(): Promise<string>;
  /** Writes `stop` and a last checkpoint, flushes, releases the writer's lock. A second call waits for the first. */
  close(): Promise<void>;
}

export interface AuditOptions extends SignerOptions {
  /** Version of Sallyport, for the start record. */
  readonly version: string;
  /** Other than this machine's. */
  readonly clock?: ClockWatch;
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
    const key = openSigningKey(dirname(options.path), options.signingPem);
    const { lock, open } = await begin(store, writer, options.version, digest, key);
    const signer = createSigner(store, writer, key, options);
    return auditLog(store, writer, digest, lock, open, signer, options.clock ?? clockWatch());
  } catch (error) {
    await store.close();
    throw error;
  }
}

function auditLog(
  store: Store,
  writer: string,
  digest: Digest,
  lock: FileLock,
  open: OpenDecisions,
  signer: Signer,
  clock: ClockWatch,
): AuditLog {
  const head = (prefix: "p" | "e" | "b" | "h" | "x" | "v" | "l") => ({
    id: newId(prefix),
    time: Date.now(),
    writer,
  });
  /** A transaction of calls, which come all the time: where the clock was set before it, that stands first. */
  const transact = async <T>(work: (tx: Tx) => T): Promise<T> => {
    const step = clock.step();
    if (step === undefined) return store.transact(work);
    try {
      return await store.transact((tx) => {
        write(tx, { kind: "clock", ...head("l"), step });
        return work(tx);
      });
    } catch (error) {
      clock.untold(step);
      throw error;
    }
  };
  let closed: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    try {
      await store.transact((tx) => {
        write(tx, { kind: "stop", ...head("e") });
        open.end(tx);
      });
    } finally {
      await signer.stop();
      await store.close();
      lock.release();
    }
  };
  return {
    writer,
    digest,
    appendDecision: async (make) => {
      let id: string | undefined;
      try {
        return await transact((tx) => {
          const body = make(tx);
          const receipt = write(tx, body);
          signer.count();
          if (forwards(body.decision)) open.add(tx, (id = body.id), receipt.seq);
          return receipt;
        });
      } catch (error) {
        if (id !== undefined) open.drop(id);
        throw error;
      }
    },
    appendOutcome: async (make) => {
      let taken: { readonly id: string; readonly seq: number } | undefined;
      try {
        return await transact((tx) => {
          const body = make(tx);
          taken = { id: body.decision_id, seq: open.take(body.decision_id) };
          signer.count();
          return write(tx, body);
        });
      } catch (error) {
        if (taken !== undefined) open.putBack(taken.id, taken.seq);
        throw error;
      }
    },
    appendPosture: ({ snapshot, bundle, files = [] }) =>
      store.transact((tx) => {
        const known = bundleOf(tx, snapshot);
        const whole = () => ({ bundle: bundle(), ...(files.length > 0 && { policy_files: files }) });
        const held = known === undefined ? whole() : { bundle_in: known };
        return write(tx, { kind: "posture", ...head("p"), snapshot, ...held });
      }),
    appendPins: (make) =>
      store.transact((tx) => {
        for (const pin of make(tx)) write(tx, pinBody(pin, writer));
      }),
    appendApprovals: (make) =>
      store.transact((tx) => {
        for (const said of make(tx)) write(tx, { kind: "approval", ...head("v"), ...said });
      }),
    appendHold: (hold) => store.transact((tx) => write(tx, { kind: "hold", ...head("h"), ...hold })),
    appendErasure: (make) =>
      store.transact((tx) => {
        const erasure = make(tx);
        return erasure && write(tx, { kind: "erasure", ...head("x"), ...erasure });
      }),
    scrub: store.scrub,
    checkpoint: signer.checkpoint,
    changeKey: signer.changeKey,
    appendControls: (make) =>
      store.transact((tx) => {
        for (const control of make(tx)) write(tx, { kind: "control", ...head("b"), ...control });
      }),
    read: store.read,
    version: store.version,
    close: () => (closed ??= end()),
  };
}

/** The newest record that holds a snapshot whole. The range of ids finds the few posture records by the id index. */
function bundleOf(tx: Tx, snapshot: string): string | undefined {
  return tx.get<{ id: string }>(
    `SELECT id FROM records WHERE id > 'p_' AND id < 'p~' AND kind = 'posture' AND instr(body, ?) > 0
     AND instr(body, '"bundle":{') > 0 ORDER BY id DESC LIMIT 1`,
    `"snapshot":"${snapshot}"`,
  )?.id;
}

/**
 * The first transaction of a writer's life: its lock, its start, and the end of what dead writers left open.
 */
async function begin(
  store: Store,
  writer: string,
  version: string,
  digest: Digest,
  signing: SigningKey,
): Promise<{ readonly lock: FileLock; readonly open: OpenDecisions }> {
  const held: { own?: FileLock; dead?: Dead } = {};
  try {
    return await store.transact((tx) => {
      const lock = (held.own = enlist(store.path, writer));
      const dead = (held.dead = findDead(tx, store.path));
      const { seq } = write(tx, {
        kind: "start",
        id: newId("s"),
        time: Date.now(),
        writer,
        version,
        node: process.version,
        pid: process.pid,
        hmac_key: digest("sallyport hmac key fingerprint"),
      });
      recordKey(tx, signing, writer);
      for (const name of dead.writers) closeOrphans(tx, name, writer);
      return { lock, open: openDecisions(tx, writer, seq) };
    });
  } catch (error) {
    held.own?.release();
    throw error;
  } finally {
    held.dead?.forget();
  }
}

function closeOrphans(tx: Tx, dead: string, writer: string): void {
  for (const id of takeOrphans(tx, dead)) {
    const head = { id: newId("o"), time: Date.now(), writer };
    write(tx, { kind: "outcome", ...head, decision_id: id, outcome: "in_doubt" });
  }
}

function write(tx: Tx, body: RecordBody): Receipt {
  const { seq, hash } = append(tx, body);
  return { seq, id: body.id, hash: hash.toString("hex") };
}
