/**
 * What is heard of servers beyond answers, where the client's own words for it are not the server's: a legacy client of a
 * stateless server, a stateless client of a legacy one, and all of them when there are several servers. A stateless server
 * is asked with one `subscriptions/listen` that is replaced when another resource is wanted, a legacy one with
 * `resources/subscribe`. Both are asked anew on a new connection.
 */
import { SallyportError } from "../model/errors.js";
import { isObject, type Json } from "../model/json.js";
import { applyEdits, member, parseJsonText } from "../model/json-text.js";
import type { Desk } from "./desk.js";
import { addEnvelope, META_SUBSCRIPTION, metaNode } from "./eras.js";
import { NO_DEADLINE } from "./forward.js";
import { MAX_SUBSCRIBED, RESTART_PAUSE_MS } from "./limits.js";
import type { Link, Welcome } from "./link.js";
import { cancelledNote, textWithout } from "./message.js";
import type { Peer } from "./peer.js";
import { readDownstream, type Incoming } from "./reply.js";

export interface Subscriptions {
  /** Sees to it that this connection is asked for what is wanted of its server. */
  keep(link: Link, peer: Peer, welcome: Welcome): void;
  /** Resolves when the server will tell of changes of a resource; rejects with its refusal. */
  want(link: Link, uri: string): Promise<void>;
  unwant(link: Link, uri: string): void;
  wants(link: Link, uri: string): boolean;
  /** A message that came for a request of ours, without its tag; "taken" when it is for nobody else. Else undefined. */
  untagged(link: Link, message: Incoming): Incoming | "taken" | undefined;
}

/** What is asked of one server. */
interface Asked {
  /** By how many each resource is wanted. */
  readonly uris: Map<string, number>;
  peer: Peer | undefined;
  welcome: Welcome | undefined;
  /** Our id of the request that stands, or is to. */
  id: number | undefined;
  /** Our requests that have not ended, by our id: while one is replaced, both tell. */
  readonly open: Map<number, { taken(): void; refused(error: SallyportError): void }>;
}

const LIST_KINDS = ["tools", "prompts", "resources"] as const;

export function createSubscriptions(desk: Desk): Subscriptions {
  const servers = new Map<Link, Asked>();
  const of = (link: Link): Asked => {
    const known = servers.get(link);
    if (known !== undefined) return known;
    const made: Asked = {
      uris: new Map(),
      peer: undefined,
      welcome: undefined,
      id: undefined,
      open: new Map(),
    };
    servers.set(link, made);
    return made;
  };

  /** Asks a stateless server for all that is wanted, in the place of what was asked before. */
  const listen = (link: Link, asked: Asked): Promise<void> => {
    const { peer, welcome, id: before } = asked;
    if (peer === undefined || welcome === undefined) return Promise.resolve();
    const filter = {
      ...kindsOf(welcome),
      ...(asked.uris.size > 0 && { resourceSubscriptions: [...asked.uris.keys()] }),
    };
    const replaced = (): void => {
      if (before === undefined) return;
      const reason = "asked anew";
      peer.send(cancelledNote(before, reason));
      peer.abandon(before, new SallyportError("cancelled", reason));
    };
    if (Object.keys(filter).length === 0) {
      asked.id = undefined;
      replaced();
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      let ours = 0;
      let heard = false;
      const late = setTimeout(
        () =>
          asked.open
            .get(ours)
            ?.refused(new SallyportError("downstream_timeout", "the server has not answered")),
        link.server.timeoutMs,
      );
      const anew = (): void => {
        listen(link, asked).catch(() => {});
      };
      const ended = (error: SallyportError): void => {
        clearTimeout(late);
        asked.open.delete(ours);
        reject(error); // Without effect once it was taken.
        if (asked.id !== ours) return;
        // What was to be replaced still stands where the new one was refused.
        asked.id = before !== undefined && asked.open.has(before) ? before : undefined;
        // Streams are cut off by those between us and the server. One that was never taken is not wanted.
        if (heard && asked.peer === peer && peer.closed === undefined)
          setTimeout(anew, RESTART_PAUSE_MS).unref();
      };
      const params = JSON.stringify({ notifications: filter });
      peer
        .request({
          method: "subscriptions/listen",
          timeoutMs: NO_DEADLINE,
          onId: (id) => {
            asked.id = ours = id;
            asked.open.set(id, {
              taken: () => {
                clearTimeout(late);
                heard = true;
                replaced();
                resolve();
              },
              refused: (error) => {
                peer.abandon(id, error);
                ended(error);
              },
            });
          },
          build: (id) =>
            `{"jsonrpc":"2.0","id":${id},"method":"subscriptions/listen","params":${enveloped(desk, params)}}`,
        })
        .then(
          (reply) => ended(refusal(reply.body === "error" ? reply.bodyText : "it has ended the stream")),
          (error: unknown) =>
            ended(error instanceof SallyportError ? error : refusal("the connection has failed")),
        );
    });
  };

  const ask = async (link: Link, asked: Asked, uri: string): Promise<void> => {
    if (asked.welcome?.era !== "legacy") return listen(link, asked);
    const reply = await asked.peer!.request(about("resources/subscribe", uri, link));
    if (reply.body === "error") throw refusal(reply.bodyText);
  };

  /** What is wanted already is asked for on another connection. */
  const renew = (link: Link, asked: Asked, peer: Peer, welcome: Welcome, also: readonly string[]): void => {
    Object.assign(asked, { peer, welcome, id: undefined });
    const again = welcome.era === "legacy" ? asked.uris.keys() : [...asked.uris.keys(), ...also].slice(0, 1);
    for (const uri of again)
      ask(link, asked, uri).catch((error: unknown) =>
        desk.parts.log.warn({ server: link.server.name, err: error }, "the server does not tell of changes"),
      );
  };

  return {
    keep: (link, peer, welcome) => {
      const asked = of(link);
      if (asked.peer === peer) return;
      const listens = welcome.era === "stateless" && (!desk.stateless || (desk.many && desk.listeners.any));
      if (listens || asked.uris.size > 0) renew(link, asked, peer, welcome, ["its lists"]);
    },
    want: async (link, uri) => {
      const asked = of(link);
      const { peer, welcome } = await link.peer();
      if (asked.peer !== peer) renew(link, asked, peer, welcome, []);
      const others = asked.uris.get(uri) ?? 0;
      if (others === 0 && asked.uris.size >= MAX_SUBSCRIBED) throw refusal("too many resources");
      asked.uris.set(uri, others + 1);
      if (others > 0) return;
      try {
        await ask(link, asked, uri);
      } catch (error) {
        asked.uris.delete(uri);
        throw error;
      }
    },
    unwant: (link, uri) => {
      const asked = of(link);
      const left = (asked.uris.get(uri) ?? 0) - 1;
      if (left > 0) asked.uris.set(uri, left);
      if (left !== 0) return;
      asked.uris.delete(uri);
      const { peer } = asked;
      if (peer === undefined || peer.closed !== undefined) return;
      const told =
        asked.welcome?.era === "legacy"
          ? peer.request(about("resources/unsubscribe", uri, link))
          : listen(link, asked);
      told.catch(() => {}); // It tells of more than is wanted: nobody is sent that.
    },
    wants: (link, uri) => servers.get(link)?.uris.has(uri) === true,
    untagged: (link, message) => {
      const asked = servers.get(link);
      const meta = metaNode(message.params);
      const tag = meta && member(meta, META_SUBSCRIPTION);
      if (
        asked === undefined ||
        meta === undefined ||
        tag === undefined ||
        asked.welcome?.era !== "stateless"
      )
        return undefined;
      const id = Number(message.text.slice(tag.start, tag.end));
      if (message.method === "notifications/subscriptions/acknowledged") {
        asked.open.get(id)?.taken();
        return asked.open.has(id) ? "taken" : undefined;
      }
      if (!asked.open.has(id)) return undefined;
      return readDownstream(Buffer.from(without(message, meta))) as Incoming;
    },
  };
}

/** The lists that a server says it tells of. */
function kindsOf({ discover }: Welcome): Record<string, true> {
  const capabilities = discover["capabilities"];
  return Object.fromEntries(
    LIST_KINDS.filter((kind) => {
      const can = isObject(capabilities) ? capabilities[kind] : undefined;
      return isObject(can) && can["listChanged"] === true;
    }).map((kind) => [`${kind}ListChanged`, true as const]),
  );
}

function about(method: string, uri: string, link: Link) {
  const params = JSON.stringify({ uri } satisfies Record<string, Json>);
  return {
    method,
    timeoutMs: link.server.timeoutMs,
    build: (id: string) => `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`,
  };
}

function enveloped(desk: Desk, params: string): string {
  return addEnvelope(params, parseJsonText(params), desk.hello!);
}

function refusal(why: string): SallyportError {
  return new SallyportError(
    "downstream_protocol",
    `the server refused the subscription: ${why.slice(0, 300)}`,
  );
}

/** The message without the tag; an envelope that held nothing else goes with it. */
function without(message: Incoming, meta: NonNullable<ReturnType<typeof metaNode>>): string {
  const { text, params } = message;
  return meta.keys.length > 1
    ? applyEdits(text, [
        { start: meta.start, end: meta.end, text: textWithout(text, meta, [META_SUBSCRIPTION]) },
      ])
    : applyEdits(text, [
        { start: params!.start, end: params!.end, text: textWithout(text, params!, ["_meta"]) },
      ]);
}
