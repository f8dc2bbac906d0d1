import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { Env } from "../policy/variables.js";
import { resolvePath } from "./env.js";

/** No token or key is longer; a wrong path (a log, a device) must not fill memory. */
const MAX_SECRET_BYTES = 64 * 1024;

/**
 * What `${file:PATH}` stands for: the file's text without the line break at its end. A secret that other users can read
 * is none, so such a file is refused. Problems are told by path only.
 */
export function readSecretFile(
  path: string,
  base: string,
  env: Env,
  complain: (message: string, fix: string) => void,
): string {
  const file = resolvePath(path, base, env);
  const refused = (message: string, fix: string): string => {
    complain(message, fix);
    return "";
  };
  let fd: number | undefined;
  try {
    // Without waiting: a named pipe would hold up the start until somebody writes.
    fd = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    // Of what was opened, not of the path: between two looks at a path, the file can be another.
    const stat = fstatSync(fd);
    const { mode, size } = stat;
    if (!stat.isFile()) return refused(`${path} is not a file`, "name the right file");
    // Windows has no such bits: there the file's access list is what protects it.
    if (process.platform !== "win32" && (mode & 0o077) !== 0)
      return refused(`others can read ${path}`, `chmod 600 ${path}`);
    if (size > MAX_SECRET_BYTES) return refused(`${path} is too large for a secret`, "name the right file");
    const bytes = Buffer.alloc(MAX_SECRET_BYTES);
    const text = bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, 0)).replace(/\r?\n$/, "");
    return text === "" ? refused(`${path} is empty`, "put the secret in it") : text;
  } catch (error) {
    return refused(
      `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown"}`,
      "create it, and make it readable for you alone",
    );
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
