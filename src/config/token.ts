import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { SallyportError } from "../model/errors.js";

export interface Token {
  readonly value: string;
  /** Where it is kept. */
  readonly file: string;
  /** True for the start that made it: the one time it is printed. */
  readonly fresh: boolean;
}

/** The listener's token, made on the first start and kept in the data directory, readable by its owner only. */
export function readToken(dataDir: string): Token {
  const file = join(dataDir, "token");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    const handle = openSync(file, "wx", 0o600);
    const value = `sp_${randomBytes(32).toString("base64url")}`;
    writeSync(handle, `${value}\n`);
    closeSync(handle);
    return { value, file, fresh: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  if ((statSync(file).mode & 0o077) !== 0)
    throw new SallyportError("config_invalid", "others can read the token", {
      file,
      fix: `chmod 600 ${file}`,
    });
  const value = readFileSync(file, "utf8").trim();
  if (value === "")
    throw new SallyportError("config_invalid", "the token file is empty", {
      file,
      fix: "delete it to get a new one",
    });
  return { value, file, fresh: false };
}
