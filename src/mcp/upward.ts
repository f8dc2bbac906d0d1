/** What downstreams originate: requests to the client, notifications, and the client's answers on their way back. */
import { SallyportError } from "../model/errors.js";
import type { Json } from "../model/json.js";
import { applyEdits, member } from "../model/json-text.js";
import { ASKS, governAsk, type Body } from "./ask.js";
import { screenBeside } from "./beside.js";
import type { Desk, Flight } from "./desk.js";
import { CODE, wantsLog } from "./eras.js";
import type { Link } from "./link.js";
import { MAX_ASKED, PARKED_MS } from "./limits.js";
import { cancelledNote, idKey, type ClientMessage } from "./message.js";
import type { Peer } from "./peer.js";
import { toolsChanged } from "./relist.js";
import { readDownstream, type Incoming } from "./reply.js";
import { screened } from "./screened.js";
import { askedBy, owner, subscriptionEdit, subscriptionNode, tellsOfAnother, tokenEdit } from "./whose.js";

export interface Upward {
  incoming(link: Link, message: Incoming, related: number | undefined): void;
  /** Asks the client something of our own making, as part of one of its requests. */
  ask(flight: Flight, link: Link, method: string, paramsText: string): Promise<Body>;
  /**
   * Asks the client's user something that no server wants to know. Undefined when there is no answer after `ms`, or the
   * request that it is part of is given up: then the client is told that nobody waits any more.
   */
  askUser(
    flight: Flight,
    link: Link,
    method: string,
    paramsText: string,
    ms: number,
  ): Promise<Body | undefined>;
  /** The client's answer to a request of a downstream. False: nobody asked. */
  answer(message: ClientMessage): boolean;
}

interface Asked {
  readonly link: Link;
  /** Who asked: another process under the same name has questions of its own, under the same ids. */
  readonly peer: Peer | undefined;
  /** The downstream's own id of its request; undefined for what we ask ourselves. */
  readonly idText: string | undefined;
  readonly answered: (body: Body) => void;
  readonly gone: (error: SallyportError) => void;
}

export function createUpward(desk: Desk): Upward {
  const asked = new Map<string, Asked>();
  let lastId = 0;
  let asking = 0;

  const send = (flight: Flight | undefined, text: string): void => {
    const parts = [Buffer.from(text)];
    if (flight === undefined) desk.unsolicited(parts);
    else flight.exchange.related(parts);
  };

  /** Sends one request to the client under an id of ours, and waits for the answer. */
  const deliver = (
    link: Link,
    flight: Flight | undefined,
    idText: string | undefined,
    build: (id: string) => string,
  ) =>
    new Promise<Body>((answered, gone) => {
      const id = String(++lastId);
      asked.set(`n${id}`, { link, peer: link.current, idText, answered, gone });
      send(flight, build(id));
    });

  const respond = (to: Peer | undefined, idText: string, { body, text, whole }: Body): void => {
    const id = whole && member(whole.root, "id")!;
    const told =
      whole === undefined || id === undefined
        ? `{"jsonrpc":"2.0","id":${idText},${JSON.stringify(body)}:${text}}`
        : applyEdits(whole.text, [{ ...span(id), text: idText }]);
    if (to?.closed === undefined) to?.send({ text: told });
  };

  /** Nobody waits any more for the answers to what a server asked that has died since. */
  const forgetDead = (): void => {
    for (const [id, { peer, gone }] of asked) {
      if (peer?.closed === undefined) continue;
      asked.delete(id);
      gone(new SallyportError("cancelled", "the server that asked is gone"));
    }
  };

  const request = async (
    link: Link,
    message: Incoming,
    related: number | undefined,
  ): Promise<Body | undefined> => {
    const { method } = message;
    if (desk.stateless) {
      if (method === "ping") return { body: "result", text: "{}" };
      // There are no server requests in the stateless era: the call in flight answers with what is asked.
      if (askedBy(desk, link, related)?.asked?.(message) === true) return undefined;
      return failure(`the client speaks 2026-07-28 and cannot be asked for ${method} here`);
    }
    const flight = owner(desk, link, message, related);
    if (ASKS.has(method)) return askOf(link, message, flight);
    const clean = screened(desk, link, message);
    if (clean === undefined) return failure("the request could not be judged");
    return askOf(link, clean === message.text ? message : readAgain(clean), flight);
  };

  const askOf = async (
    link: Link,
    message: Incoming,
    flight: Flight | undefined,
  ): Promise<Body | undefined> => {
    const { method, params, text, root } = message;
    const idNode = member(root, "id")!;
    const paramsText = params === undefined ? "{}" : text.slice(params.start, params.end);
    const ask = (changed: string): Promise<Body> =>
      deliver(link, flight, message.idText, (id) =>
        applyEdits(text, [
          { start: idNode.start, end: idNode.end, text: id },
          ...(params === undefined || changed === paramsText ? [] : [{ ...span(params), text: changed }]),
        ]),
      );
    return ASKS.has(method) ? governAsk(desk, link, method, paramsText, ask) : ask(paramsText);
  };

  const notification = (link: Link, message: Incoming, flight: Flight | undefined): void => {
    if (message.method === "notifications/cancelled") {
      const node = message.params && member(message.params, "requestId");
      if (node === undefined) return;
      const key = idKey(message.text.slice(node.start, node.end));
      const ours = [...asked].find(
        ([, each]) => each.link === link && each.idText !== undefined && idKey(each.idText) === key,
      );
      if (ours === undefined) return;
      asked.delete(ours[0]);
      ours[1].gone(new SallyportError("cancelled", "cancelled by the server"));
      send(flight, applyEdits(message.text, [{ start: node.start, end: node.end, text: ours[0].slice(1) }]));
      return;
    }
    if (message.method === "notifications/tools/list_changed") toolsChanged(link);
    if (desk.stateless && subscriptionNode(message) === undefined && desk.listeners.notify(message)) return;
    // A legacy server logs to its session, whoever listens; a stateless client asks for it with each request.
    if (desk.stateless && link.era === "legacy" && message.method === "notifications/message")
      if (!wantsLog(flight?.logLevel, levelOf(message))) return;
    const text = screened(desk, link, message);
    if (text === undefined) return;
    const ours = [...tokenEdit(message, flight), ...subscriptionEdit(message, flight)];
    // A masked text has moved its positions, so what is ours to change is looked up anew.
    if (text !== message.text && ours.length > 0) return notification(link, readAgain(text), flight);
    send(flight, applyEdits(text, ours));
  };

  /** The client's answer to a question of ours; undefined when there is none in time, or nobody waits for it any more. */
  const answerWithin = async (
    ms: number,
    flight: Flight,
    link: Link,
    method: string,
    paramsText: string,
  ): Promise<Body | undefined> => {
    const signal = flight.abort;
    if (signal.aborted) return undefined;
    let ours = "";
    const body = deliver(link, flight, undefined, (id) => {
      ours = id;
      return `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${paramsText}}`;
    });
    let timer: NodeJS.Timeout | undefined;
    let stop = (): void => {};
    const enough = new Promise<undefined>((resolve) => {
      stop = () => resolve(undefined);
      timer = setTimeout(stop, ms);
      signal.addEventListener("abort", stop);
    });
    try {
      const first = await Promise.race([body, enough]);
      if (first === undefined && asked.delete(`n${ours}`))
        send(flight, cancelledNote(ours, "no answer in time").text);
      return first;
    } catch {
      return undefined; // the server that the call was for is gone
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  };

  return {
    incoming: (link, said, related) => {
      let message: Incoming;
      try {
        message = screenBeside(desk, said);
      } catch (error) {
        desk.parts.log.error(
          { server: link.server.name, err: error },
          "dropped a message that could not be judged",
        );
        return;
      }
      if (tellsOfAnother(desk, link, message)) {
        desk.parts.log.warn({ server: link.server.name }, "dropped progress of another server's call");
        return;
      }
      if (message.kind === "notification") {
        const ours = desk.subscriptions.untagged(link, message);
        if (ours === "taken") return;
        // What we have asked for is part of no request of the client's.
        if (ours !== undefined) return notification(link, ours, undefined);
        return notification(link, message, owner(desk, link, message, related));
      }
      const from = link.current;
      forgetDead();
      if (asking >= MAX_ASKED) return respond(from, message.idText, failure("too many questions are open"));
      asking++;
      request(link, message, related)
        .then((body) => body && respond(from, message.idText, body))
        .catch((error: unknown) => {
          if (error instanceof SallyportError && error.code === "cancelled") return;
          desk.parts.log.error(
            { server: link.server.name, method: message.method, err: error },
            "a server's request failed",
          );
          respond(from, message.idText, failure("the request could not be passed on"));
        })
        .finally(() => asking--);
    },
    ask: async (flight, link, method, paramsText) => {
      const body = await governAsk(desk, link, method, paramsText, async (params) => {
        const said = await answerWithin(PARKED_MS, flight, link, method, params);
        if (said === undefined) throw new SallyportError("cancelled", "the client did not answer");
        return said;
      });
      return body ?? failure("cancelled");
    },
    askUser: (flight, link, method, paramsText, ms) => answerWithin(ms, flight, link, method, paramsText),
    answer: (message) => {
      const waiting = asked.get(message.idKey);
      if (waiting === undefined) return false;
      asked.delete(message.idKey);
      const body = member(message.root, "error") === undefined ? "result" : "error";
      const node = member(message.root, body)!;
      waiting.answered({ body, text: message.text.slice(node.start, node.end), whole: message });
      return true;
    },
  };
}

function levelOf({ params, text }: Incoming): Json | undefined {
  const node = params && member(params, "level");
  return node && (JSON.parse(text.slice(node.start, node.end)) as Json);
}

function span(node: { readonly start: number; readonly end: number }): { start: number; end: number } {
  return { start: node.start, end: node.end };
}

function failure(message: string): Body {
  return {
    body: "error",
    text: JSON.stringify({ code: CODE.methodNotFound, message: `[Sallyport] ${message}` }),
  };
}

function readAgain(text: string): Incoming {
  return readDownstream(Buffer.from(text)) as Incoming;
}
