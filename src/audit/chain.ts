import type { Tx } from "../store/store.js";
import type { RecordBody } from "./record.js";
import { sha256 } from "./sha256.js";
import { leafHash } from "./tree.js";

/**
 * The hash chain. `body_hash` is SHA-256(0x00 || body), an RFC 6962 leaf; `hash` binds it to its place and to
 * all that went before. Because `hash` covers the body only through `body_hash`, a body can be erased later
 * and the chain still verifies.
 *
 * What a chain cannot do: a tail cut off, or a whole chain written anew by someone who can write the file,
 * still verifies. Only a head kept elsewhere shows that.
 */

export interface Head {
  readonly seq: number;
  readonly hash: Buffer;
}

/** Before the first record. */
export const GENESIS: Head = { seq: 0, hash: Buffer.alloc(32) };

const DOMAIN = Buffer.from("sallyport-chain-v1");

/** Hash of the record `seq` whose predecessor's hash is `prev`. */
export function chainHash(prev: Uint8Array, seq: number, body: Uint8Array): Buffer {
  const place = Buffer.alloc(8);
  place.writeBigUInt64BE(BigInt(seq));
  return sha256(Buffer.concat([DOMAIN, prev, place, body]));
}

const HEAD = "audit head";

function readHead(tx: Tx): Head {
  const known = tx.memo.get(HEAD) as Head | undefined;
  if (known !== undefined) return known;
  return tx.get<Head>("SELECT seq, hash FROM records ORDER BY seq DESC LIMIT 1") ?? GENESIS;
}

/**
 * Adds one record after the newest. Only inside a write transaction: several processes append to one file.
 */
export function append(tx: Tx, record: RecordBody): Head {
  const last = readHead(tx);
  const body = JSON.stringify(record);
  const leaf = leafHash(body);
  const seq = last.seq + 1;
  const next = chainHash(last.hash, seq, leaf);
  tx.run(
    "INSERT INTO records (seq, kind, id, ref, time, body, body_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    seq,
    record.kind,
    record.id,
    refOf(record),
    record.time,
    body,
    leaf,
    next,
  );
  const head = { seq, hash: next };
  tx.memo.set(HEAD, head);
  return head;
}

/** What the `ref` column of a record must be. */
export function refOf(record: RecordBody): string | null {
  return record.kind === "outcome" ? record.decision_id : null;
}
