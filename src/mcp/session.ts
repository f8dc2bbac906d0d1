/** One client connection (or, in the stateless era, one principal): takes its messages and sees that each is answered. */
import { LRUCache } from "lru-cache";
import { newId } from "../audit/ids.js";
import { SallyportError } from "../model/errors.js";
import type { Json } from "../model/json.js";
import { applyEdits, member } from "../model/json-text.js";
import { Cancellation } from "../model/signal.js";
import { GOVERNED, governCall } from "./call.js";
import {
  errorReply,
  failureReply,
  resultReply,
  type Desk,
  type Exchange,
  type Flight,
  type SessionParts,
} from "./desk.js";
import { CODE, LEGACY_ONLY, META_CLIENT, META_LOG_LEVEL, claimedVersion, metaNode } from "./eras.js";
import { connected, forward, replyParts } from "./forward.js";
import { describeClient, handshake, helloOf } from "./handshake.js";
import { MAX_OWNERS, MAX_PENDING_PER_SESSION } from "./limits.js";
import { createHealth, type Health } from "./health.js";
import { createLink } from "./link.js";
import { createListeners } from "./listen.js";
import { markedList } from "./listed.js";
import { listenToMany, requestOfMany } from "./many.js";
import { cancelledNote, idKey, stringParam, type ClientMessage } from "./message.js";
import { relaxedList } from "./schemas.js";
import { subscribed } from "./subscribe.js";
import { createSubscriptions, type Subscriptions } from "./subscriptions.js";
import { noteTools } from "./tools.js";
import { createUpward, type Upward } from "./upward.js";

export interface Session {
  receive(message: ClientMessage, exchange: Exchange): void;
  /** The client went away from one request; in the stateless era that cancels it. */
  abandon(exchange: Exchange): void;
  readonly busy: boolean;
  /** Resolves when nothing is in flight; after `graceMs`, what still is gets cancelled and recorded first. */
  drain(graceMs: number): Promise<void>;
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Several clients at once, whose ids mean nothing to each other: the stateless era over HTTP. */
  readonly shared: boolean;
  /** Where several connections are one to who remembers: its id. Else a new one. */
  readonly id?: string;
  /** Where messages go that belong to no request. */
  readonly unsolicited: (parts: readonly Buffer[]) => void;
}

export function createSession(parts: SessionParts, options: SessionOptions): Session {
  const desk: Desk = {
    parts,
    session: options.id ?? newId("c"),
    links: [...parts.servers.values()].map((server) =>
      createLink(
        server,
        {
          incoming: (...message) => upward.incoming(...message),
          paused: (link, id, retryMs) => {
            for (const flight of desk.flights)
              if (flight.link === link && flight.ourId === id) flight.exchange.pause?.(retryMs);
          },
          stderr: (line) =>
            parts.log.info({ server: server.name, stderr: screenedLine(parts, line) }, "server"),
        },
        parts.log,
        healthOf(parts, server.name),
      ),
    ),
    many: parts.servers.size > 1,
    flights: new Set(),
    byClientId: options.shared ? undefined : new Map(),
    tokens: new Map(),
    notes: new Map(),
    owners: new LRUCache({ max: MAX_OWNERS }),
    targets: new Map(),
    listeners: createListeners(),
    get subscriptions() {
      return subscriptions;
    },
    parked: new Map(),
    get upward() {
      return upward;
    },
    unsolicited: options.unsolicited,
    stateless: options.shared,
    hello: undefined,
    logLevel: undefined,
    client: undefined,
  };
  const upward: Upward = createUpward(desk);
  const subscriptions: Subscriptions = createSubscriptions(desk);
  const waiting: (() => void)[] = [];

  const settle = (flight: Flight): void => {
    desk.flights.delete(flight);
    if (desk.byClientId?.get(flight.idKey) === flight) desk.byClientId.delete(flight.idKey);
    if (flight.token !== undefined) desk.tokens.delete(flight.token.key);
    desk.listeners.close(flight);
    if (desk.flights.size === 0) for (const done of waiting.splice(0)) done();
  };

  const request = (message: ClientMessage, exchange: Exchange): void => {
    const { idText, idKey: key, method } = message;
    const stateless = claimedVersion(message.text, message.params) !== undefined;
    const flight: Flight = {
      idText,
      idKey: key,
      method,
      exchange,
      stateless,
      cancelled: false,
      abort: new Cancellation(),
    };
    if (stateless) flight.logLevel = inEnvelope(message, META_LOG_LEVEL);
    if (desk.flights.size >= MAX_PENDING_PER_SESSION) {
      exchange.reply(
        errorReply(idText, CODE.server, "[Sallyport] too many requests in flight; wait for some to finish"),
      );
      return;
    }
    if (desk.byClientId?.has(key) === true) {
      exchange.reply(
        errorReply(idText, CODE.invalidRequest, "[Sallyport] this id is in use by a request in flight"),
      );
      return;
    }
    desk.flights.add(flight);
    desk.byClientId?.set(key, flight);
    if (stateless) {
      desk.stateless = true;
      desk.hello ??= helloOf(desk, message, flight);
      desk.client = clientName(message) ?? desk.client;
    }
    answer(desk, message, flight)
      .catch((error: unknown) => {
        const cancelled = flight.cancelled || (error instanceof SallyportError && error.code === "cancelled");
        if (cancelled) exchange.end();
        else {
          parts.log.warn({ method, err: error }, "request failed");
          exchange.reply(failureReply(idText, error));
        }
      })
      .finally(() => {
        if (!desk.listeners.holds(flight)) settle(flight);
      });
  };

  const notification = (message: ClientMessage): void => {
    if (message.method === "notifications/cancelled") {
      const node = message.params && member(message.params, "requestId");
      const flight = node && desk.byClientId?.get(idKey(message.text.slice(node.start, node.end)));
      if (node === undefined || flight === undefined) return;
      cancel(
        flight,
        (id) => applyEdits(message.text, [{ start: node.start, end: node.end, text: id }]),
        settle,
      );
      return;
    }
    // With several servers the handshake is ours, and was finished by us.
    if (desk.many && message.method === "notifications/initialized") return;
    for (const link of desk.links)
      if (link.era === "legacy") link.current?.send({ method: message.method, text: message.text });
  };

  return {
    receive: (message, exchange) => {
      if (message.kind === "request") request(message, exchange);
      else if (message.kind === "notification") notification(message);
      else if (!upward.answer(message))
        parts.log.warn({ id: message.idText.slice(0, 64) }, "dropped a response to nothing that was asked");
    },
    abandon: (exchange) => {
      for (const flight of desk.flights) if (flight.exchange === exchange) cancel(flight, cancelled, settle);
    },
    get busy() {
      return desk.flights.size > 0;
    },
    drain: async (graceMs) => {
      for (const flight of desk.flights) if (desk.listeners.holds(flight)) settle(flight);
      if (desk.flights.size === 0) return;
      const empty = new Promise<void>((resolve) => waiting.push(resolve));
      if (await within(graceMs, empty)) return;
      for (const flight of desk.flights) cancel(flight, cancelled, settle);
      // What cannot be cancelled (a server that is still starting) was not forwarded, or is closed as in_doubt later.
      await within(CANCEL_MS, empty);
    },
    close: async () => {
      await Promise.all(desk.links.map((link) => link.close()));
    },
  };
}

/** Our log is read by more people than the server's own would be. */
function screenedLine({ gate }: SessionParts, line: string): string {
  try {
    return JSON.parse(gate.screen(JSON.stringify(line)).text) as string;
  } catch {
    return "[not shown: it could not be judged]";
  }
}

function healthOf({ health }: SessionParts, name: string): Health {
  const known = health.get(name) ?? createHealth(name);
  health.set(name, known);
  return known;
}

/** How long a cancelled call may take to be recorded. */
const CANCEL_MS = 500;

/** False when `work` is not done after `ms`. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const done = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return done;
}

async function answer(desk: Desk, message: ClientMessage, flight: Flight): Promise<void> {
  const { method } = message;
  if (flight.stateless && LEGACY_ONLY.has(method)) {
    // On the connection that stateless clients share, one would change what a legacy server does for the others.
    flight.exchange.reply(errorReply(flight.idText, CODE.methodNotFound, "Method not found"));
    return;
  }
  if (!flight.stateless && method === "logging/setLevel") desk.logLevel = stringParam(message, "level");
  if (method === "server/discover" ? flight.stateless : method === "initialize")
    return handshake(desk, message, flight);
  if (desk.many) return requestOfMany(desk, message, flight);
  const only = desk.links[0]!;
  if (!flight.stateless && only.era === "stateless" && (method === "ping" || method === "logging/setLevel")) {
    flight.exchange.reply(resultReply(flight.idText, "{}"));
    return;
  }
  if (GOVERNED.has(method)) {
    const tool = method === "tools/call" ? stringParam(message, "name") : method;
    if (tool === undefined) throw new SallyportError("message_invalid", 'tools/call needs a string "name"');
    return governCall(desk, flight, message, only, tool);
  }
  if (await subscribed(desk, message, flight, only)) return;
  if (method === "subscriptions/listen" && (await connected(desk, flight, only)).welcome.era === "legacy")
    return listenToMany(desk, message, flight);
  const got = await forward(desk, flight, message, only);
  if (method !== "tools/list" || got.reply.body === "error") {
    flight.exchange.reply(replyParts(flight, got));
    return;
  }
  noteTools(desk, only.server.name, got.reply.value);
  const marked = await markedList(desk, only.server.name, got.reply);
  flight.exchange.reply(replyParts(flight, got, relaxedList(got.reply, desk.parts.relax, marked)));
}

/** Tells the downstream in the client's words or ours, and stops waiting. */
function cancel(flight: Flight, words: (ourId: string) => string, settle: (flight: Flight) => void): void {
  if (flight.cancelled) return;
  flight.cancelled = true;
  flight.abort.abort();
  if (flight.ourId === undefined) {
    // Held by us alone (a subscription), or not sent yet: then `forward` sees the flag.
    if (flight.method === "subscriptions/listen") settle(flight);
    return;
  }
  flight.peer?.send({ method: "notifications/cancelled", text: words(String(flight.ourId)) });
  flight.peer?.abandon(flight.ourId, new SallyportError("cancelled", "cancelled by the client"));
}

function cancelled(ourId: string): string {
  return cancelledNote(ourId, "the client is gone").text;
}

function clientName(message: ClientMessage): string | undefined {
  return describeClient(inEnvelope(message, META_CLIENT));
}

function inEnvelope(message: ClientMessage, key: string): Json | undefined {
  const meta = metaNode(message.params);
  const node = meta === undefined ? undefined : member(meta, key);
  return node === undefined ? undefined : (JSON.parse(message.text.slice(node.start, node.end)) as Json);
}
