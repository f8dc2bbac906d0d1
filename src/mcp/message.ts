/**
 * What clients send, parsed strictly and once. A message that two parsers could read differently is refused, because
 * the one that judges and the one that executes must see the same call: batch arrays, duplicate keys, case variants
 * (Go's decoder takes `Params` for `params`), unknown shapes, invalid UTF-8.
 */
import { isUtf8 } from "node:buffer";
import { SallyportError } from "../model/errors.js";
import { decodeString, member, parseJsonText, type JsonNode } from "../model/json-text.js";

export interface ClientMessage {
  readonly kind: "request" | "notification" | "response";
  /** The whole message as sent. */
  readonly text: string;
  readonly root: JsonNode;
  /** The id token as written; "" for a notification. */
  readonly idText: string;
  /** Equal for equal ids, however they are escaped. */
  readonly idKey: string;
  /** "" for a response. */
  readonly method: string;
  readonly params: JsonNode | undefined;
}

/** The members of a JSON-RPC message. */
export const ENVELOPE = ["jsonrpc", "id", "method", "params", "result", "error"];
/** Members of `params` that are acted upon; a look-alike would reach a lenient downstream unjudged. */
const JUDGED = ["name", "arguments", "_meta", "uri", "taskId", "inputResponses", "requestState"];
/** What has no id is never answered, and never governed: a server that runs it all the same would run it unjudged. */
const NOTIFICATION = "notifications/";

function invalid(message: string): SallyportError {
  return new SallyportError("message_invalid", message);
}

/** Unicode case folding as lenient decoders do it: U+017F folds to s, U+212A to k. */
function fold(key: string): string {
  return key.toUpperCase().toLowerCase();
}

/** The key that a lenient decoder would take this one for, if it is not the key itself. */
export function lookAlike(key: string, exact: readonly string[]): string | undefined {
  return exact.includes(key) ? undefined : exact.find((name) => fold(name) === fold(key));
}

function refuseLookAlikes(node: JsonNode, exact: readonly string[]): void {
  for (const key of node.keys) {
    const meant = lookAlike(key, exact);
    if (meant !== undefined)
      throw invalid(`key ${JSON.stringify(key)} looks like "${meant}"; spell it exactly`);
  }
}

/** Key of an id token: strings by value, numbers by their digits (parsing would round large ones together). */
export function idKey(text: string): string {
  return text.startsWith('"') ? `s${JSON.parse(text) as string}` : `n${text}`;
}

/** Throws SallyportError `json_invalid` or `message_invalid`. */
export function parseClientMessage(bytes: Buffer): ClientMessage {
  if (!isUtf8(bytes)) throw new SallyportError("json_invalid", "the message is not valid UTF-8");
  const text = bytes.toString("utf8");
  const root = parseJsonText(text, { refuseDuplicates: true });
  if (root.kind === "array") throw invalid("batch arrays are not accepted; send one message at a time");
  if (root.kind !== "object") throw invalid("a JSON-RPC message is an object");
  refuseLookAlikes(root, ENVELOPE);
  const slice = (node: JsonNode): string => text.slice(node.start, node.end);

  const version = member(root, "jsonrpc");
  if (version?.kind !== "string" || decodeString(text, version.start, version.end) !== "2.0")
    throw invalid('"jsonrpc" must be "2.0"');
  const id = member(root, "id");
  const idText = id === undefined ? "" : slice(id);
  if (id !== undefined && id.kind !== "string" && !(id.kind === "number" && /^-?\d{1,40}$/.test(idText)))
    throw invalid('"id" must be a string or an integer');
  const methodNode = member(root, "method");
  const hasAnswer = root.keys.includes("result") || root.keys.includes("error");
  if (methodNode === undefined) {
    if (!hasAnswer || id === undefined) throw invalid("neither a request, a notification nor a response");
    if (root.keys.includes("result") && root.keys.includes("error"))
      throw invalid('a response has "result" or "error", not both');
    return { kind: "response", text, root, idText, idKey: idKey(idText), method: "", params: undefined };
  }
  if (hasAnswer) throw invalid('"method" and "result" or "error" in one message');
  if (methodNode.kind !== "string") throw invalid('"method" must be a string');
  const method = decodeString(text, methodNode.start, methodNode.end);
  if (method.startsWith(NOTIFICATION) !== (id === undefined))
    throw invalid(id === undefined ? 'a request needs an "id"' : 'a notification has no "id"');
  const params = member(root, "params");
  if (params !== undefined && params.kind !== "object" && params.kind !== "array")
    throw invalid('"params" must be an object');
  if (params !== undefined) refuseLookAlikes(params, JUDGED);
  return {
    kind: id === undefined ? "notification" : "request",
    text,
    root,
    idText,
    idKey: id === undefined ? "" : idKey(idText),
    method,
    params,
  };
}

/** The text of an object without some of its members; the others keep their characters. */
export function textWithout(text: string, node: JsonNode, names: readonly string[]): string {
  const kept = node.keys.flatMap((key, at) =>
    names.includes(key) ? [] : [text.slice(node.keyStarts[at]!, node.children[at]!.end)],
  );
  return `{${kept.join(",")}}`;
}

/** What tells a peer that nobody waits for its answer to a request any more; `idText` is the id as it was sent. */
export function cancelledNote(idText: string | number, reason: string): { method: string; text: string } {
  const method = "notifications/cancelled";
  const params = `{"requestId":${idText},"reason":${JSON.stringify(reason)}}`;
  return { method, text: `{"jsonrpc":"2.0","method":"${method}","params":${params}}` };
}

/** Members of a stateless retry's params. */
export const RETRY: readonly string[] = ["inputResponses", "requestState"];

/** The string member `key` of `params`, decoded; undefined when absent or not a string. */
export function stringParam(message: ClientMessage, key: string): string | undefined {
  const node = message.params && member(message.params, key);
  return node?.kind === "string" ? decodeString(message.text, node.start, node.end) : undefined;
}
