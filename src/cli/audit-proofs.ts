/** `sallyport audit verify|checkpoint|key|prove|verify-proof|anchor`: that the record is whole, and proofs of it. */
import { keyInForce, lastCheckpoint, originOf, type StoredCheckpoint } from "../audit/checkpoints.js";
import { verifier } from "../audit/note.js";
import { checkProof, prover } from "../audit/proof.js";
import { verify, type Verification } from "../audit/verify.js";
import type { Anchored } from "../audit/verify-tree.js";
import { describeError, SallyportError } from "../model/errors.js";
import type { Tx } from "../store/store.js";
import { anchorName, publish, published } from "./anchors.js";
import { UsageError, type AuditArgs } from "./audit-args.js";
import { readAnchor, readKeys, readNamed, writeNamed } from "./audit-files.js";
import { reading, writing, type AuditIo } from "./audit-io.js";
import { printable } from "./table.js";

type Io = AuditIo & { say(text: string): void };

export async function proofCommand(args: AuditArgs, given: AuditIo): Promise<number> {
  const io = { ...given, say: given.say ?? given.write };
  switch (args.command) {
    case "verify":
      return verifyStore(args, io);
    case "checkpoint":
      return makeCheckpoint(args, io);
    case "key":
      return showKey(args, io);
    case "prove":
      return proveRecord(args, io);
    case "anchor":
      return anchorCheckpoint(args, io);
    default:
      return verifyProof(args, io);
  }
}

async function verifyStore(args: AuditArgs, io: Io): Promise<number> {
  const { key, against } = args.values;
  const keys = key === undefined ? [] : readKeys(key);
  if (keys.length > 1) throw new UsageError("audit verify takes one key: the one that is in force");
  const anchors: Anchored[] = against === undefined ? [] : [readAnchor(against)];
  const notices: string[] = [];
  for (const anchor of io.settings.anchors) {
    const found = await published(anchor);
    if (typeof found === "string") notices.push(found);
    else anchors.push(found);
  }
  const [first] = keys;
  const result = await reading(io, (store) =>
    verify(store, { anchors, ...(first !== undefined && { key: first }) }),
  );
  return printVerification({ ...result, notices: [...result.notices, ...notices] }, args.json, io);
}

function printVerification(result: Verification, json: boolean, io: Io): number {
  if (json) io.write(`${JSON.stringify(result)}\n`);
  else if (result.ok) {
    const { records, decisions, open, head, checkpoints, covered, anchored, key } = result;
    const elsewhere =
      anchored > 0
        ? `${anchored} checkpoints kept elsewhere agree\n`
        : "No checkpoint was compared that is kept elsewhere: who holds the key can write all of this anew.\n";
    io.write(
      `ok: ${records} records, ${decisions} decisions, ${open} without an outcome yet\n` +
        `head: record ${head.seq}, hash ${head.hash}\n` +
        `signed: ${checkpoints} checkpoints, the newest over ${covered} records${key === null ? "" : `, by\n${key}`}\n` +
        elsewhere,
    );
  } else {
    const lines = result.problems.map(({ seq, id, what }) => `  record ${seq} ${id}: ${printable(what)}\n`);
    io.write(`the audit store has been changed or is damaged:\n${lines.join("")}`);
  }
  if (!json) for (const notice of result.notices) io.say(`note: ${printable(notice)}\n`);
  return result.ok ? 0 : 1;
}

async function makeCheckpoint(args: AuditArgs, io: Io): Promise<number> {
  // Nothing more to do than to be there: each life ends in a checkpoint, and one made before would not cover its end.
  await writing(io, async () => {});
  const { size, time, note } = await newest(io);
  if (args.json) io.write(`${JSON.stringify({ size, time: new Date(time).toISOString(), note })}\n`);
  else io.write(note);
  return 0;
}

async function newest(io: Io): Promise<StoredCheckpoint> {
  const last = await reading(io, (store) => store.read(lastCheckpoint));
  if (last !== undefined) return last;
  throw new SallyportError("store_unavailable", "there is no checkpoint yet", {
    file: io.path,
    fix: "run sallyport audit checkpoint",
  });
}

/** The public key as it is written down: what a stranger needs to check a proof. */
function publicKey(tx: Tx): string | undefined {
  const origin = originOf(tx);
  const key = keyInForce(tx);
  if (origin === undefined || key === undefined) return undefined;
  return verifier(origin, Buffer.from(key.public, "base64")).text;
}

async function showKey(args: AuditArgs, io: Io): Promise<number> {
  if (args.switches.has("rotate")) {
    await writing(io, (log) => log.changeKey());
    io.say("Checkpoints are signed with a new key from now on, by running processes too.\n");
  }
  const key = await reading(io, (store) => store.read(publicKey));
  if (key === undefined)
    throw new SallyportError("store_unavailable", "no key is on record yet", {
      file: io.path,
      fix: "start Sallyport once",
    });
  io.write(args.json ? `${JSON.stringify({ key })}\n` : `${key}\n`);
  return 0;
}

async function proveRecord(args: AuditArgs, io: Io): Promise<number> {
  const { word: id, values } = args;
  const text = await reading(io, (store) => {
    const found = store.read((tx) =>
      tx.get<{ seq: number; body: string | null }>("SELECT seq, body FROM records WHERE id = ?", id),
    );
    if (found === undefined) return undefined;
    if (found.body === null)
      throw new SallyportError("store_unavailable", `record ${found.seq} was erased: only its hash is left`, {
        fix: "a proof that was made before still holds",
      });
    return prover(store).prove(found.seq, found.body);
  });
  if (text === undefined) {
    io.say(`no record ${printable(id)} in ${io.path}\n`);
    return 1;
  }
  if (values.out === undefined) io.write(text);
  else {
    writeNamed(values.out, text);
    io.say(
      `${values.out}: ${Buffer.byteLength(text)} bytes. Check it: sallyport audit verify-proof ${values.out} --key KEY\n`,
    );
  }
  return 0;
}

async function verifyProof(args: AuditArgs, io: Io): Promise<number> {
  const { key } = args.values;
  if (key === undefined)
    throw new UsageError(
      "audit verify-proof needs --key: the public key as audit key prints it, or a file with it",
    );
  const result = checkProof(readNamed(args.word), readKeys(key));
  if (args.json) {
    const said = result.ok
      ? {
          ok: true,
          seq: result.seq,
          size: result.checkpoint.size,
          record: JSON.parse(result.record) as unknown,
        }
      : result;
    io.write(`${JSON.stringify(said)}\n`);
  } else if (result.ok) {
    const { seq, checkpoint, record } = result;
    io.write(`ok: record ${seq} of ${checkpoint.size} of ${checkpoint.origin} is\n${printable(record)}\n`);
  } else io.write(`not proved: ${printable(result.problem)}\n`);
  return result.ok ? 0 : 1;
}

async function anchorCheckpoint(args: AuditArgs, io: Io): Promise<number> {
  const { file } = args.values;
  const anchors = file === undefined ? io.settings.anchors : [{ kind: "file" as const, path: file }];
  if (anchors.length === 0) throw new UsageError("audit.anchors names none; or: audit anchor --file FILE");
  const { note, size } = await newest(io);
  let code = 0;
  const told: object[] = [];
  for (const anchor of anchors) {
    const to = anchorName(anchor);
    try {
      await publish(anchor, note);
      told.push({ anchor: to, size });
      if (!args.json) io.write(`${to} has the checkpoint of ${size} records\n`);
    } catch (error) {
      code = 1;
      told.push({ anchor: to, problem: describeError(error) });
      io.say(`${describeError(error)}\n`);
    }
  }
  if (args.json) io.write(`${JSON.stringify(told)}\n`);
  return code;
}
