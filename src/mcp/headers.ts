/** What the headers of a stateless request must say: the same as its body (SEP-2243), or two hops judge two calls. */
import type { IncomingMessage } from "node:http";
import { isObject, type Json } from "../model/json.js";
import { member } from "../model/json-text.js";
import {
  CODE,
  META_CAPABILITIES,
  META_VERSION,
  NAME_SOURCE,
  STATELESS_VERSION,
  claimedVersion,
  metaNode,
} from "./eras.js";
import { stringParam, type ClientMessage } from "./message.js";
import { headerMeaning } from "./header-value.js";

export interface HeaderProblem {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** Whether a message belongs to the stateless era: by its envelope or, failing that, by its version header. */
export function isStateless(message: ClientMessage, request: IncomingMessage): boolean {
  if (claimedVersion(message.text, message.params) !== undefined) return true;
  const version = header(request, "mcp-protocol-version");
  return version !== undefined && version >= STATELESS_VERSION;
}

/** The first thing wrong with a stateless message, or undefined. */
export function checkStateless(message: ClientMessage, request: IncomingMessage): HeaderProblem | undefined {
  const version = header(request, "mcp-protocol-version");
  const claim = claimedVersion(message.text, message.params);
  if (message.kind === "response")
    return {
      status: 400,
      code: CODE.invalidRequest,
      message: "Bad Request: responses cannot be posted in 2026-07-28",
    };
  if (message.kind === "request") {
    const missing = missingEnvelope(message);
    if (missing.length > 0) {
      const what = `the request is missing the per-request envelope key(s): ${missing.join(", ")}`;
      return {
        status: 400,
        code: CODE.invalidParams,
        message: `Invalid params: ${what}`,
        data: { envelope: { missing } },
      };
    }
  }
  if (claim !== undefined && version !== undefined && claim !== version)
    return mismatch(version, `the body names protocol version ${claim}`);
  if (claim !== undefined && claim !== STATELESS_VERSION)
    return {
      status: 400,
      code: CODE.unsupportedVersion,
      message: `Unsupported protocol version: ${claim}`,
      data: { supported: [STATELESS_VERSION], requested: claim },
    };
  const method = header(request, "mcp-method");
  if (method !== undefined && method !== message.method)
    return mismatch(method, `the body names method ${message.method}`);
  if (message.kind !== "request") return undefined;
  if (version === undefined) return mismatch("(missing)", "MCP-Protocol-Version is required");
  if (method === undefined) return mismatch("(missing)", "Mcp-Method is required");
  return checkName(message, request);
}

function checkName(message: ClientMessage, request: IncomingMessage): HeaderProblem | undefined {
  const source = Object.hasOwn(NAME_SOURCE, message.method) ? NAME_SOURCE[message.method] : undefined;
  if (source === undefined) return undefined;
  const inBody = stringParam(message, source);
  const raw = header(request, "mcp-name");
  if (raw === undefined)
    return inBody === undefined ? undefined : mismatch("(missing)", "Mcp-Name is required");
  const meaning = headerMeaning(raw);
  if (meaning === undefined) return mismatch(raw, "Mcp-Name is not valid base64");
  if (inBody !== undefined && meaning !== inBody)
    return mismatch(raw, `the body carries params.${source} of another value`);
  return undefined;
}

function missingEnvelope(message: ClientMessage): string[] {
  const meta = metaNode(message.params);
  if (meta === undefined) return ["_meta"];
  return [META_VERSION, META_CAPABILITIES].filter((key) => {
    const node = member(meta, key);
    if (node === undefined) return true;
    const value = JSON.parse(message.text.slice(node.start, node.end)) as Json;
    return key === META_VERSION ? typeof value !== "string" : !isObject(value);
  });
}

function mismatch(header: string, body: string): HeaderProblem {
  const message = `Bad Request: the request headers and body disagree: ${body}`;
  return { status: 400, code: CODE.headerMismatch, message, data: { mismatch: { header, body } } };
}

export function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value.trim() : undefined;
}

/** `Mcp-Param-*` headers, to be handed on to a downstream over HTTP. */
export function paramHeaders(request: IncomingMessage): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (name.startsWith("mcp-param-") && typeof value === "string") out[name] = value;
  return out;
}
