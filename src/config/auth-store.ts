import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SallyportError } from "../model/errors.js";
import { isObject, type JsonObject } from "../model/json.js";

/** Where the tokens of one server are kept, below the data directory. */
export function tokenFile(dataDir: string, server: string): string {
  return join(dataDir, "oauth", `${server}.json`);
}

/** What is kept, or undefined when nothing is. Throws `config_invalid` when others can read it or it is damaged. */
export function readTokens(file: string): JsonObject | undefined {
  const fault = (message: string, fix: string): SallyportError =>
    new SallyportError("config_invalid", message, { file, fix });
  try {
    if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0)
      throw fault("others can read the tokens", `chmod 600 ${file}`);
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (isObject(value)) return value;
  } catch (error) {
    if (error instanceof SallyportError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
  }
  throw fault("the tokens cannot be read", "delete the file and log in again");
}

/** Whole or not at all, and never readable by others, not even while it is written. */
export function writeTokens(file: string, value: JsonObject): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(8).toString("hex")}`;
  writeFileSync(draft, `${JSON.stringify(value)}\n`, { mode: 0o600, flag: "wx", flush: true });
  renameSync(draft, file);
}
