import { resolve } from "node:path";
import { resolveAuditPath } from "../config/load.js";
import { SallyportError, describeError } from "../model/errors.js";
import type { Env } from "../policy/variables.js";

/** Takes `--config FILE` out of the audit command's arguments and resolves where the store is. */
export function takeConfig(
  argv: readonly string[],
  cwd: string,
  env: Env,
): { readonly path: string; readonly file: string; readonly rest: readonly string[] } {
  const rest: string[] = [];
  let file: string | undefined;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    if (word === "--config") file = argv[++at] ?? "";
    else if (word.startsWith("--config=")) file = word.slice("--config=".length);
    else rest.push(word);
  }
  if (file === "") throw new SallyportError("config_invalid", "--config needs a file");
  const { path, problems } = resolveAuditPath({ cwd, env, ...(file !== undefined && { file }) });
  const [first] = problems;
  if (path !== undefined) return { path, file: resolve(cwd, file ?? "mcp.config.json"), rest };
  const message = first?.message ?? "no audit store is configured";
  throw new SallyportError(
    "config_invalid",
    describeError(new SallyportError("config_invalid", message, first)),
  );
}
