import type { Connector } from "../model/posture.js";
import { compileGlob } from "./glob.js";

/** What of a server's definition tells which connector it is. */
export interface ServerSign {
  readonly command?: string;
  readonly args?: readonly string[];
  readonly url?: string;
}

export interface Recognised {
  readonly connector: Connector;
  readonly by: "package" | "command" | "host";
}

/** Words that start a server without naming it. */
const LAUNCHERS = new Set(
  "npx npm pnpm pnpx yarn bun bunx deno node nodejs tsx uv uvx pipx python python3 py env cmd exec dlx x run tool start".split(
    " ",
  ),
);
/** Options whose value is not the server. */
const VALUE_OPTIONS = new Set(
  "--directory --project --with --python --import --require -r --env-file -w --workspace --loader --prefix -C".split(
    " ",
  ),
);
const CONTAINERS = new Set(["docker", "podman", "nerdctl"]);
const SHELLS = new Set(["sh", "bash", "zsh", "dash"]);

/** By package name in command or arguments, then by command, then by host; undefined: ask its tools. */
export function recognise(connectors: readonly Connector[], server: ServerSign): Recognised | undefined {
  if (server.url !== undefined) return byHost(connectors, server.url);
  const tokens = serverTokens(server.command ?? "", server.args ?? []);
  for (const token of tokens) {
    const names = packageNames(token);
    const connector = connectors.find((c) => c.recognise.packages?.some((p) => names.has(plain(p))));
    if (connector !== undefined) return { connector, by: "package" };
  }
  for (const token of tokens) {
    // A package's scope is part of its name: @somebody/mcp-server-git is not the program mcp-server-git.
    if (token.startsWith("@")) continue;
    const name = plain(baseName(token));
    const connector = connectors.find((c) => c.recognise.commands?.some((p) => plain(p) === name));
    if (connector !== undefined) return { connector, by: "command" };
  }
  return undefined;
}

function byHost(connectors: readonly Connector[], url: string): Recognised | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  const connector = connectors.find((c) => c.recognise.hosts?.some((host) => compileGlob(host)(hostname)));
  return connector && { connector, by: "host" };
}

/** Fewer matching tools than this are chance: half of all servers have a tool called `query` or `search`. */
const MIN_TOOLS = 2;

/** By the names of its tools: the connector that knows most of them, when that is no tie; else `generic`. */
export function recogniseByTools(connectors: readonly Connector[], toolNames: readonly string[]): Connector {
  const scores = connectors
    .map((connector) => {
      const signs = connector.recognise.tools ?? [];
      const score = signs.filter((sign) => toolNames.some(compileGlob(sign))).length;
      return { connector, score: score >= MIN_TOOLS && score * 2 >= signs.length ? score : 0 };
    })
    .toSorted((a, b) => b.score - a.score);
  const [best, second] = scores;
  if (best !== undefined && best.score > 0 && best.score !== second?.score) return best.connector;
  return genericOf(connectors);
}

/** The connector of servers nobody knows. */
export function genericOf(connectors: readonly Connector[]): Connector {
  const generic = connectors.find((c) => c.connector === "generic");
  if (generic === undefined) throw new TypeError("connectors without generic");
  return generic;
}

/** A short name for a wrapped server: its package or program, within [A-Za-z0-9_-] and 32 characters. */
export function serverLabel(command: string, args: readonly string[]): string {
  const token = serverTokens(command, args).at(-1) ?? command;
  const bare = withoutVersion(token);
  const folder = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(bare)?.[1];
  const name = baseName(folder ?? bare)
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name.slice(0, 32) || "server";
}

/**
 * The tokens that can name the server: up to the first that is no launcher, no option and no option's value. What
 * comes after are the server's own arguments, and a folder called server-postgres must not make it one.
 */
function serverTokens(command: string, args: readonly string[]): string[] {
  const all = [command, ...args];
  if (CONTAINERS.has(plain(baseName(command)))) return all.filter((token) => !token.startsWith("-"));
  const found: string[] = [];
  for (let at = 0; at < all.length; at++) {
    const token = all[at] ?? "";
    const word = plain(baseName(token));
    if (SHELLS.has(word)) {
      const script = all.slice(at + 1).find((next) => !next.startsWith("-"));
      const [first = "", ...rest] = (script ?? "").split(/\s+/).filter(Boolean);
      return first === "" || SHELLS.has(plain(baseName(first)))
        ? found
        : [...found, ...serverTokens(first, rest)];
    }
    const [option, value] = token.startsWith("--") ? token.split("=", 2) : [token, undefined];
    if (VALUE_OPTIONS.has(option ?? "")) at += value === undefined ? 1 : 0;
    else if (token.startsWith("-")) found.push(...(value === undefined ? [] : [value]));
    else if (!LAUNCHERS.has(word) && !/^(\/[ck]|[A-Z_][A-Z0-9_]*=.*)$/i.test(token)) return [...found, token];
  }
  return found;
}

/** Every package a token may stand for: `@scope/name@1.2`, `name==1.2`, an image with its tag, a path through a package's folder. */
function packageNames(token: string): ReadonlySet<string> {
  const bare = plain(withoutVersion(token));
  const steps = bare.split("/");
  // A path into an installed package names it; `@scope/name` and `owner/image` name only themselves.
  const isPath =
    /^([./~]|[a-z]:)/.test(bare) || steps.includes("node-modules") || /\.([cm]?[jt]s|py)$/.test(bare);
  if (!isPath) return new Set([bare]);
  return new Set([
    baseName(bare),
    ...steps,
    ...steps.slice(1).map((step, at) => `${steps[at] ?? ""}/${step}`),
  ]);
}

/** `@1.2`, `==1.2`, `[extra]` and an image's `:tag` or digest name a version, not a package. */
function withoutVersion(token: string): string {
  return token
    .replaceAll("\\", "/")
    .replace(/^(npm|jsr):/, "")
    .replace(/(?<=.)(@[^/@]*|==.*|\[.*)$/, "")
    .replace(/(?<=..):[\w.-]+$/, "");
}

function baseName(token: string): string {
  return (token.split(/[\\/]/).at(-1) ?? token).replace(/\.(exe|cmd|bat|[cm]?js|ts|py|sh)$/i, "");
}

/** Python names its modules with underscores and its packages with dashes. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}
