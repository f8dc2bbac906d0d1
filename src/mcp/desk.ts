/** What one client session knows: its links, its requests in flight, and how to reach the client. */
import { createHash } from "node:crypto";
import type { LRUCache } from "lru-cache";
import type { ServerConfig } from "../config/load.js";
import type { Gate } from "../gate.js";
import type { Principal } from "../model/call.js";
import { SallyportError } from "../model/errors.js";
import type { Json, JsonObject } from "../model/json.js";
import type { Connector, Posture } from "../model/posture.js";
import type { Cancellation } from "../model/signal.js";
import type { Pins } from "../pins/pins.js";
import { CODE } from "./eras.js";
import type { Health } from "./health.js";
import type { Hello, Link } from "./link.js";
import type { Listeners } from "./listen.js";
import type { Log } from "./log.js";
import type { Parked } from "./parked.js";
import type { Subscriptions } from "./subscriptions.js";
import type { Peer } from "./peer.js";
import type { Incoming } from "./reply.js";
import type { Relax } from "./schemas.js";
import type { Upward } from "./upward.js";

/** Where what belongs to one client request goes. */
export interface Exchange {
  /** A message that belongs to the request, before its reply. */
  related(parts: readonly Buffer[]): void;
  reply(parts: readonly Buffer[]): void;
  /** There will be no reply: the client cancelled. */
  end(): void;
  /** Lets go of the client until it asks again, after `retryMs`. Where it cannot, it is kept waiting. */
  pause?(retryMs: number): void;
  /** `Mcp-Param-*` headers of the request, for a downstream over HTTP. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request of the client that is not answered yet. */
export interface Flight {
  readonly idText: string;
  readonly idKey: string;
  readonly method: string;
  readonly exchange: Exchange;
  readonly stateless: boolean;
  /** The level from which on a stateless client wants log messages with this request; none when undefined. */
  logLevel?: Json | undefined;
  link?: Link;
  peer?: Peer;
  ourId?: number;
  cancelled: boolean;
  /** Aborted with it. */
  readonly abort: Cancellation;
  /** Stateless era: takes a request of the downstream that belongs to this call, to be answered by a retry. */
  asked?: (request: Incoming) => boolean;
  /** What the downstream was given as progress token, and the client's own when they differ. */
  token?: { readonly key: string; readonly clientText: string };
  /** `Mcp-Param-*` headers for the downstream, once the arguments are judged. */
  headers?: Readonly<Record<string, string>>;
  /** What a rule allows the call, if less than the server's own deadline. */
  timeoutMs?: number | undefined;
}

export interface ToolNote {
  readonly inputSchema?: JsonObject;
  readonly hasOutputSchema: boolean;
}

export interface SessionParts {
  readonly gate: Gate;
  readonly pins: Pins;
  /** The servers in the order of the file. Entries change when a connector is recognised by its tools. */
  readonly servers: Map<string, ServerConfig>;
  /** How each server is doing, for all sessions together; filled as they are first used. */
  readonly health: Map<string, Health>;
  readonly connectors: readonly Connector[];
  readonly posture: Posture;
  /** What may change in results, so that the output schemas we advertise must allow for it. */
  readonly relax: Relax;
  readonly principal: Principal;
  /** Other than ASK_USER_MS. */
  readonly askUserMs?: number;
  /** Other than PARKED_MS. */
  readonly parkedMs?: number;
  readonly version: string;
  readonly log: Log;
  /** Told the size of each result before it is judged. */
  readonly makeRoom?: (bytes: number) => void;
}

export interface Desk {
  readonly parts: SessionParts;
  /** What is remembered of the client's calls belongs to it. */
  readonly session: string;
  readonly links: readonly Link[];
  /** Several servers: names are prefixed, lists are merged, and the handshake is ours. */
  readonly many: boolean;
  readonly flights: Set<Flight>;
  /** By the client's id; not kept where several clients share the session (stateless HTTP), whose ids may be equal. */
  readonly byClientId: Map<string, Flight> | undefined;
  readonly tokens: Map<string, Flight>;
  readonly notes: Map<string, Map<string, ToolNote>>;
  /** With several servers: which of them a resource, template or task belongs to. */
  readonly owners: LRUCache<string, Link>;
  /** With several servers: exposed tool and prompt names, as listed. */
  readonly targets: Map<string, { readonly link: Link; readonly name: string }>;
  readonly listeners: Listeners;
  /** What servers are asked to tell of, for clients of the other era. */
  readonly subscriptions: Subscriptions;
  readonly upward: Upward;
  /** Calls of legacy servers that wait for an answer of a stateless client's user, by requestState. */
  readonly parked: Map<string, Parked>;
  /** Messages that belong to no request. */
  readonly unsolicited: (parts: readonly Buffer[]) => void;
  /** The client has spoken in the stateless era. */
  stateless: boolean;
  hello: Hello | undefined;
  /** The level that a legacy client has set, for servers that are told with each request. */
  logLevel: string | undefined;
  /** Name and version the client gave. */
  client: string | undefined;
}

export function errorReply(idText: string, code: number, message: string, data?: unknown): Buffer[] {
  return bodyReply(idText, "error", JSON.stringify({ code, message, ...(data !== undefined && { data }) }));
}

export function resultReply(idText: string, resultText: string): Buffer[] {
  return bodyReply(idText, "result", resultText);
}

/** `text` is the JSON text of the result or error. */
export function bodyReply(idText: string, body: "result" | "error", text: string): Buffer[] {
  return [Buffer.from(`{"jsonrpc":"2.0","id":${idText},${JSON.stringify(body)}:${text}}`)];
}

/** The JSON-RPC error that a failure becomes when there is no better way to say it. */
export function failureReply(idText: string, error: unknown): Buffer[] {
  if (!(error instanceof SallyportError))
    return errorReply(idText, CODE.internal, "Sallyport failed; see its log");
  const code =
    error.code === "json_invalid"
      ? CODE.parse
      : error.code === "message_invalid" || error.code === "too_large"
        ? CODE.invalidRequest
        : CODE.internal;
  return errorReply(idText, code, `[Sallyport] ${error.message}`, { code: error.code });
}

/** Longest tool name that every model API accepts. */
const MAX_NAME = 64;

/** `server__tool` within 64 characters of [A-Za-z0-9_-]: what does not fit is cut, and told apart by a hash. */
export function exposedName(server: string, name: string): string {
  const full = `${server}__${name}`;
  if (full.length <= MAX_NAME && /^[A-Za-z0-9_-]+$/.test(full)) return full;
  const hash = createHash("sha256").update(full).digest("hex").slice(0, 8);
  return `${full.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, MAX_NAME - 9)}_${hash}`;
}
