/**
 * Asking the user in the middle of a call, across the eras. A legacy server asks by a request of its own while the
 * call waits; a stateless one ends the call with `input_required` and is called again with the answers.
 */
import { randomBytes } from "node:crypto";
import { SallyportError } from "../model/errors.js";
import { isObject, type Json, type JsonObject } from "../model/json.js";
import { member, type Edit } from "../model/json-text.js";
import type { Desk, Flight } from "./desk.js";
import { META_CAPABILITIES, metaNode } from "./eras.js";
import type { Link } from "./link.js";
import type { ClientMessage } from "./message.js";
import { stringParam } from "./message.js";
import type { Peer } from "./peer.js";
import { readDownstream, type Incoming, type Reply } from "./reply.js";

/** Methods that may end with `input_required` in 2026-07-28. */
export const CAN_ASK = new Set(["tools/call", "prompts/get", "resources/read"]);

/** A call that waits for its user holds a request of the downstream open; abandoned ones must not pile up. */
const MAX_PARKED = 256;
/** As long as a person may take to answer. Milliseconds. */
const PARKED_MS = 10 * 60_000;
/** A server that never has enough would keep the user answering for ever. */
const MAX_ROUNDS = 10;

const STATE_PREFIX = "sallyport-";

/** A call of a legacy server that waits for an answer of its client's user. */
export interface Parked {
  readonly link: Link;
  readonly peer: Peer;
  readonly ourId: number;
  readonly reply: Promise<Reply>;
  readonly request: Incoming;
  /** The call it belongs to: a retry with other arguments is another call. */
  readonly call: string;
}

/** Whether this request continues a parked call of ours. */
export function continuation(message: ClientMessage): string | undefined {
  const state = CAN_ASK.has(message.method) ? stringParam(message, "requestState") : undefined;
  return state?.startsWith(STATE_PREFIX) === true ? state : undefined;
}

/** Whether it claims to continue a parked call, and there is none that it fits: nothing is to be judged, or recorded, then. */
export function continuesNothing(desk: Desk, message: ClientMessage): boolean {
  const state = continuation(message);
  return state !== undefined && desk.parked.get(state)?.call !== callText(message);
}

/**
 * Takes a parked call up again with the client's answers, `changes` made to them. Throws SallyportError when there is
 * none that fits.
 */
export function takeUp(
  desk: Desk,
  flight: Flight,
  message: ClientMessage,
  state: string,
  changes: readonly Edit[],
): Parked {
  const parked = desk.parked.get(state);
  if (parked === undefined || parked.call !== callText(message))
    throw new SallyportError(
      "message_invalid",
      "no call waits for this requestState, or its arguments have changed",
    );
  desk.parked.delete(state);
  const responses = responsesOf(message, changes);
  const response = isObject(responses) ? responses[ASK_KEY] : undefined;
  const { request, peer } = parked;
  const answer =
    response === undefined
      ? `"error":${JSON.stringify({ code: -32_603, message: "[Sallyport] the client did not answer" })}`
      : `"result":${JSON.stringify(response)}`;
  flight.link = parked.link;
  flight.peer = peer;
  flight.ourId = parked.ourId;
  peer.send({ text: `{"jsonrpc":"2.0","id":${request.idText},${answer}}` });
  return parked;
}

/** The client's answers as the input gate left them. */
function responsesOf({ params, text }: ClientMessage, changes: readonly Edit[]): Json | undefined {
  const node = params && member(params, "inputResponses");
  if (node === undefined) return undefined;
  const changed = changes.find(({ start, end }) => start === node.start && end === node.end);
  return JSON.parse(changed?.text ?? text.slice(node.start, node.end)) as Json;
}

const ASK_KEY = "request";

/**
 * Waits for the reply of a legacy server or for what it asks on the way; a question becomes an `input_required`
 * result, and the call is parked until the client retries it.
 */
export async function replyOrQuestion(
  desk: Desk,
  flight: Flight,
  message: ClientMessage,
  link: Link,
  reply: Promise<Reply>,
): Promise<Reply> {
  const question = new Promise<Incoming>((resolve) => {
    flight.asked = (request) => {
      if (!canAnswer(message, request.method) || desk.parked.size >= MAX_PARKED) return false;
      resolve(request);
      return true;
    };
  });
  const first = await Promise.race([reply, question]);
  delete flight.asked;
  if (first.kind === "response") return first;
  const state = STATE_PREFIX + randomBytes(16).toString("hex");
  const parked: Parked = {
    link,
    peer: flight.peer!,
    ourId: flight.ourId!,
    reply,
    request: first,
    call: callText(message),
  };
  desk.parked.set(state, parked);
  reply.catch(() => {}).finally(() => desk.parked.delete(state));
  setTimeout(() => {
    if (!desk.parked.delete(state)) return;
    parked.peer.abandon(parked.ourId, new SallyportError("cancelled", "nobody answered in time"));
  }, PARKED_MS).unref();
  const params = first.params === undefined ? "{}" : first.text.slice(first.params.start, first.params.end);
  const asks = `{${JSON.stringify(ASK_KEY)}:{"method":${JSON.stringify(first.method)},"params":${params}}}`;
  const result = `{"resultType":"input_required","inputRequests":${asks},"requestState":${JSON.stringify(state)}}`;
  return readDownstream(Buffer.from(`{"jsonrpc":"2.0","id":0,"result":${result}}`)) as Reply;
}

/**
 * Asks a legacy client what a stateless server wants to know, and calls again until it is content. `again` sends the
 * call with further params.
 */
export async function answerQuestions(
  desk: Desk,
  flight: Flight,
  message: ClientMessage,
  link: Link,
  first: Reply,
  again: (more: Edit) => Promise<Reply>,
): Promise<Reply> {
  let reply = first;
  for (let round = 0; asksForInput(reply); round++) {
    if (round === MAX_ROUNDS) throw new SallyportError("downstream_protocol", "the server asks without end");
    const { inputRequests, requestState } = reply.value as JsonObject;
    const responses: Record<string, Json> = {};
    for (const [key, request] of Object.entries(isObject(inputRequests) ? inputRequests : {}))
      responses[key] = await askClient(desk, flight, link, request);
    const more = { inputResponses: responses, ...(requestState !== undefined && { requestState }) };
    const inserted = `${JSON.stringify(more).slice(1, -1)},`;
    const at = message.params!.start + 1;
    reply = await again({ start: at, end: at, text: inserted });
  }
  return reply;
}

/** Whether a result is the stateless era's "ask your user first". */
function asksForInput(reply: Reply): boolean {
  return reply.body === "result" && isObject(reply.value) && reply.value["resultType"] === "input_required";
}

async function askClient(desk: Desk, flight: Flight, link: Link, request: Json): Promise<Json> {
  const method = isObject(request) ? request["method"] : undefined;
  if (!isObject(request) || typeof method !== "string")
    throw new SallyportError("downstream_protocol", "the server asks for something that is not a request");
  if (!declares(desk.hello?.capabilities, method))
    throw new SallyportError(
      "downstream_protocol",
      `the server asks for ${method}, which this client does not offer`,
    );
  const { body, text } = await desk.upward.ask(flight, link, method, JSON.stringify(request["params"] ?? {}));
  if (body === "error")
    throw new SallyportError("downstream_protocol", `the client did not answer ${method}`);
  return JSON.parse(text) as Json;
}

/**
 * What a legacy server is told that it may ask of a stateless client: what the client declares, but not `roots`, which
 * servers ask for outside of any call, where such a client cannot be reached.
 */
export function askable(declared: Json | undefined): JsonObject {
  const has = (name: string): boolean => isObject(declared) && declared[name] !== undefined;
  return { ...(has("elicitation") && { elicitation: {} }), ...(has("sampling") && { sampling: {} }) };
}

/** The capabilities that one stateless request declares. */
export function declaredBy(message: ClientMessage): Json | undefined {
  const meta = metaNode(message.params);
  return meta && (JSON.parse(message.text.slice(meta.start, meta.end)) as JsonObject)[META_CAPABILITIES];
}

/** What must be declared before a client may be asked. */
const NEEDS: Readonly<Record<string, string>> = {
  "elicitation/create": "elicitation",
  "sampling/createMessage": "sampling",
  "roots/list": "roots",
};

function declares(capabilities: Json | undefined, method: string): boolean {
  const need = NEEDS[method];
  return need !== undefined && isObject(capabilities) && capabilities[need] !== undefined;
}

function canAnswer(message: ClientMessage, method: string): boolean {
  return declares(declaredBy(message), method);
}

function paramsOf(message: ClientMessage): JsonObject {
  const { params, text } = message;
  return params === undefined ? {} : (JSON.parse(text.slice(params.start, params.end)) as JsonObject);
}

/** The call without what differs between a first try and its retry. */
function callText(message: ClientMessage): string {
  const { _meta: _, inputResponses: __, requestState: ___, ...call } = paramsOf(message);
  return JSON.stringify([message.method, call]);
}
