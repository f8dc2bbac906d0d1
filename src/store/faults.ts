import { SallyportError } from "../model/errors.js";

/** What SQLite says, by primary result code, in words a person can act on. */
const FAULTS: readonly (readonly [code: string, what: string, fix: string])[] = [
  ["SQLITE_NOTADB", "is not a SQLite database", "choose another audit.path"],
  ["SQLITE_CORRUPT", "is damaged", "keep the file as evidence, move it away and let a new one be created"],
  ["SQLITE_FULL", "cannot grow: the disk or quota is full", "free some space"],
  ["SQLITE_BUSY", "is held by another process's write", "find the process that keeps it locked"],
  ["SQLITE_READONLY", "cannot be written", "make the file and its folder writable for this user"],
  ["SQLITE_CANTOPEN", "cannot be opened", "make the folder exist, writable for this user"],
  ["SQLITE_PERM", "cannot be opened", "make the file and its folder writable for this user"],
  ["SQLITE_AUTH", "cannot be opened", "make the file and its folder writable for this user"],
  ["SQLITE_IOERR", "cannot be read or written", "check the disk"],
  ["SQLITE_NOMEM", "ran out of memory", "give the process more memory"],
  ["SQLITE_PROTOCOL", "cannot be locked", "keep it on a local disk, not on a network share"],
  ["SQLITE_NOLFS", "is too large for this file system", "move it to another disk"],
];

/** SQLite's result code of an error, or the system's (`EACCES`…); "" when it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}

function faultOf(error: unknown): (typeof FAULTS)[number] | undefined {
  const code = codeOf(error);
  return FAULTS.find(([name]) => code === name || code.startsWith(`${name}_`));
}

/** Another process has the lock: worth another try. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_BUSY(_|$)/.test(codeOf(error));
}

/**
 * The file or disk failed, as opposed to the statement: nothing else of the group can be trusted to be
 * written.
 */
export function isFault(error: unknown): boolean {
  return faultOf(error) !== undefined;
}

/** Any error from the database or file system, as `store_unavailable` naming the file and what to do. */
export function unavailable(path: string, error: unknown): SallyportError {
  if (error instanceof SallyportError) return error;
  const [, what, fix] = faultOf(error) ?? [];
  const message = error instanceof Error ? error.message : String(error);
  const found = what ?? (/^E[A-Z]+$/.test(codeOf(error)) ? "cannot be used" : "failed");
  return new SallyportError(
    "store_unavailable",
    `the audit store ${found} (${message})`,
    { file: path, fix: fix ?? "make the file and its folder writable for this user" },
    { cause: error },
  );
}
