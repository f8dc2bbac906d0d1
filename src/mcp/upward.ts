/** What downstreams originate: requests to the client, notifications, and the client's answers on their way back. */
import { applyEdits, member, type Edit } from "../model/json-text.js";
import type { Desk, Flight } from "./desk.js";
import { CODE, META_SUBSCRIPTION, metaNode } from "./eras.js";
import type { Link } from "./link.js";
import { idKey, type ClientMessage } from "./message.js";
import { readDownstream, type Incoming } from "./reply.js";

export interface Upward {
  incoming(link: Link, message: Incoming, related: number | undefined): void;
  /** The client's answer to a request of a downstream. False: nobody asked. */
  answer(message: ClientMessage): boolean;
}

interface Asked {
  readonly link: Link;
  readonly idText: string;
}

/** Notifications about lists and resources belong to the session, not to the call that happens to run. */
const SESSION_WIDE = /^notifications\/(?:.+\/list_changed|resources\/)/;

export function createUpward(desk: Desk): Upward {
  const asked = new Map<string, Asked>();
  let lastId = 0;

  const send = (flight: Flight | undefined, text: string): void => {
    const parts = [Buffer.from(text)];
    if (flight === undefined) desk.unsolicited(parts);
    else flight.exchange.related(parts);
  };

  const request = (link: Link, message: Incoming, flight: Flight | undefined): void => {
    if (desk.stateless) {
      // There are no server requests in the stateless era, so the server hears it at once instead of waiting.
      const error = { code: CODE.methodNotFound, message: "[Sallyport] the client speaks 2026-07-28: it takes no requests" };
      const answer =
        message.method === "ping"
          ? `{"jsonrpc":"2.0","id":${message.idText},"result":{}}`
          : `{"jsonrpc":"2.0","id":${message.idText},"error":${JSON.stringify(error)}}`;
      link.current?.send({ text: answer });
      return;
    }
    const id = String(++lastId);
    asked.set(`n${id}`, { link, idText: message.idText });
    const node = member(message.root, "id")!;
    send(flight, applyEdits(message.text, [{ start: node.start, end: node.end, text: id }]));
  };

  const notification = (link: Link, message: Incoming, flight: Flight | undefined): void => {
    if (message.method === "notifications/cancelled") {
      const node = message.params && member(message.params, "requestId");
      if (node === undefined) return;
      const key = idKey(message.text.slice(node.start, node.end));
      const ours = [...asked].find(([, each]) => each.link === link && idKey(each.idText) === key);
      if (ours === undefined) return;
      asked.delete(ours[0]);
      send(flight, applyEdits(message.text, [{ start: node.start, end: node.end, text: ours[0].slice(1) }]));
      return;
    }
    if (desk.stateless && subscriptionNode(message) === undefined && desk.listeners.notify(message)) return;
    const text = screened(desk, link, message);
    if (text === undefined) return;
    const ours = [...tokenEdit(message, flight), ...subscriptionEdit(message, flight)];
    // A masked text has moved its positions, so what is ours to change is looked up anew.
    if (text !== message.text && ours.length > 0) return notification(link, readAgain(text), flight);
    send(flight, applyEdits(text, ours));
  };

  return {
    incoming: (link, message, related) => {
      const flight = owner(desk, link, message, related);
      if (message.kind === "request") request(link, message, flight);
      else notification(link, message, flight);
    },
    answer: (message) => {
      const waiting = asked.get(message.idKey);
      if (waiting === undefined) return false;
      asked.delete(message.idKey);
      const node = member(message.root, "id")!;
      const text = applyEdits(message.text, [{ start: node.start, end: node.end, text: waiting.idText }]);
      waiting.link.current?.send({ text });
      return true;
    },
  };
}

/** Log lines and progress can carry data as well as any result. Undefined: it could not be judged, so nothing passes. */
function screened(desk: Desk, link: Link, message: Incoming): string | undefined {
  const { params, text } = message;
  if (params === undefined || SESSION_WIDE.test(message.method)) return text;
  try {
    const said = desk.parts.gate.screen(text.slice(params.start, params.end));
    if (said.masked.length === 0) return text;
    const types = [...new Set(said.masked.map((f) => f.type))];
    desk.parts.log.warn({ server: link.server.name, method: message.method, types }, "masked what a server said");
    return applyEdits(text, [{ start: params.start, end: params.end, text: said.text }]);
  } catch (error) {
    desk.parts.log.error({ server: link.server.name, err: error }, "dropped a message that could not be judged");
    return undefined;
  }
}

function readAgain(text: string): Incoming {
  return readDownstream(Buffer.from(text)) as Incoming;
}

/** The client request that a message belongs to: by the stream it came on, its progress token, or the latest one. */
function owner(desk: Desk, link: Link, message: Incoming, related: number | undefined): Flight | undefined {
  const token = message.params && member(message.params, "progressToken");
  if (token !== undefined) {
    const flight = desk.tokens.get(message.text.slice(token.start, token.end));
    if (flight !== undefined) return flight;
  }
  const flights = [...desk.flights].filter((flight) => flight.link === link && flight.peer === link.current);
  const tag = subscriptionNode(message);
  const tagged = tag && Number(message.text.slice(tag.start, tag.end));
  if (tagged !== undefined) return flights.find((flight) => flight.ourId === tagged);
  if (related !== undefined) return flights.find((flight) => flight.ourId === related);
  return SESSION_WIDE.test(message.method) ? undefined : flights.at(-1);
}

function tokenEdit(message: Incoming, flight: Flight | undefined): Edit[] {
  const token = message.params && member(message.params, "progressToken");
  if (token === undefined || flight?.token === undefined) return [];
  if (flight.token.key === flight.token.clientText) return [];
  return [{ start: token.start, end: token.end, text: flight.token.clientText }];
}

function subscriptionNode(message: Incoming) {
  const meta = metaNode(message.params);
  return meta === undefined ? undefined : member(meta, META_SUBSCRIPTION);
}

/** A subscription is tagged with the id of the request that opened it: ours downstream, the client's own here. */
function subscriptionEdit(message: Incoming, flight: Flight | undefined): Edit[] {
  const tag = subscriptionNode(message);
  if (tag === undefined || flight === undefined) return [];
  return [{ start: tag.start, end: tag.end, text: flight.idText }];
}
