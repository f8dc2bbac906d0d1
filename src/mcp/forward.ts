/** Sends a client's request on to one downstream and brings its reply back, in the client's era. */
import { SallyportError } from "../model/errors.js";
import { isObject, type Json } from "../model/json.js";
import { applyEdits, decodeString, member, parseJsonText, type Edit } from "../model/json-text.js";
import { screenBeside } from "./beside.js";
import { answerQuestions } from "./bridge.js";
import type { Desk, Flight } from "./desk.js";
import {
  CODE,
  LEGACY_VERSIONS,
  NAME_SOURCE,
  addEnvelope,
  metaNode,
  stripEnvelope,
  toStatelessResult,
  type Era,
} from "./eras.js";
import type { Hello, Link, Welcome } from "./link.js";
import { cancelledNote, RETRY, textWithout, type ClientMessage } from "./message.js";
import { CAN_ASK, continuation, replyOrQuestion, takeUp } from "./parked.js";
import type { Peer } from "./peer.js";
import { withBody, withId, type Reply } from "./reply.js";

export interface Forwarded {
  readonly reply: Reply;
  readonly welcome: Welcome;
}

/** A stream that stays open as long as the client wants. Milliseconds; the longest a timer can hold. */
export const NO_DEADLINE = 2 ** 31 - 1;

/** `changes`: edits to the text of `message`. Rejects with a SallyportError when there will be no reply. */
export async function forward(
  desk: Desk,
  flight: Flight,
  message: ClientMessage,
  link: Link,
  changes: readonly Edit[] = [],
): Promise<Forwarded> {
  const { peer, welcome } = await connected(desk, flight, link);
  if (flight.cancelled) throw new SallyportError("cancelled", "cancelled by the client");
  const state = flight.stateless && welcome.era === "legacy" ? continuation(message) : undefined;
  if (state !== undefined) {
    const { reply, later } = takeUp(desk, flight, message, state, changes);
    return { reply: await replyOrQuestion(desk, flight, message, reply, later), welcome };
  }
  flight.link = link;
  flight.peer = peer;
  const token = claimToken(desk, flight, message);
  const send = (more?: string): Promise<Reply> =>
    request(desk, flight, message, peer, welcome, [...changes, ...token], more);
  let reply: Reply;
  if (flight.stateless && welcome.era === "legacy" && CAN_ASK.has(message.method))
    reply = await replyOrQuestion(desk, flight, message, send());
  else reply = await send();
  if (!flight.stateless && welcome.era === "stateless" && CAN_ASK.has(message.method))
    reply = await answerQuestions(desk, flight, link, reply, send);
  return { reply, welcome };
}

function request(
  desk: Desk,
  flight: Flight,
  message: ClientMessage,
  peer: Peer,
  welcome: Welcome,
  edits: readonly Edit[],
  more: string | undefined,
): Promise<Reply> {
  const idNode = member(message.root, "id")!;
  const sent = async (): Promise<Reply> => {
    // While it stood in line for the server.
    if (flight.cancelled) throw new SallyportError("cancelled", "cancelled by the client");
    const asked = peer.request({
      method: message.method,
      timeoutMs:
        message.method === "subscriptions/listen"
          ? NO_DEADLINE
          : Math.min(flight.timeoutMs ?? Infinity, flight.link!.server.timeoutMs),
      build: (id) => {
        const text = applyEdits(message.text, [{ start: idNode.start, end: idNode.end, text: id }, ...edits]);
        return translate(text, flight, welcome.era, desk, more);
      },
      onId: (id) => (flight.ourId = id),
      name: nameOf(message, edits),
      headers: welcome.era === "stateless" ? flight.headers : undefined,
    });
    const screened = asked.then((reply) => screenBeside(desk, reply));
    return screened.catch((error: unknown) => {
      // A server that goes on working for nobody would be busy when the next call comes.
      if (error instanceof SallyportError && error.code === "downstream_timeout")
        peer.send(cancelledNote(flight.ourId!, "no answer in time"));
      throw error;
    });
  };
  // A subscription is not work that a server is busy with.
  const health =
    message.method === "subscriptions/listen" ? undefined : desk.parts.health.get(flight.link!.server.name);
  return health === undefined ? sent() : health.run(sent);
}

/** The live connection; made now if the client has not said hello before. */
export async function connected(
  desk: Desk,
  flight: Pick<Flight, "stateless">,
  link: Link,
): Promise<{ peer: Peer; welcome: Welcome }> {
  desk.hello ??= defaultHello(desk, flight);
  await link.connect(desk.hello);
  const live = await link.peer();
  desk.subscriptions.keep(link, live.peer, live.welcome);
  return live;
}

/** The reply as the client of this flight may read it: same bytes where nothing has to change. `text`: another body. */
export function replyParts(flight: Flight, { reply, welcome }: Forwarded, text?: string): Buffer[] {
  const translated = flight.stateless && welcome.era === "legacy" && reply.body === "result";
  if (translated) {
    const serverInfo = welcome.initialize["serverInfo"];
    const body = toStatelessResult(text ?? reply.bodyText, reply.value, flight.method, serverInfo);
    return withBody(reply, flight.idText, body);
  }
  const body =
    text ?? (flight.stateless && welcome.era === "legacy" ? toStatelessError(reply.value) : undefined);
  return body === undefined ? withId(reply, flight.idText) : withBody(reply, flight.idText, body);
}

/** The error as the stateless era says it; undefined when it says it the same way. */
function toStatelessError(error: Json): string | undefined {
  if (!isObject(error) || error["code"] !== CODE.noResource) return undefined;
  return JSON.stringify({ ...error, code: CODE.invalidParams });
}

/**
 * The message in the downstream's era; `more`: further members of its params, for the stateless one. What a client writes
 * there of a retry has no meaning in its own era, or not this server's: it would speak for a user who was never asked.
 */
function translate(
  said: string,
  flight: Flight,
  era: Era,
  { hello, logLevel }: Pick<Desk, "hello" | "logLevel">,
  more: string | undefined,
): string {
  if (flight.stateless === (era === "stateless")) return said;
  const text = CAN_ASK.has(flight.method) ? withoutRetry(said) : said;
  const root = parseJsonText(text);
  const params = member(root, "params");
  if (flight.stateless) return params === undefined ? text : applyEdits(text, stripEnvelope(text, params));
  const own = addEnvelope(text, params, { ...hello!, logLevel });
  const enveloped = more === undefined ? own : `{${more},${own.slice(1)}`;
  if (params !== undefined)
    return applyEdits(text, [{ start: params.start, end: params.end, text: enveloped }]);
  return `${text.slice(0, root.end - 1)},"params":${enveloped}}`;
}

function withoutRetry(text: string): string {
  const params = member(parseJsonText(text), "params");
  if (params?.kind !== "object" || !params.keys.some((key) => RETRY.includes(key))) return text;
  return applyEdits(text, [{ start: params.start, end: params.end, text: textWithout(text, params, RETRY) }]);
}

/**
 * Keeps the client's progress token, unless another request on this session has the same one in use
 * (clients of a shared session do not know of each other): then the downstream gets one of ours.
 */
function claimToken(desk: Desk, flight: Flight, message: ClientMessage): Edit[] {
  const meta = metaNode(message.params);
  const token = meta === undefined ? undefined : member(meta, "progressToken");
  if (token === undefined || (token.kind !== "string" && token.kind !== "number")) return [];
  const clientText = message.text.slice(token.start, token.end);
  if (flight.token !== undefined) desk.tokens.delete(flight.token.key); // asked of another server before
  let key = clientText;
  for (let n = 1; desk.tokens.has(key); n++) key = JSON.stringify(`sallyport-${n}`);
  desk.tokens.set(key, flight);
  flight.token = { key, clientText };
  return key === clientText ? [] : [{ start: token.start, end: token.end, text: key }];
}

/** What `Mcp-Name` must say of the message as it goes out, prefix removed. */
function nameOf(message: ClientMessage, changes: readonly Edit[]): string | undefined {
  const source = Object.hasOwn(NAME_SOURCE, message.method) ? NAME_SOURCE[message.method] : undefined;
  const node =
    source === undefined || message.params === undefined ? undefined : member(message.params, source);
  if (node?.kind !== "string") return undefined;
  const changed = changes.find((edit) => edit.start === node.start && edit.end === node.end);
  if (changed !== undefined) return JSON.parse(changed.text) as string;
  return decodeString(message.text, node.start, node.end);
}

/** For a client that never said hello (legacy servers let it pass, so do we) or needs none (stateless). */
function defaultHello(desk: Desk, flight: Pick<Flight, "stateless">): Hello {
  const info = { name: "sallyport", version: desk.parts.version };
  const params = { protocolVersion: LEGACY_VERSIONS[0], capabilities: {}, clientInfo: info };
  return {
    era: flight.stateless ? "stateless" : "legacy",
    initialize: JSON.stringify(params),
    info,
    capabilities: {},
    own: true,
  };
}
