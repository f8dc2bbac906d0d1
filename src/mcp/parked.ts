/**
 * Calls of stateless clients that a legacy server asks about: its requests become one `input_required` result, and the
 * call is parked, still open at the server, until the client retries it with the answers.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { SallyportError } from "../model/errors.js";
import { isObject, type Json, type JsonObject } from "../model/json.js";
import { member, type Edit } from "../model/json-text.js";
import { canAnswer } from "./bridge.js";
import type { Desk, Flight } from "./desk.js";
import type { Link } from "./link.js";
import { TOGETHER_MS, MAX_PARKED, MAX_QUESTIONS, PARKED_MS } from "./limits.js";
import { cancelledNote, stringParam, type ClientMessage } from "./message.js";
import type { Peer } from "./peer.js";
import { readDownstream, type Incoming, type Reply } from "./reply.js";

/** Methods that may end with `input_required` in 2026-07-28. */
export const CAN_ASK = new Set(["tools/call", "prompts/get", "resources/read"]);

/** A call of a legacy server that waits for answers of its client's user. */
export interface Parked {
  readonly link: Link;
  readonly peer: Peer;
  readonly ourId: number;
  readonly reply: Promise<Reply>;
  /** What the client was told to ask, by key. */
  readonly open: ReadonlyMap<string, Incoming>;
  /** What the server has asked since: it goes into the next round. */
  readonly later: Incoming[];
  readonly asked: (request: Incoming) => boolean;
  readonly timer: NodeJS.Timeout;
  /** The call it belongs to: a retry with other arguments is another call. */
  readonly call: string;
}

/** What this request says that it continues. */
export function continuation(message: ClientMessage): string | undefined {
  return CAN_ASK.has(message.method) ? stringParam(message, "requestState") : undefined;
}

/** Whether it claims to continue a parked call, and there is none that it fits: nothing is to be judged, or recorded, then. */
export function continuesNothing(desk: Desk, message: ClientMessage): boolean {
  const state = continuation(message);
  return state !== undefined && desk.parked.get(state)?.call !== callText(message);
}

/**
 * Takes a parked call up again with the client's answers, `changes` made to them. What it leaves out is refused to the
 * server. Throws SallyportError when there is no call that fits.
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
  clearTimeout(parked.timer);
  const { link, peer, ourId } = parked;
  Object.assign(flight, { link, peer, ourId });
  peer.hold(ourId, Math.min(flight.timeoutMs ?? Infinity, link.server.timeoutMs));
  const responses = responsesOf(message, changes);
  for (const [key, { idText }] of parked.open) {
    const given = isObject(responses) && Object.hasOwn(responses, key) ? responses[key] : undefined;
    const answer =
      given === undefined
        ? `"error":${JSON.stringify({ code: -32_603, message: "[Sallyport] the client did not answer" })}`
        : `"result":${JSON.stringify(given)}`;
    peer.send({ text: `{"jsonrpc":"2.0","id":${idText},${answer}}` });
  }
  return parked;
}

/** The client's answers as the input gate left them. */
function responsesOf({ params, text }: ClientMessage, changes: readonly Edit[]): Json | undefined {
  const node = params && member(params, "inputResponses");
  if (node === undefined) return undefined;
  const changed = changes.find(({ start, end }) => start === node.start && end === node.end);
  return JSON.parse(changed?.text ?? text.slice(node.start, node.end)) as Json;
}

/**
 * Waits for the reply of a legacy server or for what it asks on the way; questions become an `input_required` result, and
 * the call is parked until the client retries it. `questions`: what it has asked already.
 */
export async function replyOrQuestion(
  desk: Desk,
  flight: Flight,
  message: ClientMessage,
  reply: Promise<Reply>,
  questions: readonly Incoming[] = [],
): Promise<Reply> {
  const asked = [...questions];
  let wake = (): void => {};
  const first = new Promise<undefined>((resolve) => (wake = () => resolve(undefined)));
  const take = takes(desk, message, asked);
  flight.asked = (request) => {
    const taken = take(request);
    if (taken) wake();
    return taken;
  };
  if (asked.length > 0) wake();
  // A server that wants to know several things asks them in one breath, and the user should answer them so.
  const got =
    (await Promise.race([reply, first])) ?? (await Promise.race([reply, pause(TOGETHER_MS, undefined)]));
  delete flight.asked;
  return got ?? park(desk, flight, message, reply, asked);
}

/** Takes questions of a server as long as the client can be asked, and there are not too many. */
function takes(desk: Desk, message: ClientMessage, into: Incoming[]): (request: Incoming) => boolean {
  return (request) => {
    if (!canAnswer(message, request.method)) return false;
    if (into.length >= MAX_QUESTIONS || desk.parked.size >= MAX_PARKED) return false;
    into.push(request);
    return true;
  };
}

function park(
  desk: Desk,
  flight: Flight,
  message: ClientMessage,
  reply: Promise<Reply>,
  questions: readonly Incoming[],
): Reply {
  const state = `sallyport-${randomBytes(16).toString("hex")}`;
  const peer = flight.peer!;
  const ourId = flight.ourId!;
  const open = new Map(questions.map((each, at) => [at === 0 ? "request" : `request-${at + 1}`, each]));
  const later: Incoming[] = [];
  const release = (): void => {
    desk.parked.delete(state);
    const reason = "nobody answered in time";
    peer.send(cancelledNote(ourId, reason));
    peer.abandon(ourId, new SallyportError("cancelled", reason));
  };
  const timer = setTimeout(release, desk.parts.parkedMs ?? PARKED_MS).unref();
  // The server is not slow: it waits for a person.
  peer.hold(ourId);
  desk.parked.set(state, {
    link: flight.link!,
    peer,
    ourId,
    reply,
    open,
    later,
    asked: takes(desk, message, later),
    timer,
    call: callText(message),
  });
  const forget = (): void => {
    clearTimeout(timer);
    desk.parked.delete(state);
  };
  reply.then(forget, forget);
  const asks = [...open].map(([key, { method, params, text }]) => {
    const paramsText = params === undefined ? "{}" : text.slice(params.start, params.end);
    return `${JSON.stringify(key)}:{"method":${JSON.stringify(method)},"params":${paramsText}}`;
  });
  const requests = `"inputRequests":{${asks.join(",")}},"requestState":${JSON.stringify(state)}`;
  const result = `{"resultType":"input_required",${requests}}`;
  return readDownstream(Buffer.from(`{"jsonrpc":"2.0","id":0,"result":${result}}`)) as Reply;
}

/** The call without what differs between a first try and its retry. */
function callText({ method, params, text }: ClientMessage): string {
  const all = params === undefined ? {} : (JSON.parse(text.slice(params.start, params.end)) as JsonObject);
  const { _meta: _, inputResponses: __, requestState: ___, ...call } = all;
  return JSON.stringify([method, call]);
}
