import { createHmac, hash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { SallyportError } from "../model/errors.js";
import { privateFile } from "./private-file.js";

const KEY_BYTES = 32;
const DIGEST_BYTES = 16;

/** Keyed HMAC-SHA-256 of a text, its first 16 bytes, as 32 hex digits. */
export type Digest = (text: string) => string;

/**
 * A plain hash of a short value (a social security number, a name) is undone by hashing all of them. With a
 * key that never leaves the data directory, equal values can be correlated but not guessed. Reads
 * `<directory>/hmac.key`, created when missing. Throws `store_unavailable` when others can read it.
 */
export function openDigest(directory: string): Digest {
  const file = join(directory, "hmac.key");
  const key = privateFile(file, "the HMAC key", () => randomBytes(KEY_BYTES));
  if (key.length !== KEY_BYTES) {
    throw new SallyportError("store_unavailable", `the HMAC key has ${key.length} bytes, not ${KEY_BYTES}`, {
      file,
      fix: "restore it from a backup, or move it away",
    });
  }
  return keyedDigest(key);
}

const BLOCK = 64;
/** Beyond this the copy costs more than the object that it saves. UTF-16 code units. */
const SHORT = 4096;

/** RFC 2104. Every call needs a few of short texts, where most of the time would go into making hash objects. */
export function keyedDigest(key: Buffer): Digest {
  const inner = Buffer.alloc(BLOCK, 0x36);
  const outer = Buffer.alloc(BLOCK + 32, 0x5c);
  for (const [at, byte] of key.entries()) {
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  const scratch = Buffer.alloc(BLOCK + 3 * SHORT);
  inner.copy(scratch);
  return (text) => {
    if (text.length > SHORT)
      return createHmac("sha256", key).update(text).digest().toString("hex", 0, DIGEST_BYTES);
    const end = BLOCK + scratch.write(text, BLOCK, "utf8");
    hash("sha256", scratch.subarray(0, end), "buffer").copy(outer, BLOCK);
    return hash("sha256", outer, "hex").slice(0, 2 * DIGEST_BYTES);
  };
}
