import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { SallyportError } from "../model/errors.js";
import { publicBytes } from "./note.js";
import { privateFile, replacePrivateFile } from "./private-file.js";

/** The Ed25519 key that signs checkpoints. */
export interface SigningKey {
  readonly key: KeyObject;
  /** Its public half, 32 bytes in base64, as records name it. */
  readonly public: string;
}

const WHAT = "the checkpoint key";

const fileOf = (directory: string): string => join(directory, "checkpoint.key");

function newPem(): Buffer {
  return Buffer.from(generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }));
}

/**
 * From `pem` when the configuration gives one; else `<directory>/checkpoint.key`, created when missing. Throws
 * `store_unavailable` when it is no Ed25519 key, or when others can read the file.
 */
export function openSigningKey(directory: string, pem?: string): SigningKey {
  const file = fileOf(directory);
  const text = pem ?? privateFile(file, WHAT, newPem).toString();
  const place = pem === undefined ? { file } : { path: "audit.key" };
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === "ed25519") return signingKey(key);
  } catch {
    // Said below; the parser's own words may quote the key.
  }
  throw new SallyportError("store_unavailable", `${WHAT} is no Ed25519 private key in PEM`, {
    ...place,
    fix:
      pem === undefined
        ? "restore it from a backup, or move it away"
        : "make one: openssl genpkey -algorithm ed25519",
  });
}

/** Puts a new key in the place of `<directory>/checkpoint.key`. Throws `store_unavailable`. */
export function replaceSigningKey(directory: string): SigningKey {
  const pem = newPem();
  replacePrivateFile(fileOf(directory), WHAT, pem);
  return signingKey(createPrivateKey(pem));
}

function signingKey(key: KeyObject): SigningKey {
  return { key, public: publicBytes(key).toString("base64") };
}
