import type { Env } from "../policy/variables.js";

const REFERENCE = /\$\{([^{}]*)\}/g;
const FILE = /^file:(.+)$/s;
const NAME = /^(?:env:)?([A-Za-z_]\w*)(:-(.*))?$/s;

/**
 * Replaces `${NAME}`, `${NAME:-default}`, VS Code's `${env:NAME}` and, where `readFile` is given, `${file:PATH}`.
 * `complain` is told of each reference that has no value, by name only: values may be secrets.
 */
export function expand(
  text: string,
  env: Env,
  complain: (message: string, fix: string) => void,
  readFile?: (path: string) => string,
): string {
  return text.replace(REFERENCE, (whole, inside: string) => {
    const path = readFile && FILE.exec(inside)?.[1];
    if (path !== undefined) return readFile!(path);
    const match = NAME.exec(inside);
    const name = match?.[1];
    if (name === undefined) {
      complain(`${whole} is not an environment variable`, "use ${NAME} or ${NAME:-default}");
      return "";
    }
    const value = env[name];
    const fallback = match?.[3];
    if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
    if (value === undefined)
      complain(`variable ${name} is not set`, `set ${name}, or write \${${name}:-default}`);
    return value ?? "";
  });
}
