import { setImmediate } from "node:timers/promises";
import { SallyportError } from "../model/errors.js";
import type { Store, Tx } from "../store/store.js";
import type { KeyBody } from "./record.js";
import { signCheckpoint } from "./note.js";
import type { SigningKey } from "./signing-key.js";
import { thinCheckpoints } from "./thin.js";
import { addLeaves, EMPTY_FRONTIER, frontierBytes, frontierOf, rootOf, type Frontier } from "./tree.js";

/** Leaves hashed in one go: half a thousand take a millisecond, in which no call is answered. */
const CHUNK = 500;
const ORIGIN = "sallyport-audit/";

/** A checkpoint as it stands in the store. */
export interface StoredCheckpoint {
  readonly size: number;
  /** Milliseconds since the epoch; not covered by the signature. */
  readonly time: number;
  readonly note: string;
}

/**
 * The log's name, from the hash of its first record: two stores never share one, and a chain written anew has
 * another. Undefined while there is no record.
 */
export function originOf(tx: Tx): string | undefined {
  const first = tx.get<{ body_hash: Buffer }>("SELECT body_hash FROM records WHERE seq = 1");
  return first && `${ORIGIN}${first.body_hash.toString("hex", 0, 16)}`;
}

/** Whether the store was made by a version that knows checkpoints. */
export function hasCheckpoints(tx: Tx): boolean {
  return tx.get("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'checkpoints'") !== undefined;
}

/** The newest checkpoint. */
export function lastCheckpoint(tx: Tx): StoredCheckpoint | undefined {
  return tx.get("SELECT size, time, note FROM checkpoints ORDER BY size DESC LIMIT 1");
}

/** What the newest record about the checkpoint key says; found by the id index. */
export function keyInForce(tx: Tx): KeyBody | undefined {
  const found = tx.get<{ body: string }>(
    "SELECT body FROM records WHERE id > 'k_' AND id < 'k~' AND kind = 'key' ORDER BY seq DESC LIMIT 1",
  );
  return found && (JSON.parse(found.body) as KeyBody);
}

export interface Checkpointer {
  /**
   * Signs the tree as it stands and stores the checkpoint; resolves with it, or with undefined when the newest one
   * covers every record already. Throws `store_unavailable`.
   */
  make(): Promise<StoredCheckpoint | undefined>;
}

/**
 * The tree is not kept while records are appended: that would cost every call a dozen hashes. It is built when it is
 * to be signed, from the hashes of the records since the last time.
 */
export function checkpointer(store: Store, signing: () => SigningKey): Checkpointer {
  let known: Frontier | undefined;

  return {
    async make() {
      for (;;) {
        const { frontier, done } = store.read((tx) => advance(tx, known ?? stored(tx), CHUNK));
        known = frontier;
        if (done) break;
        await setImmediate();
      }
      const { frontier, made } = await store.transact((tx) => write(tx, known!, signing()));
      // Only now: what the transaction saw may not have come to be.
      known = frontier;
      return made;
    },
  };
}

/** Where the tree was signed last. */
function stored(tx: Tx): Frontier {
  const row = tx.get<{ size: number; frontier: Buffer }>(
    "SELECT size, frontier FROM checkpoints ORDER BY size DESC LIMIT 1",
  );
  if (row === undefined) return EMPTY_FRONTIER;
  // Not to be read: then from the first record on.
  return frontierOf(row.size, row.frontier) ?? EMPTY_FRONTIER;
}

function advance(tx: Tx, from: Frontier, most: number): { frontier: Frontier; done: boolean } {
  // As one text: a row of its own for each hash takes three times as long.
  const { count, last, leaves } = tx.get<{ count: number; last: number | null; leaves: string | null }>(
    `SELECT count(*) AS count, max(seq) AS last, group_concat(hex(body_hash), '') AS leaves
     FROM (SELECT seq, body_hash FROM records WHERE seq > ? ORDER BY seq LIMIT ?)`,
    from.size,
    most,
  )!;
  if (count > 0 && last !== from.size + count)
    throw new SallyportError("store_unavailable", "records are missing: no checkpoint can cover them", {
      fix: "run sallyport audit verify",
    });
  return { frontier: addLeaves(from, Buffer.from(leaves ?? "", "hex")), done: count < most };
}

function write(
  tx: Tx,
  from: Frontier,
  signing: SigningKey,
): { frontier: Frontier; made: StoredCheckpoint | undefined } {
  const { frontier } = advance(tx, from, Number.MAX_SAFE_INTEGER);
  const { size } = frontier;
  const origin = originOf(tx);
  const last = lastCheckpoint(tx);
  if (origin === undefined || (last?.size ?? 0) >= size) return { frontier, made: undefined };
  // Another process may have put another key in force meanwhile: verify takes no other one's signature from then on.
  if (keyInForce(tx)?.public !== signing.public)
    throw new SallyportError("store_unavailable", "the checkpoint key is not the one on record", {
      fix: "let all processes on this store use one key (audit.key)",
    });
  // Nobody goes on from an older one: in years it would be half a gigabyte.
  tx.run("UPDATE checkpoints SET frontier = zeroblob(0) WHERE size = (SELECT max(size) FROM checkpoints)");
  const note = signCheckpoint({ origin, size, root: rootOf(frontier) }, signing.key);
  const made = { size, time: Date.now(), note };
  tx.run(
    "INSERT INTO checkpoints (size, time, note, frontier) VALUES (?, ?, ?, ?)",
    size,
    made.time,
    note,
    frontierBytes(frontier),
  );
  if (last !== undefined) thinCheckpoints(tx, last.time, made.time);
  return { frontier, made };
}
