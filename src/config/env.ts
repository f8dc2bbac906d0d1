import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import type { Env } from "../policy/variables.js";
import { variable } from "../policy/variables.js";

/** The environment of this process. Nobody else reads it. */
export function processEnv(): Env {
  return process.env;
}

/** A path as a person writes it: `~` is home, relative is relative to `base`. */
export function resolvePath(path: string, base: string, env: Env): string {
  const expanded = path === "~" || path.startsWith("~/") ? join(home(env), path.slice(1)) : path;
  return isAbsolute(expanded) ? expanded : resolve(base, expanded);
}

/** Where the audit store, its key and the token live unless the file says otherwise. */
export function defaultDataDir(cwd: string, env: Env): string {
  return resolvePath(variable(env, "SALLYPORT_HOME") ?? "~/.sallyport", cwd, env);
}

function home(env: Env): string {
  return variable(env, "HOME") ?? homedir();
}

/** What a child needs to run at all: where programs, homes, certificates and proxies are. No secret has these names. */
const BASE = new Set(
  (
    "PATH HOME USER LOGNAME SHELL TERM LANG LANGUAGE TZ TMPDIR TMP TEMP NODE_EXTRA_CA_CERTS SSL_CERT_FILE SSL_CERT_DIR " +
    "HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY DISPLAY WAYLAND_DISPLAY DOCKER_HOST SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC " +
    "PATHEXT APPDATA LOCALAPPDATA USERPROFILE USERNAME HOMEDRIVE HOMEPATH PROGRAMFILES PROGRAMDATA NVM_DIR PNPM_HOME"
  ).split(" "),
);
// npx needs its registry and cache; npm also keeps registry passwords under this prefix.
const BASE_PREFIX = /^(LC_|XDG_|npm_config_(?!.*(auth|password|token)))/i;

/**
 * The environment of a server from a file: a small base plus what its entry declares. One server's token, given to
 * the proxy, must not reach the others.
 */
export function childEnv(env: Env, declared: Readonly<Record<string, string>>): Record<string, string> {
  const base = Object.entries(env).filter(([name]) => BASE.has(name.toUpperCase()) || BASE_PREFIX.test(name));
  return { ...defined(base), ...declared };
}

/** The environment of a wrapped server: the client meant it for that one server, all but what is ours. */
export function wrappedEnv(env: Env): Record<string, string> {
  return defined(Object.entries(env).filter(([name]) => !name.startsWith("SALLYPORT_")));
}

function defined(entries: readonly (readonly [string, string | undefined])[]): Record<string, string> {
  return Object.fromEntries(entries.filter((e): e is [string, string] => e[1] !== undefined));
}
