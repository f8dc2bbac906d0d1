import { resolve } from "node:path";
import { NO_SETTINGS } from "../config/audit.js";
import { resolveAudit, type AuditSettings } from "../config/load.js";
import { SallyportError, describeError } from "../model/errors.js";
import type { Env } from "../policy/variables.js";

/**
 * Commands that write, or compare with what is elsewhere: they need the whole of `audit`. The others must be able to
 * read a record while a secret of an anchor is not at hand.
 */
const NEED_ALL = ["verify", "checkpoint", "key", "anchor", "prune", "hold"];

export interface TakenConfig {
  readonly path: string;
  readonly file: string;
  readonly settings: AuditSettings;
  readonly rest: readonly string[];
}

/** Takes `--config FILE` out of a command's arguments and resolves where the store is, and how it is kept. */
export function takeConfig(argv: readonly string[], cwd: string, env: Env): TakenConfig {
  const rest: string[] = [];
  let file: string | undefined;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    if (word === "--config") file = argv[++at] ?? "";
    else if (word.startsWith("--config=")) file = word.slice("--config=".length);
    else rest.push(word);
  }
  if (file === "") throw new SallyportError("config_invalid", "--config needs a file");
  // A proof is checked with the key alone, wherever one is.
  if (rest[0] === "verify-proof") return { path: "", file: "", settings: NO_SETTINGS, rest };
  const { path, settings, problems } = resolveAudit({ cwd, env, ...(file !== undefined && { file }) });
  const [first] = problems;
  if (path !== undefined && (first === undefined || !NEED_ALL.includes(rest[0] ?? "")))
    return { path, file: resolve(cwd, file ?? "mcp.config.json"), settings, rest };
  const message = first?.message ?? "no audit store is configured";
  throw new SallyportError(
    "config_invalid",
    describeError(new SallyportError("config_invalid", message, first)),
  );
}
