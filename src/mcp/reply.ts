/**
 * What downstreams send. Results can be large, so they stay the bytes they were: we find where the id and the body
 * are, and parse the body once for whoever judges it.
 */
import { isUtf8 } from "node:buffer";
import { SallyportError } from "../model/errors.js";
import type { Json } from "../model/json.js";
import { decodeString, member, parseJsonText, type JsonNode } from "../model/json-text.js";
import { ENVELOPE, idKey, lookAlike } from "./message.js";

/** Offsets are bytes into `bytes`. */
export interface Reply {
  readonly kind: "response";
  readonly bytes: Buffer;
  readonly idKey: string;
  readonly idStart: number;
  readonly idEnd: number;
  readonly body: "result" | "error";
  readonly bodyStart: number;
  readonly bodyEnd: number;
  readonly bodyText: string;
  /** The body, parsed. */
  readonly value: Json;
  /** Something stands beside the members that JSON-RPC knows: see beside.ts. */
  readonly beside?: true;
}

/** A request or notification that a downstream originates. */
export interface Incoming {
  readonly kind: "request" | "notification";
  readonly text: string;
  readonly root: JsonNode;
  readonly idText: string;
  readonly method: string;
  readonly params: JsonNode | undefined;
}

const HEAD = /^\{"jsonrpc":"2\.0","id":(-?\d{1,15}|"[ !#-[\]-~]{0,128}"),"(result|error)":/;
const HEAD_WINDOW = 192;
const RESULT_FIRST = '{"result":';
const TAIL = /,"jsonrpc":"2\.0","id":(-?\d{1,15}|"[ !#-[\]-~]{0,128}")\}$/;

function protocolError(message: string): SallyportError {
  return new SallyportError("downstream_protocol", message);
}

function tryParse(text: string): { value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return undefined;
  }
}

/** The two shapes that practically every server writes, without walking the message. Sound: the body must parse alone. */
function readUsual(bytes: Buffer): Reply | undefined {
  const headText = bytes.toString("latin1", 0, HEAD_WINDOW);
  const head = HEAD.exec(headText);
  if (head !== null && bytes[bytes.length - 1] === 0x7d) {
    const bodyStart = head[0].length;
    const bodyText = bytes.toString("utf8", bodyStart, bytes.length - 1);
    const parsed = tryParse(bodyText);
    if (parsed === undefined) return undefined;
    const idStart = '{"jsonrpc":"2.0","id":'.length;
    const id = head[1]!;
    return {
      kind: "response",
      bytes,
      idKey: idKey(id),
      idStart,
      idEnd: idStart + id.length,
      body: head[2] as "result" | "error",
      bodyStart,
      bodyEnd: bytes.length - 1,
      bodyText,
      value: parsed.value,
    };
  }
  if (!headText.startsWith(RESULT_FIRST)) return undefined;
  const tail = TAIL.exec(bytes.toString("latin1", Math.max(0, bytes.length - HEAD_WINDOW)));
  if (tail === null) return undefined;
  const bodyEnd = bytes.length - tail[0].length;
  const bodyText = bytes.toString("utf8", RESULT_FIRST.length, bodyEnd);
  const parsed = tryParse(bodyText);
  if (parsed === undefined) return undefined;
  const id = tail[1]!;
  return {
    kind: "response",
    bytes,
    idKey: idKey(id),
    idStart: bytes.length - 1 - id.length,
    idEnd: bytes.length - 1,
    body: "result",
    bodyStart: RESULT_FIRST.length,
    bodyEnd,
    bodyText,
    value: parsed.value,
  };
}

/** Throws SallyportError `downstream_protocol` for what is not one JSON-RPC message. */
export function readDownstream(bytes: Buffer): Reply | Incoming {
  if (!isUtf8(bytes)) throw protocolError("the server sent invalid UTF-8");
  return readUsual(bytes) ?? readAny(bytes);
}

function readAny(bytes: Buffer): Reply | Incoming {
  const text = bytes.toString("utf8");
  let root: JsonNode;
  try {
    root = parseJsonText(text);
  } catch (cause) {
    throw new SallyportError(
      "downstream_protocol",
      "the server sent something that is not JSON",
      {},
      { cause },
    );
  }
  if (root.kind !== "object") throw protocolError("the server sent JSON that is not a JSON-RPC message");
  refuseSecondReading(root);
  const id = member(root, "id");
  const method = member(root, "method");
  // `"error": null` beside a result is common and legal enough; the body is what is not null.
  const error = member(root, "error");
  const result = member(root, "result");
  const isError = error !== undefined && text.slice(error.start, error.end) !== "null";
  if (method?.kind === "string") {
    // A client may read as an answer what was judged as a question.
    if (isError || result !== undefined)
      throw protocolError("the server sent a request with an answer in it");
    const idText = id === undefined ? "" : text.slice(id.start, id.end);
    return {
      kind: id === undefined ? "notification" : "request",
      text,
      root,
      idText,
      method: decodeString(text, method.start, method.end),
      params: member(root, "params"),
    };
  }
  const body = isError ? error : result;
  if (id === undefined || body === undefined) throw protocolError("the server sent an unknown message shape");
  if (isError && result !== undefined) throw protocolError('the server sent both "result" and "error"');
  const byteAt = (offset: number): number => Buffer.byteLength(text.slice(0, offset));
  const idText = text.slice(id.start, id.end);
  const bodyText = text.slice(body.start, body.end);
  return {
    kind: "response",
    bytes,
    idKey: id.kind === "string" || id.kind === "number" ? idKey(idText) : "",
    idStart: byteAt(id.start),
    idEnd: byteAt(id.end),
    body: isError ? "error" : "result",
    bodyStart: byteAt(body.start),
    bodyEnd: byteAt(body.end),
    bodyText,
    value: JSON.parse(bodyText) as Json,
    ...(root.keys.some((key) => !ENVELOPE.includes(key)) && { beside: true }),
  };
}

/** Two results, or a `Result` beside it: the client may read the one that we have not judged. */
function refuseSecondReading({ keys }: JsonNode): void {
  for (const [i, key] of keys.entries()) {
    if (ENVELOPE.includes(key) && keys.indexOf(key) !== i)
      throw protocolError(`the server sent "${key}" twice in one message`);
    const meant = lookAlike(key, ENVELOPE);
    if (meant !== undefined) throw protocolError(`the server sent a key that looks like "${meant}"`);
  }
}

/** The reply as it goes to the client: same bytes, the client's own id. */
export function withId(reply: Reply, idText: string): Buffer[] {
  return [reply.bytes.subarray(0, reply.idStart), Buffer.from(idText), reply.bytes.subarray(reply.idEnd)];
}

/** The same with another body; what stands around it is kept. */
export function withBody(reply: Reply, idText: string, body: string): Buffer[] {
  const pieces = [
    { start: reply.idStart, end: reply.idEnd, text: idText },
    { start: reply.bodyStart, end: reply.bodyEnd, text: body },
  ].toSorted((a, b) => a.start - b.start);
  const out: Buffer[] = [];
  let from = 0;
  for (const piece of pieces) {
    out.push(reply.bytes.subarray(from, piece.start), Buffer.from(piece.text));
    from = piece.end;
  }
  out.push(reply.bytes.subarray(from));
  return out;
}
