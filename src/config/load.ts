import { dirname, join, resolve } from "node:path";
import type { Json, JsonObject } from "../model/json.js";
import type { Posture } from "../model/posture.js";
import type { PostureInput } from "../policy/posture.js";
import { resolvePosture } from "../policy/posture.js";
import type { Problem } from "../policy/problem.js";
import { listNames } from "../policy/problem.js";
import { genericOf, recognise, serverLabel } from "../policy/recognise.js";
import type { Env } from "../policy/variables.js";
import { variable } from "../policy/variables.js";
import { NO_SETTINGS, readAudit, type AuditSettings } from "./audit.js";
import { readListenerAuth } from "./auth.js";
import type { Builtin } from "./builtin.js";
import { loadBuiltin } from "./builtin.js";
import { defaultDataDir, wrappedEnv } from "./env.js";
import { readExceptions } from "./exceptions.js";
import { DEFAULT_LOOPS, readLoops } from "./loops.js";
import { readJsonFile } from "./json-file.js";
import { LISTEN_FORM, parseListen } from "./listen.js";
import { mergeLimits } from "./merge.js";
import { readOwnDetectors } from "./own-detectors.js";
import { readPolicies } from "./policies.js";
import { readAdmin, readWebhook } from "./admin.js";
import { readApprovers } from "./approvers.js";
import { Reader } from "./reader.js";
import { DEFAULT_TIMEOUT_MS, readServers } from "./servers.js";
import type { Config, Listen, LogLevel, ServerConfig } from "./types.js";
import { LOG_LEVELS } from "./types.js";

export type { ListenerAuth, ServerAuth } from "./auth-types.js";
export type { Config, HttpTransport, Listen, LogLevel, ServerConfig, StdioTransport } from "./types.js";
export type { Anchor, AuditSettings } from "./audit.js";
export { limitSource, withConnector } from "./merge.js";

export const TOP_KEYS = [
  "$schema",
  "profile",
  "enforce",
  "actions",
  "mcpServers",
  "servers",
  "audit",
  "listen",
  "auth",
  "exceptions",
  "detectors",
  "loops",
  "policies",
  "approvers",
  "admin",
  "approvals",
] as const;

/** Keys that people will write and that need more of an answer than "unknown". */
const FOREIGN_KEYS: Readonly<Record<string, string>> = {
  inputs: "VS Code asks for inputs, nobody does here: use environment variables, ${NAME}",
};

export interface ConfigSource {
  /** Default: ./mcp.config.json in `cwd`. */
  readonly file?: string;
  /** Wrap mode: one stdio server, no file. */
  readonly command?: readonly string[];
  readonly cwd: string;
  readonly env: Env;
}

export interface Loaded {
  readonly config?: Config;
  readonly problems: readonly Problem[];
}

/**
 * Everything a start needs, or every problem at once. Throws only SallyportError `data_invalid`, when the data
 * Sallyport ships with is broken.
 */
export function loadConfig(source: ConfigSource): Loaded {
  const builtin = loadBuiltin();
  return source.command === undefined
    ? fromFile(source, builtin)
    : fromCommand(source, source.command, builtin);
}

function fromFile(source: ConfigSource, builtin: Builtin): Loaded {
  const { env, cwd } = source;
  const name = source.file ?? "mcp.config.json";
  const path = resolve(cwd, name);
  const { value, problem } = readJsonFile(path, name);
  if (value === undefined) {
    const { problems } = resolvePosture({ profiles: builtin.profiles, env });
    return { problems: [...(problem === undefined ? [] : [problem]), ...problems] };
  }
  const reader = new Reader(name);
  const foreign = Object.keys(FOREIGN_KEYS).filter((key) => Object.hasOwn(value, key));
  for (const key of foreign) reader.problem(key, `unknown key "${key}"`, FOREIGN_KEYS[key]);
  reader.keys(value, "", [...TOP_KEYS, ...foreign]);
  const { posture, problems: postureProblems } = resolvePosture({
    profiles: builtin.profiles,
    env,
    file: readPostureKeys(reader, value, name),
  });
  const base = dirname(path);
  const { path: auditPath, settings: audit } = readAudit(reader, value, base, env);
  const dataDir = auditPath === undefined ? defaultDataDir(cwd, env) : dirname(auditPath);
  const servers = readAllServers(reader, value, { env, base, dataDir, posture, builtin });
  const loops = readLoops(reader, value["loops"]);
  const own = readOwnDetectors(reader, value["detectors"], base, builtin.detectorIds);
  const known = {
    detectors: [...builtin.detectorIds, ...own.rules.map(({ id }) => id)],
    servers: servers.map((server) => server.name),
  };
  const exceptions = readExceptions(reader, value["exceptions"], known);
  const approvers = readApprovers(reader, value["approvers"]);
  const admin = readAdmin(reader, value["admin"], { env, base });
  const webhook = readWebhook(reader, value["approvals"], { env, base });
  const loaded = readPolicies(reader, value["policies"], base, known);
  const listen = readListen(reader, value["listen"]);
  const auth = readListenerAuth(reader, value["auth"], env);
  const variables = readOwnVariables(env);
  const problems = [
    ...reader.problems,
    ...postureProblems,
    ...variables.problems,
    ...own.problems,
    ...loaded.problems,
  ];
  if (problems.length > 0 || posture === undefined) return { problems };
  return {
    config: {
      source: path,
      posture,
      servers,
      connectors: builtin.connectors,
      detectors: own.rules,
      exceptions: [...exceptions, ...loaded.exceptions],
      policies: loaded.policies,
      policyFiles: loaded.files,
      policyTexts: loaded.texts,
      approvers,
      loops,
      dataDir,
      auditPath: auditPath ?? join(dataDir, "audit.db"),
      audit,
      ...(listen !== undefined && { listen }),
      ...(auth !== undefined && { auth }),
      ...(admin !== undefined && { admin }),
      ...(webhook !== undefined && { webhook }),
      ...variables.values,
    },
    problems: [],
  };
}

function fromCommand(source: ConfigSource, words: readonly string[], builtin: Builtin): Loaded {
  const { env, cwd } = source;
  const { posture, problems: postureProblems } = resolvePosture({ profiles: builtin.profiles, env });
  const own = readOwnVariables(env);
  const [command, ...args] = words;
  const empty: Problem[] =
    command === undefined || command === ""
      ? [{ message: "no command to wrap", fix: "sallyport run -- <command> [arguments]" }]
      : [];
  const problems = [...empty, ...postureProblems, ...own.problems];
  if (problems.length > 0 || posture === undefined || command === undefined) return { problems };
  const known = recognise(builtin.connectors, { command, args });
  const server: ServerConfig = {
    name: serverLabel(command, args),
    transport: { kind: "stdio", command, args, env: wrappedEnv(env), cwd },
    ...(known !== undefined && { connector: known.connector, connectorBy: known.by }),
    limits: mergeLimits({}, known?.connector ?? genericOf(builtin.connectors), posture),
    ownLimits: {},
    timeoutMs: DEFAULT_TIMEOUT_MS,
  };
  const dataDir = defaultDataDir(cwd, env);
  return {
    config: {
      source: "command line",
      posture,
      servers: [server],
      connectors: builtin.connectors,
      detectors: [],
      exceptions: [],
      loops: DEFAULT_LOOPS,
      policies: [],
      policyFiles: [],
      policyTexts: [],
      approvers: {},
      dataDir,
      auditPath: join(dataDir, "audit.db"),
      audit: NO_SETTINGS,
      ...own.values,
    },
    problems: [],
  };
}

/**
 * What the audit commands need: the file's `audit`, else the defaults. Nothing else is judged, so that a record can be
 * read when a server's variable is not set; `problems` beside a `path` are of what only writing commands need.
 */
export function resolveAudit(source: Pick<ConfigSource, "file" | "cwd" | "env">): {
  readonly path?: string;
  readonly settings: AuditSettings;
  readonly problems: readonly Problem[];
} {
  const { cwd, env } = source;
  const name = source.file ?? "mcp.config.json";
  const file = resolve(cwd, name);
  const { value, problem } = readJsonFile(file, name);
  const fallback = join(defaultDataDir(cwd, env), "audit.db");
  if (value === undefined) {
    if (source.file === undefined && problem?.message === "no such file")
      return { path: fallback, settings: NO_SETTINGS, problems: [] };
    return { settings: NO_SETTINGS, problems: problem === undefined ? [] : [problem] };
  }
  const reader = new Reader(name);
  const { path, settings } = readAudit(reader, value, dirname(file), env);
  const { problems } = reader;
  const unknown = problems.some((one) => one.path === "audit" || one.path === "audit.path");
  return { ...(!unknown && { path: path ?? fallback }), settings, problems };
}

function readPostureKeys(reader: Reader, value: JsonObject, name: string): NonNullable<PostureInput["file"]> {
  const profile = reader.string(value["profile"], "profile");
  const listed = value["enforce"];
  const enforce = Array.isArray(listed)
    ? reader.strings(listed, "enforce")
    : reader.string(listed, "enforce");
  const actions = reader.stringMap(value["actions"], "actions");
  return {
    name,
    ...(profile !== undefined && { profile }),
    ...(enforce !== undefined && { enforce }),
    ...(actions !== undefined && { actions }),
  };
}

function readAllServers(
  reader: Reader,
  value: JsonObject,
  given: { env: Env; base: string; dataDir: string; posture: Posture | undefined; builtin: Builtin },
): ServerConfig[] {
  const key = value["mcpServers"] === undefined ? "servers" : "mcpServers";
  if (value["mcpServers"] !== undefined && value["servers"] !== undefined)
    reader.problem("servers", "both mcpServers and servers", "put all servers under mcpServers");
  const before = reader.problems.length;
  const { env, base, dataDir, posture, builtin } = given;
  const servers = readServers(
    { reader, env, base, dataDir, connectors: builtin.connectors, posture },
    value[key],
    key,
  );
  if (servers.length === 0 && posture !== undefined && reader.problems.length === before)
    reader.problem("mcpServers", "no server to guard", "add one, or enable one");
  return servers;
}

function readListen(reader: Reader, value: Json | undefined): Listen | undefined {
  return reader.formed(
    value,
    "listen",
    (v) => (typeof v === "string" ? parseListen(v) : undefined),
    LISTEN_FORM,
  );
}

/** SALLYPORT_TOKEN and SALLYPORT_LOG_LEVEL. */
function readOwnVariables(env: Env): {
  values: { readonly token?: string; readonly logLevel: LogLevel };
  problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const level = variable(env, "SALLYPORT_LOG_LEVEL") ?? "info";
  const logLevel = LOG_LEVELS.find((known) => known === level);
  if (logLevel === undefined)
    problems.push({
      message: `unknown log level "${level}"`,
      file: "SALLYPORT_LOG_LEVEL",
      fix: `valid: ${listNames(LOG_LEVELS)}`,
    });
  const token = variable(env, "SALLYPORT_TOKEN");
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    problems.push({
      message: "a token that cannot stand in a header",
      file: "SALLYPORT_TOKEN",
      fix: "use visible ASCII characters without spaces",
    });
  return { values: { ...(token !== undefined && { token }), logLevel: logLevel ?? "info" }, problems };
}
