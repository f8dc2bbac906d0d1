/**
 * The two eras of MCP. Legacy (2024-11-05 … 2025-11-25): `initialize`, sessions, server requests. Stateless
 * (2026-07-28): every request carries its envelope in `_meta`, and nothing is remembered between requests.
 */
import { isObject, type Json, type JsonObject } from "../model/json.js";
import { member, type Edit, type JsonNode } from "../model/json-text.js";
import { textWithout } from "./message.js";

export type Era = "legacy" | "stateless";

export const LEGACY_VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] as const;
export const STATELESS_VERSION = "2026-07-28";

export const META_VERSION = "io.modelcontextprotocol/protocolVersion";
export const META_CLIENT = "io.modelcontextprotocol/clientInfo";
export const META_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
export const META_SERVER = "io.modelcontextprotocol/serverInfo";
export const META_SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";
export const META_LOG_LEVEL = "io.modelcontextprotocol/logLevel";
const ENVELOPE = [META_VERSION, META_CLIENT, META_CAPABILITIES, META_LOG_LEVEL];

export const CODE = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  server: -32000,
  headerMismatch: -32020,
  missingCapability: -32021,
  /** No such resource, in the legacy era; since then an invalid param like others. */
  noResource: -32002,
  unsupportedVersion: -32022,
} as const;

/** Results of these carry `ttlMs` and `cacheScope` in the stateless era. */
const CACHEABLE = new Set([
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "server/discover",
]);

/** Methods that ended with the legacy era: they speak of a session, and there is none any more. */
export const LEGACY_ONLY = new Set([
  "initialize",
  "ping",
  "logging/setLevel",
  "resources/subscribe",
  "resources/unsubscribe",
]);

const LOG_LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/** Whether a log message goes to a stateless client: only from the level on that its request named, if it did. */
export function wantsLog(wanted: Json | undefined, level: Json | undefined): boolean {
  const from = typeof wanted === "string" ? LOG_LEVELS.indexOf(wanted) : -1;
  return from !== -1 && typeof level === "string" && LOG_LEVELS.indexOf(level) >= from;
}

/** Which params member `Mcp-Name` mirrors. */
export const NAME_SOURCE: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};

/** The `_meta` node of a request's params. */
export function metaNode(params: JsonNode | undefined): JsonNode | undefined {
  const meta = params === undefined ? undefined : member(params, "_meta");
  return meta?.kind === "object" ? meta : undefined;
}

/** The protocol version a request claims in its envelope; undefined when it carries none (a legacy request). */
export function claimedVersion(text: string, params: JsonNode | undefined): string | undefined {
  const node = metaNode(params);
  const claim = node === undefined ? undefined : member(node, META_VERSION);
  if (claim === undefined) return undefined;
  const value = JSON.parse(text.slice(claim.start, claim.end)) as Json;
  return typeof value === "string" ? value : "";
}

/** Removes the stateless envelope from a request's params, for a legacy downstream. */
export function stripEnvelope(text: string, params: JsonNode): Edit[] {
  const meta = metaNode(params);
  if (meta === undefined) return [];
  return [{ start: meta.start, end: meta.end, text: textWithout(text, meta, ENVELOPE) }];
}

/** Adds the stateless envelope to a request's params text, for a stateless downstream. */
export function addEnvelope(
  text: string,
  params: JsonNode | undefined,
  client: { info: Json; capabilities: Json; logLevel?: string | undefined },
): string {
  const envelope = [
    `${JSON.stringify(META_VERSION)}:${JSON.stringify(STATELESS_VERSION)}`,
    `${JSON.stringify(META_CLIENT)}:${JSON.stringify(client.info)}`,
    `${JSON.stringify(META_CAPABILITIES)}:${JSON.stringify(client.capabilities)}`,
    ...(client.logLevel === undefined
      ? []
      : [`${JSON.stringify(META_LOG_LEVEL)}:${JSON.stringify(client.logLevel)}`]),
  ].join(",");
  if (params?.kind !== "object") return `{"_meta":{${envelope}}}`;
  const at = params.keys.lastIndexOf("_meta");
  const meta = at === -1 ? undefined : params.children[at];
  if (meta?.kind === "object")
    return (
      text.slice(params.start, meta.start + 1) +
      envelope +
      (meta.children.length > 0 ? "," : "") +
      text.slice(meta.start + 1, params.end)
    );
  return `{"_meta":{${envelope}}${params.children.length > 0 ? "," : ""}${text.slice(params.start + 1, params.end)}`;
}

/**
 * A legacy result as the stateless era writes it: `resultType`, cache fields where the method has them, and the
 * server's identity. `text` is the result's JSON text; what the server wrote stays as it is.
 */
export function toStatelessResult(
  text: string,
  value: Json,
  method: string,
  serverInfo: Json | undefined,
): string {
  if (!isObject(value)) return text;
  const add: string[] = [];
  if (value["resultType"] === undefined) add.push('"resultType":"complete"');
  if (CACHEABLE.has(method)) {
    if (value["ttlMs"] === undefined) add.push('"ttlMs":0');
    if (value["cacheScope"] === undefined) add.push('"cacheScope":"private"');
  }
  if (serverInfo !== undefined && value["_meta"] === undefined)
    add.push(`"_meta":{${JSON.stringify(META_SERVER)}:${JSON.stringify(serverInfo)}}`);
  if (add.length === 0) return text;
  const open = text.indexOf("{") + 1;
  const rest = text.slice(open);
  return `${text.slice(0, open)}${add.join(",")}${/^\s*\}/.test(rest) ? "" : ","}${rest}`;
}

/** The `initialize` result that stands for what a stateless server told `server/discover`. */
export function initializeFromDiscover(discover: JsonObject, version: string): JsonObject {
  const meta = isObject(discover["_meta"]) ? discover["_meta"] : {};
  return {
    protocolVersion: version,
    capabilities: discover["capabilities"] ?? {},
    serverInfo: discover["serverInfo"] ?? meta[META_SERVER] ?? { name: "unknown", version: "0" },
    ...(discover["instructions"] !== undefined && { instructions: discover["instructions"] }),
  };
}

/** The `server/discover` result that stands for what a legacy server told `initialize`. */
export function discoverFromInitialize(init: JsonObject): JsonObject {
  const { tasks: _tasks, ...capabilities } = isObject(init["capabilities"]) ? init["capabilities"] : {};
  return {
    resultType: "complete",
    supportedVersions: [STATELESS_VERSION],
    capabilities,
    ...(init["instructions"] !== undefined && { instructions: init["instructions"] }),
    ttlMs: 0,
    cacheScope: "private",
    _meta: { [META_SERVER]: init["serverInfo"] ?? null },
  };
}
