/** What is kept of a login: the tokens, for whom and from whom they are. */
import type { AuthorizationCode } from "../../config/auth-types.js";
import { readTokens, writeTokens } from "../../config/auth-store.js";
import { createLock, tryLock, type FileLock } from "../../store/lock.js";
import type { JsonObject } from "../../model/json.js";
import { LOCK_MS, LOCK_RETRY_MS } from "../limits.js";
import type { Discovery, StoredClient, StoredTokens } from "./sdk.js";

export interface Kept {
  /** The server the tokens were got for: another one under the same name must not be sent them. */
  readonly server: string;
  readonly discovery?: Discovery;
  readonly client?: StoredClient;
  readonly tokens?: StoredTokens;
  /** The scopes that the server has asked for since: the next login asks for them. */
  readonly wanted?: string;
  /** When the access token ends. Milliseconds since 1970. */
  readonly expiresAt?: number;
}

/** Undefined when nothing is kept for this very server. Throws `config_invalid` when others can read the file. */
export function readKept(auth: AuthorizationCode, server: string): Kept | undefined {
  const kept = readTokens(auth.tokenFile) as Kept | undefined;
  return kept?.server === server ? kept : undefined;
}

export function writeKept(auth: AuthorizationCode, kept: Kept): void {
  writeTokens(auth.tokenFile, kept as unknown as JsonObject);
}

/**
 * One process at a time: several proxies share the file, and a refresh token is good for one use. One that cannot get the
 * lock goes on without it after a while; a dead process holds none.
 */
export async function alone<T>(file: string, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + LOCK_MS;
  let lock = take(`${file}.lock`);
  while (lock === undefined && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, LOCK_RETRY_MS * (0.5 + Math.random())));
    lock = take(`${file}.lock`);
  }
  try {
    return await work();
  } finally {
    lock?.release();
  }
}

function take(path: string): FileLock | undefined {
  try {
    return createLock(path);
  } catch {
    const left = tryLock(path);
    return typeof left === "string" ? undefined : left;
  }
}
