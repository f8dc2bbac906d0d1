import { deflateRawSync, inflateRawSync } from "node:zlib";
import { SallyportError } from "../model/errors.js";
import type { Store } from "../store/store.js";
import { lastCheckpoint } from "./checkpoints.js";
import { parseCheckpoint, type Checkpoint, type Verifier } from "./note.js";
import { buildTree, leafHash, rootFromPath, type Tree } from "./tree.js";

/**
 * One record with its proof, as one small text file (C2SP tlog-proof): the record, deflated, as the extra data; its
 * place; the path from its hash to the root; and a signed checkpoint with that root. Whoever has the public key needs
 * nothing else.
 */
const HEADER = "c2sp.org/tlog-proof@v1";
/** A record is some kilobytes. What a stranger's proof inflates to must not fill memory. Bytes. */
const MAX_RECORD = 4 * 1024 * 1024;
/** A path in a tree of all the records that there can be. */
const MAX_PATH = 64;

export interface Prover {
  /** The checkpoint that all its proofs end in. */
  readonly note: string;
  readonly size: number;
  /** The proof of record `seq`, whose body is `text`. */
  prove(seq: number, text: string): string;
}

/**
 * Reads the hashes of all records and makes as many proofs as one likes, all under the newest checkpoint. Throws
 * `store_unavailable` when there is none, or when it does not sign these records.
 */
export function prover(store: Store): Prover {
  const last = store.read(lastCheckpoint);
  if (last === undefined) throw unproved("there is no checkpoint yet", "run sallyport audit checkpoint");
  const { note, size } = last;
  const tree = treeOf(store, size);
  if (tree.size !== size || parseCheckpoint(note)?.root.equals(tree.root(size)) !== true)
    throw unproved(
      "the newest checkpoint was not signed for these records",
      "run sallyport audit verify: the store was changed or is damaged",
    );
  return { note, size, prove: (seq, text) => proofText(tree, size, note, seq, text) };
}

/** The tree over the first `size` records, in memory: 64 bytes a record. */
export function treeOf(store: Store, size: number): Tree {
  const hashes: Buffer[] = [];
  store.read((tx) => {
    const rows = tx.each<{ body_hash: Buffer }>(
      "SELECT body_hash FROM records WHERE seq <= ? ORDER BY seq",
      size,
    );
    for (const { body_hash: leaf } of rows) hashes.push(leaf);
  });
  return buildTree(Buffer.concat(hashes));
}

function proofText(tree: Tree, size: number, note: string, seq: number, text: string): string {
  if (seq > size)
    throw unproved(`no checkpoint covers record ${seq} yet`, "run sallyport audit checkpoint, then again");
  const path = tree.inclusion(seq - 1, size).map((hash) => `${hash.toString("base64")}\n`);
  const extra = deflateRawSync(Buffer.from(text)).toString("base64");
  return `${HEADER}\nextra ${extra}\nindex ${seq - 1}\n${path.join("")}\n${note}`;
}

function unproved(message: string, fix: string): SallyportError {
  return new SallyportError("store_unavailable", message, { fix });
}

export type ProofCheck =
  | {
      readonly ok: true;
      /** The record's own text, exactly as it was recorded. */
      readonly record: string;
      readonly seq: number;
      readonly checkpoint: Checkpoint;
    }
  | { readonly ok: false; readonly problem: string };

/** Checks a proof against public keys, with nothing else. */
export function checkProof(text: string, keys: readonly Verifier[]): ProofCheck {
  const bad = (problem: string): ProofCheck => ({ ok: false, problem });
  const end = text.indexOf("\n\n");
  const note = text.slice(end + 2);
  const [header, extra, index, ...hashes] = text.slice(0, Math.max(end, 0)).split("\n");
  if (header !== HEADER) return bad(`not a proof: it does not begin with ${HEADER}`);
  const encoded = /^extra ([A-Za-z0-9+/]+={0,2})$/.exec(extra ?? "")?.[1];
  const place = /^index (0|[1-9]\d{0,14})$/.exec(index ?? "")?.[1];
  if (encoded === undefined || place === undefined)
    return bad("not a proof of a record: extra or index is missing");
  if (hashes.length > MAX_PATH || !hashes.every((hash) => /^[A-Za-z0-9+/]{43}=$/.test(hash)))
    return bad("the path is not made of hashes");
  const checkpoint = parseCheckpoint(note);
  if (checkpoint === undefined) return bad("the proof does not end in a checkpoint");
  const record = inflate(Buffer.from(encoded, "base64"));
  if (record === undefined) return bad("the record in it cannot be read");
  if (!keys.some((key) => key.name === checkpoint.origin))
    return bad(`the checkpoint is of ${checkpoint.origin}, and no key is for that`);
  if (!keys.some((key) => key.name === checkpoint.origin && key.signed(note)))
    return bad("the checkpoint is not signed by the key");
  const path = hashes.map((hash) => Buffer.from(hash, "base64"));
  const root = rootFromPath(leafHash(record), Number(place), checkpoint.size, path);
  if (root?.equals(checkpoint.root) !== true)
    return bad("the record is not in the tree that the checkpoint was signed for");
  return { ok: true, record, seq: Number(place) + 1, checkpoint };
}

function inflate(bytes: Buffer): string | undefined {
  try {
    return inflateRawSync(bytes, { maxOutputLength: MAX_RECORD }).toString();
  } catch {
    return undefined;
  }
}
