import type { Json, JsonObject } from "../model/json.js";
import type { Connector, Posture } from "../model/posture.js";
import type { Env } from "../policy/variables.js";
import { listNames, nearest } from "../policy/problem.js";
import { genericOf, recognise } from "../policy/recognise.js";
import { isSecureAddress, readServerAuth } from "./auth.js";
import { readSecretFile } from "./auth-files.js";
import { tokenFile } from "./auth-store.js";
import { childEnv, resolvePath } from "./env.js";
import { expand } from "./expand.js";
import { readLimits } from "./limits.js";
import { mergeLimits } from "./merge.js";
import { join, type Reader } from "./reader.js";
import type { HttpTransport, ServerConfig, StdioTransport } from "./types.js";
import { DURATION_FORM, parseDuration } from "./units.js";

export const SERVER_KEYS = [
  "type",
  "command",
  "args",
  "env",
  "cwd",
  "url",
  "headers",
  "auth",
  "disabled",
  "connector",
  "environment",
  "limits",
  "timeout",
] as const;
export const SERVER_TYPES = ["stdio", "http", "streamable-http"] as const;

/** Longer than an honest query, shorter than a day lost to a server that hangs. */
export const DEFAULT_TIMEOUT_MS = 300_000;

/** `server__tool` must stay within 64 characters. */
const SERVER_NAME = /^[A-Za-z0-9_-]{1,32}$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Keys of clients that mean something to the client only, or that have another name here. */
const CLIENT_KEYS: Readonly<Record<string, string>> = {
  serverUrl: "call it url",
  autoApprove: "remove it: which calls need no question is the client's setting",
  alwaysAllow: "remove it: which calls need no question is the client's setting",
  envFile: "put the variables in env, as NAME: ${NAME}",
};

/** What reading a server needs to know of the rest. */
export interface ServerContext {
  readonly reader: Reader;
  readonly env: Env;
  /** Folder of the file: a server runs there unless it has a `cwd` of its own. */
  readonly base: string;
  readonly dataDir: string;
  readonly connectors: readonly Connector[];
  readonly posture: Posture | undefined;
}

/** All enabled servers of the file, in its order. Problems go to the reader. */
export function readServers(context: ServerContext, value: Json | undefined, key: string): ServerConfig[] {
  const servers = context.reader.object(value, key) ?? {};
  return Object.entries(servers).flatMap(([name, entry]) => {
    const server = readServer(context, name, entry, join(key, name));
    return server === undefined ? [] : [server];
  });
}

function readServer(
  context: ServerContext,
  name: string,
  value: Json,
  path: string,
): ServerConfig | undefined {
  const { reader } = context;
  if (!SERVER_NAME.test(name))
    reader.problem(
      path,
      `"${name}" is no server name`,
      "use 1 to 32 letters, digits, dashes and underscores",
    );
  const entry = reader.object(value, path);
  if (entry === undefined) return undefined;
  const foreign = Object.keys(CLIENT_KEYS).filter((key) => Object.hasOwn(entry, key));
  for (const key of foreign) reader.problem(join(path, key), `unknown key "${key}"`, CLIENT_KEYS[key]);
  reader.keys(entry, path, [...SERVER_KEYS, ...foreign]);
  const disabled = reader.boolean(entry["disabled"], `${path}.disabled`) === true;
  const ownLimits = readLimits(reader, entry["limits"], `${path}.limits`);
  const environment = reader.string(entry["environment"], `${path}.environment`);
  const timeoutMs = reader.formed(entry["timeout"], `${path}.timeout`, parseDuration, DURATION_FORM);
  const named = readConnector(context, entry["connector"], `${path}.connector`);
  if (disabled) return undefined;
  const transport = readTransport(context, name, entry, path);
  if (transport === undefined || context.posture === undefined) return undefined;
  const known =
    named === undefined
      ? recognise(context.connectors, transport)
      : { connector: named, by: "config" as const };
  return {
    name,
    transport,
    ...(known !== undefined && { connector: known.connector, connectorBy: known.by }),
    limits: mergeLimits(ownLimits, known?.connector ?? genericOf(context.connectors), context.posture),
    ownLimits,
    ...(environment !== undefined && { environment }),
    timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS,
  };
}

function readConnector(context: ServerContext, value: Json | undefined, path: string): Connector | undefined {
  const name = context.reader.string(value, path);
  if (name === undefined) return undefined;
  const names = context.connectors.map((c) => c.connector);
  const close = nearest(name, names);
  return (
    context.connectors.find((c) => c.connector === name) ??
    context.reader.problem(
      path,
      `unknown connector "${name}"`,
      `${close === undefined ? "" : `did you mean ${close}? `}valid: ${listNames(names)}`,
    )
  );
}

function readTransport(
  context: ServerContext,
  name: string,
  entry: JsonObject,
  path: string,
): StdioTransport | HttpTransport | undefined {
  const { reader } = context;
  if (entry["type"] === "sse")
    return reader.problem(
      `${path}.type`,
      "the HTTP+SSE transport is not supported: the protocol replaced it in 2025-03-26",
      'use the Streamable HTTP address of the server (often /mcp) with "type": "http"',
    );
  const type = reader.oneOf(entry["type"], `${path}.type`, SERVER_TYPES);
  const [command, url] = [entry["command"], entry["url"]];
  if (command !== undefined && url !== undefined)
    return reader.problem(
      path,
      "both command and url",
      "keep one: command starts a server, url connects to one",
    );
  if (command === undefined && url === undefined)
    return reader.problem(path, "neither command nor url", "give command (and args), or url");
  const implied = command === undefined ? "http" : "stdio";
  if (type !== undefined && (type === "stdio") !== (implied === "stdio"))
    return reader.problem(
      `${path}.type`,
      `type ${type} with a ${implied === "http" ? "url" : "command"}`,
      "remove type",
    );
  for (const key of implied === "stdio" ? ["headers", "auth"] : ["args", "env", "cwd"])
    if (entry[key] !== undefined)
      reader.problem(
        join(path, key),
        `${key} with a ${implied === "http" ? "url" : "command"} has no effect`,
        "remove it",
      );
  return implied === "stdio" ? readStdio(context, entry, path) : readHttp(context, name, entry, path);
}

function readStdio(context: ServerContext, entry: JsonObject, path: string): StdioTransport | undefined {
  const { reader, env, base } = context;
  const fill = filler(context);
  const secret = secretFiller(context);
  const command = reader.string(entry["command"], `${path}.command`);
  const args = reader.strings(entry["args"], `${path}.args`) ?? [];
  const declared = reader.stringMap(entry["env"], `${path}.env`) ?? {};
  const cwd = reader.string(entry["cwd"], `${path}.cwd`);
  if (command === undefined) return undefined;
  const home = (text: string): string => (/^~(\/|$)/.test(text) ? resolvePath(text, base, env) : text);
  return {
    kind: "stdio",
    command: home(fill(command, `${path}.command`)),
    args: args.map((arg, at) => home(fill(arg, `${path}.args[${at}]`))),
    env: childEnv(
      env,
      mapValues(declared, (text, key) => secret(text, join(`${path}.env`, key))),
    ),
    cwd: cwd === undefined ? base : resolvePath(fill(cwd, `${path}.cwd`), base, env),
  };
}

function readHttp(
  context: ServerContext,
  name: string,
  entry: JsonObject,
  path: string,
): HttpTransport | undefined {
  const { reader } = context;
  const fill = filler(context);
  const raw = reader.string(entry["url"], `${path}.url`);
  const headers = reader.stringMap(entry["headers"], `${path}.headers`) ?? {};
  const secret = secretFiller(context);
  const filled = mapValues(headers, (text, key) => secret(text, join(`${path}.headers`, key)));
  for (const [key, text] of Object.entries(filled)) {
    const at = join(`${path}.headers`, key);
    if (!HEADER_NAME.test(key))
      reader.problem(at, `"${key}" is no header name`, "use letters, digits and dashes");
    // A line break would let a value add headers of its own.
    if (/[\r\n\0]/.test(text))
      reader.problem(at, "a line break in a header value", "check the variable it comes from");
  }
  const tokens = tokenFile(context.dataDir, name);
  const auth = readServerAuth(reader, entry["auth"], `${path}.auth`, secret, tokens);
  if (auth !== undefined && Object.keys(headers).some((key) => key.toLowerCase() === "authorization"))
    reader.problem(`${path}.auth`, "both auth and an Authorization header", "keep one of them");
  if (raw === undefined) return undefined;
  const before = reader.problems.length;
  const url = fill(raw, `${path}.url`);
  if (reader.problems.length > before) return undefined;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    return reader.problem(`${path}.url`, "not an http or https address", "write it as https://host/path");
  if (parsed.username !== "" || parsed.password !== "")
    return reader.problem(
      `${path}.url`,
      "credentials in the address",
      "send them in headers, from a variable",
    );
  if (auth !== undefined && !isSecureAddress(url))
    return reader.problem(`${path}.url`, "a token over plain http can be read on the way", "use https");
  return { kind: "http", url, headers: filled, ...(auth !== undefined && { auth }) };
}

function filler(context: ServerContext): (text: string, path: string) => string {
  return (text, path) =>
    expand(text, context.env, (message, fix) => context.reader.problem(path, message, fix));
}

/** Also `${file:PATH}`: not in a command line or an address, which other users and logs get to see. */
function secretFiller(context: ServerContext): (text: string, path: string) => string {
  const { env, base, reader } = context;
  return (text, path) => {
    const complain = (message: string, fix: string): void => reader.problem(path, message, fix);
    return expand(text, env, complain, (file) => readSecretFile(file, base, env, complain));
  };
}

function mapValues(
  map: Readonly<Record<string, string>>,
  to: (value: string, key: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, to(value, key)]));
}
