import { createHash } from "node:crypto";
import { SallyportError } from "../model/errors.js";
import type { Store } from "../store/store.js";
import { csvHeader, csvLine } from "./formats/csv.js";
import { verifier } from "./note.js";
import { originOf, type StoredCheckpoint } from "./checkpoints.js";
import { prover, treeOf } from "./proof.js";
import { packSummary, VERIFY_TEXT } from "./pack-text.js";
import type { KeyBody } from "./record.js";
import { eachCall, type SearchFilter } from "./search.js";
import { scorecard } from "./stats.js";
import { verify } from "./verify.js";

/** Each call has two proofs, and each proof is a file. */
const MAX_PACKED = 10_000;

export interface PackOptions {
  readonly filter: SearchFilter;
  readonly version: string;
  /** The independent verifier's text. */
  readonly verifierScript: string;
  readonly now: number;
}

interface Row {
  readonly seq: number;
  readonly kind: string;
  readonly id: string;
  readonly ref: string | null;
  readonly body: string | null;
  readonly body_hash: Buffer;
  readonly hash: Buffer;
}

/**
 * All that somebody needs to judge some calls without the store and without us: the records as they were written, the
 * checkpoints, a proof of each record, what was in force, the approvals, a scorecard, a readable summary, how to check
 * it, and the hash of each file. Gives `add` one file after the other. Throws `store_unavailable` when the store does
 * not verify, and `too_large` for more than 10 000 calls.
 */
export function pack(store: Store, options: PackOptions, add: (name: string, text: string) => void): void {
  const { filter, version, now } = options;
  const checked = verify(store);
  if (!checked.ok)
    throw new SallyportError(
      "store_unavailable",
      "the store does not verify: a pack of it would prove nothing",
      {
        file: store.path,
        fix: "run sallyport audit verify",
      },
    );
  // Before the first file: half a pack would pass for one.
  const prove = prover(store);
  const manifest: { name: string; bytes: number; sha256: string }[] = [];
  const put = (name: string, text: string): void => {
    const sha256 = createHash("sha256").update(text).digest("hex");
    manifest.push({ name, bytes: Buffer.byteLength(text), sha256 });
    add(name, text);
  };

  const wanted = new Set<string>();
  const snapshots = new Set<string>();
  const csv = [csvHeader()];
  eachCall(store, filter, (call) => {
    if (wanted.size >= MAX_PACKED)
      throw new SallyportError("too_large", `more than ${MAX_PACKED} calls match`, {
        fix: "narrow it: --since, --until, --who, --server",
      });
    wanted.add(call.id);
    snapshots.add(call.snapshot);
    csv.push(csvLine(call));
  });

  const { records, inForce, approvals } = collect(store, wanted, snapshots);
  put("records.jsonl", records.map(line).join(""));
  put("snapshots.jsonl", inForce.map(line).join(""));
  put("approvals.jsonl", approvals.map(line).join(""));
  put("calls.csv", csv.join(""));

  const { notes, keys, origin } = signatures(store);
  put("checkpoints.txt", notes.map(({ note }) => `${note}\n`).join(""));
  put("keys.txt", keys.map((key) => `${key}\n`).join(""));
  put("consistency.jsonl", consistency(store, notes));
  let unsigned = 0;
  for (const { seq, id, body } of [...records, ...approvals]) {
    if (body === null) continue;
    if (seq > prove.size) unsigned++;
    else put(`proofs/${id}.tlog-proof`, prove.prove(seq, body));
  }

  const card = scorecard(store, filter);
  put("scorecard.json", `${JSON.stringify(card, null, 2)}\n`);
  put("verify-proof.mjs", options.verifierScript);
  put("VERIFY.md", VERIFY_TEXT);
  put("SUMMARY.md", packSummary({ card, checked, filter, version, now, origin, unsigned }));
  const head = { created: new Date(now).toISOString(), sallyport: version, log: origin, head: checked.head };
  add("manifest.json", `${JSON.stringify({ ...head, files: manifest }, null, 2)}\n`);
}

/** A record as it was written: `body` is the very text that its hash is of. */
function line({ seq, id, kind, body, body_hash, hash }: Row): string {
  const hex = { body_hash: body_hash.toString("hex"), hash: hash.toString("hex") };
  return `${JSON.stringify({ seq, id, kind, body, ...hex })}\n`;
}

/** The calls that are wanted, and all that is no call: starts, keys, holds, erasures, what people did. */
function collect(
  store: Store,
  wanted: ReadonlySet<string>,
  snapshots: ReadonlySet<string>,
): { records: Row[]; inForce: Row[]; approvals: Row[] } {
  const records: Row[] = [];
  const inForce: Row[] = [];
  const approvals: Row[] = [];
  store.read((tx) => {
    for (const row of tx.each<Row>(
      "SELECT seq, kind, id, ref, body, body_hash, hash FROM records ORDER BY seq",
    )) {
      const { kind, id, ref, body } = row;
      if (kind === "decision" || kind === "outcome") {
        if (wanted.has(ref ?? id)) records.push(row);
      } else if (kind === "posture") {
        const { snapshot } = JSON.parse(body ?? "{}") as { snapshot?: string };
        if (snapshots.has(snapshot ?? "")) inForce.push(row);
      } else if (kind.startsWith("approval")) approvals.push(row);
      else records.push(row);
    }
  });
  return { records, inForce, approvals };
}

function signatures(store: Store): {
  readonly notes: readonly StoredCheckpoint[];
  readonly keys: readonly string[];
  readonly origin: string;
} {
  return store.read((tx) => {
    const origin = originOf(tx) ?? "";
    const notes = tx.all<StoredCheckpoint>("SELECT size, time, note FROM checkpoints ORDER BY size");
    const keys = tx
      .all<{ body: string }>("SELECT body FROM records WHERE kind = 'key' ORDER BY seq")
      .map(({ body }) => verifier(origin, Buffer.from((JSON.parse(body) as KeyBody).public, "base64")).text);
    return { notes, keys, origin };
  });
}

/** From each checkpoint to the newest, a proof (RFC 6962 2.1.2) that nothing before it was changed since. */
function consistency(store: Store, notes: readonly StoredCheckpoint[]): string {
  const newest = notes.at(-1);
  if (newest === undefined) return "";
  const tree = treeOf(store, newest.size);
  return notes
    .map(({ size }) => {
      const proof = tree.consistency(size, newest.size).map((hash) => hash.toString("base64"));
      return `${JSON.stringify({ from: size, to: newest.size, proof })}\n`;
    })
    .join("");
}
