import { createPublicKey, hash, sign, verify, type KeyObject } from "node:crypto";

/**
 * Checkpoints as signed notes (C2SP signed-note and tlog-checkpoint), Ed25519: a format that other people's tools read
 * too. A checkpoint says that a log had so many records, and which root they have.
 */

const ED25519 = 1;
const PUBLIC_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** DER before the 32 bytes of an Ed25519 public key (RFC 8410). */
const SPKI = Buffer.from("302a300506032b6570032100", "hex");
/** A note of ours has 250 bytes. A file that somebody hands us may be anything. UTF-16 code units. */
const MAX_NOTE = 16_384;

export interface Checkpoint {
  /** Which log. */
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

/** A public key as it is written down: `name+key id+base64`. */
export interface Verifier {
  readonly name: string;
  readonly text: string;
  /** Whether this key signed the note. */
  signed(note: string): boolean;
}

function keyId(name: string, key: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), key]);
  return hash("sha256", typed, "buffer").subarray(0, 4);
}

/** `key`: the 32 bytes of an Ed25519 public key. */
export function verifier(name: string, key: Buffer): Verifier {
  const id = keyId(name, key);
  const object = publicKeyOf(key);
  return {
    name,
    text: `${name}+${id.toString("hex")}+${Buffer.concat([Buffer.of(ED25519), key]).toString("base64")}`,
    signed(note) {
      const parts = splitNote(note);
      if (parts === undefined) return false;
      return parts.signatures.some(
        (line) =>
          line.name === name &&
          line.bytes.length === 4 + SIGNATURE_BYTES &&
          line.bytes.subarray(0, 4).equals(id) &&
          verify(null, Buffer.from(parts.text), object, line.bytes.subarray(4)),
      );
    },
  };
}

/** Reads `name+key id+base64`; undefined when it is no Ed25519 verifier key, or its id is not the key's. */
export function parseVerifier(text: string): Verifier | undefined {
  const match = /^([^\s+]{1,256})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(text.trim());
  if (match === null) return undefined;
  const [, name = "", id, encoded = ""] = match;
  const typed = Buffer.from(encoded, "base64");
  const key = typed.subarray(1);
  if (typed[0] !== ED25519 || key.length !== PUBLIC_BYTES) return undefined;
  if (keyId(name, key).toString("hex") !== id) return undefined;
  return verifier(name, key);
}

/** The checkpoint, signed under its own name by `key`. */
export function signCheckpoint(checkpoint: Checkpoint, key: KeyObject): string {
  const { origin, size, root } = checkpoint;
  const text = `${origin}\n${size}\n${root.toString("base64")}\n`;
  const id = keyId(origin, publicBytes(key));
  const signature = Buffer.concat([id, sign(null, Buffer.from(text), key)]);
  return `${text}\n\u2014 ${origin} ${signature.toString("base64")}\n`;
}

/** The 32 bytes of an Ed25519 key's public half. */
export function publicBytes(key: KeyObject): Buffer {
  const half = key.type === "private" ? createPublicKey(key) : key;
  return half.export({ format: "der", type: "spki" }).subarray(SPKI.length);
}

/** What an old key signs when a new one takes its place. */
function changeText(origin: string, was: string, next: string): Buffer {
  return Buffer.from(`sallyport-key-change-v1\n${origin}\n${was}\n${next}\n`);
}

/** The old key's signature, in base64, that `next` (32 bytes in base64) takes its place in this log. */
export function endorse(origin: string, old: KeyObject, next: string): string {
  const was = publicBytes(old).toString("base64");
  return sign(null, changeText(origin, was, next), old).toString("base64");
}

/** Whether the key `was` has signed that `next` takes its place in this log. */
export function isEndorsed(origin: string, was: string, next: string, endorsed: string): boolean {
  const bytes = Buffer.from(was, "base64");
  if (bytes.length !== PUBLIC_BYTES) return false;
  return verify(null, changeText(origin, was, next), publicKeyOf(bytes), Buffer.from(endorsed, "base64"));
}

function publicKeyOf(bytes: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI, bytes]), format: "der", type: "spki" });
}

/** What a note says; undefined when it is no checkpoint. Says nothing about signatures. */
export function parseCheckpoint(note: string): Checkpoint | undefined {
  const lines = splitNote(note)?.text.split("\n");
  const [origin = "", size = "", root = ""] = lines ?? [];
  if (origin === "" || !/^(?:0|[1-9]\d{0,14})$/.test(size) || !/^[A-Za-z0-9+/]{43}=$/.test(root))
    return undefined;
  return { origin, size: Number(size), root: Buffer.from(root, "base64") };
}

interface Note {
  readonly text: string;
  readonly signatures: readonly { readonly name: string; readonly bytes: Buffer }[];
}

function splitNote(note: string): Note | undefined {
  const end = note.lastIndexOf("\n\n");
  if (end === -1 || note.length > MAX_NOTE || !note.endsWith("\n")) return undefined;
  const signatures = note
    .slice(end + 2, -1)
    .split("\n")
    .map((line) => /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(line));
  if (signatures.includes(null)) return undefined;
  return {
    text: note.slice(0, end + 1),
    signatures: signatures.map((match) => ({
      name: match?.[1] ?? "",
      bytes: Buffer.from(match?.[2] ?? "", "base64"),
    })),
  };
}

/** The checkpoints of a text that holds several, one after the other, as an anchor file does. */
export function splitNotes(text: string): string[] {
  // Within a note, an empty line is followed by a signature; between notes it is not.
  return text
    .split(/(?<=\n\u2014 [^\n]*\n)\n*(?!\u2014)/)
    .map((note) => note.replace(/^\n+/, ""))
    .filter((note) => note !== "");
}
