import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { SallyportError } from "../model/errors.js";

/**
 * The bytes of a secret file that only its owner can read, made by `make` when there is none. `what` names it in
 * messages. Throws `store_unavailable`.
 */
export function privateFile(file: string, what: string, make: () => Buffer): Buffer {
  try {
    if (statSync(file, { throwIfNoEntry: false }) === undefined) put(file, make(), linkSync);
    // Windows has no such bits: there the folder's access list is what protects the key.
    if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0) {
      throw new SallyportError("store_unavailable", `${what} can be read by other users`, {
        file,
        fix: `chmod 600 ${file}`,
      });
    }
    return readFileSync(file);
  } catch (error) {
    throw unreadable(file, what, error);
  }
}

/** Puts another secret in the file's place. Throws `store_unavailable`. */
export function replacePrivateFile(file: string, what: string, bytes: Buffer): void {
  try {
    put(file, bytes, renameSync);
  } catch (error) {
    throw unreadable(file, what, error);
  }
}

function unreadable(file: string, what: string, cause: unknown): SallyportError {
  if (cause instanceof SallyportError) return cause;
  const fix = "make the file readable and its folder writable for you alone";
  return new SallyportError(
    "store_unavailable",
    `${what} cannot be read or written`,
    { file, fix },
    { cause },
  );
}

/**
 * Whole or not at all: of two processes that start at once, neither may read the other's half-written key. `place`
 * puts the finished draft where it belongs; the first of two links wins.
 */
function put(file: string, bytes: Buffer, place: (draft: string, file: string) => void): void {
  const draft = `${file}.${randomBytes(8).toString("hex")}`;
  const fd = openSync(draft, "wx", 0o600);
  try {
    writeSync(fd, bytes);
    fsyncSync(fd);
    place(draft, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    closeSync(fd);
    rmSync(draft, { force: true });
  }
}
