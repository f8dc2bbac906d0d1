/** One client session's connection to one downstream server: handshake in the right era, and a new one when it dies. */
import { SallyportError } from "../model/errors.js";
import { isObject, type Json, type JsonObject } from "../model/json.js";
import type { ServerConfig } from "../config/load.js";
import {
  CODE,
  META_CAPABILITIES,
  META_CLIENT,
  META_VERSION,
  STATELESS_VERSION,
  discoverFromInitialize,
  initializeFromDiscover,
  type Era,
} from "./eras.js";
import { CONNECT_MS, RESTART_PAUSE_MS } from "./limits.js";
import { connectPeer, type Peer } from "./peer.js";
import type { Incoming, Reply } from "./reply.js";
import type { Wire, WireHandlers } from "./wire.js";
import { openStdio } from "./wire-stdio.js";
import type { Health } from "./health.js";
import type { Log } from "./log.js";

/** What the client said of itself, in either era. `initialize` is its params as JSON text. */
export interface Hello {
  readonly era: Era;
  readonly initialize: string;
  readonly info: Json;
  readonly capabilities: Json;
  /** True when `notifications/initialized` is ours to send: the client speaks to us, not through us. */
  readonly own: boolean;
}

/** What the server said of itself. `reply` is there when its very answer to the client's own `initialize` can be passed on. */
export interface Welcome {
  readonly era: Era;
  readonly initialize: JsonObject;
  readonly discover: JsonObject;
  readonly reply?: Reply;
}

export interface LinkHandlers {
  incoming(link: Link, message: Incoming, related: number | undefined): void;
  /** The server has closed the stream of our request for now, and wants to be asked again after `retryMs`. */
  paused(link: Link, id: number, retryMs: number): void;
  /** One line of what the server says on stderr. */
  stderr(line: string): void;
}

export interface Link {
  readonly server: ServerConfig;
  /** Connects once; later calls give the same answer, or connect anew when the server has died since. */
  connect(hello: Hello): Promise<Welcome>;
  /** The live connection; reconnects with the last hello when it was lost. */
  peer(): Promise<{ peer: Peer; welcome: Welcome }>;
  /** The live connection if there is one. */
  readonly current: Peer | undefined;
  /** The era of the downstream, once it is known. */
  readonly era: Era | undefined;
  close(): Promise<void>;
}

export function createLink(server: ServerConfig, handlers: LinkHandlers, log: Log, health: Health): Link {
  let hello: Hello | undefined;
  let peer: Peer | undefined;
  let pending: Promise<Welcome> | undefined;
  let up = false;
  let era: Era | undefined;
  let startedAt = 0;
  let closed = false;
  let http: OpenHttp | undefined;

  const open = (stateless: boolean): Peer => {
    const { transport } = server;
    if (closed) throw new SallyportError("cancelled", "the session has ended");
    // A process serves either era; spending a second one on the second try would only cost time.
    if (transport.kind === "stdio" && peer !== undefined && peer.closed === undefined) return peer;
    const made = connectPeer(
      (wireHandlers) =>
        transport.kind === "http"
          ? http!(wireHandlers, stateless)
          : openStdio(transport, wireHandlers, (line) => handlers.stderr(line)),
      {
        incoming: (message, related) => handlers.incoming(link, message, related),
        paused: (id, retryMs) => handlers.paused(link, id, retryMs),
        junk: (why) => log.warn({ server: server.name }, `dropped what the server sent: ${why}`),
        closed: (error) => {
          if (!closed) log.warn({ server: server.name }, error.message);
          if (peer === made && up) {
            up = false;
            pending = undefined;
          }
        },
      },
    );
    return made;
  };

  const discover = async (to: Peer, who: Hello): Promise<Reply> => {
    const meta = {
      [META_VERSION]: STATELESS_VERSION,
      [META_CLIENT]: who.info,
      [META_CAPABILITIES]: who.capabilities,
    };
    const params = JSON.stringify({ _meta: meta });
    return to.request({
      method: "server/discover",
      timeoutMs: CONNECT_MS,
      build: (id) => `{"jsonrpc":"2.0","id":${id},"method":"server/discover","params":${params}}`,
    });
  };

  /** Legacy handshake. `own`: the params are ours, so we also send `initialized`; else the client will. */
  const initialize = async (to: Peer, params: string, own: boolean): Promise<Reply> => {
    const reply = await to.request({
      method: "initialize",
      timeoutMs: CONNECT_MS,
      build: (id) => `{"jsonrpc":"2.0","id":${id},"method":"initialize","params":${params}}`,
    });
    if (reply.body === "result" && isObject(reply.value)) {
      const agreed = reply.value["protocolVersion"];
      to.ready(typeof agreed === "string" ? agreed : "");
      if (own) to.send({ method: INITIALIZED.method, text: JSON.stringify(INITIALIZED) });
    }
    return reply;
  };

  const asLegacy = async (who: Hello, own: boolean): Promise<Welcome | Reply> => {
    peer = open(false);
    const reply = await initialize(peer, who.initialize, own);
    if (reply.body === "error" || !isObject(reply.value)) return reply;
    const said = reply.value;
    return { era: "legacy", initialize: said, discover: discoverFromInitialize(said), reply };
  };

  const asStateless = async (who: Hello): Promise<Welcome | Reply> => {
    peer = open(true);
    let reply = await discover(peer, who);
    // It has refused the version of the request, and names that very one: some say so to a first request.
    if (reply.body === "error" && supports(reply.value)) reply = await discover(peer, who);
    const versions = isObject(reply.value) ? reply.value["supportedVersions"] : undefined;
    if (reply.body === "error" || !isObject(reply.value)) return reply;
    if (!Array.isArray(versions) || !versions.includes(STATELESS_VERSION)) return reply;
    const said = reply.value;
    return {
      era: "stateless",
      initialize: initializeFromDiscover(said, "2025-11-25"),
      discover: said,
      reply,
    };
  };

  /** The client's own era first: nothing is translated where nothing has to be. */
  const handshake = async (who: Hello, again: boolean): Promise<Welcome> => {
    const order = who.era === "legacy" ? ["legacy", "stateless"] : ["stateless", "legacy"];
    let refusal: unknown;
    for (const era of order) {
      try {
        const got = era === "legacy" ? await asLegacy(who, again || who.own) : await asStateless(who);
        if ("era" in got) return got;
        refusal ??= new SallyportError(
          "downstream_protocol",
          `it refused the handshake: ${got.bodyText.slice(0, 300)}`,
        );
      } catch (error) {
        refusal ??= error;
        // A server that cannot be started or reached is the same in either era.
        if (error instanceof SallyportError && error.code === "downstream_unavailable" && era === "legacy")
          break;
      }
      if (server.transport.kind === "http") await peer?.close();
    }
    await peer?.close();
    throw refusal;
  };

  const connect = (who: Hello, again: boolean): Promise<Welcome> => {
    if (pending !== undefined) return pending;
    hello = who;
    try {
      health.mayConnect();
    } catch (error) {
      return Promise.reject(error as Error);
    }
    const pause = Math.max(0, startedAt + RESTART_PAUSE_MS - Date.now());
    startedAt = Date.now() + pause;
    const made = (async () => {
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      http ??= await httpFor(server);
      const welcome = await handshake(who, again);
      health.connected();
      up = true;
      era = welcome.era;
      return welcome;
    })();
    pending = made;
    made.catch((error: unknown) => {
      pending = undefined;
      if (!closed) health.connectFailed(error);
    });
    return made;
  };

  const link: Link = {
    server,
    // The client's own `initialized` follows its first hello only; after a restart it is ours to send.
    connect: (who) => connect(hello ?? who, hello !== undefined),
    peer: async () => {
      if (hello === undefined) throw new SallyportError("message_invalid", "the session is not initialized");
      const welcome = await connect(hello, true);
      return { peer: peer!, welcome };
    },
    get current() {
      return peer?.closed === undefined ? peer : undefined;
    },
    get era() {
      return era;
    },
    close: async () => {
      closed = true;
      await peer?.close();
    },
  };
  return link;
}

type OpenHttp = (handlers: WireHandlers, stateless: boolean) => Wire;

/** Loaded where there is a server to reach so: Node's HTTP and TLS are a tenth of a start, and most servers are processes. */
async function httpFor(server: ServerConfig): Promise<OpenHttp | undefined> {
  const { transport } = server;
  if (transport.kind !== "http") return undefined;
  const { openHttp } = await import("./wire-http.js");
  const { credentialsFor } = await import("./auth/credentials.js");
  return (handlers, stateless) => openHttp(transport, handlers, stateless, credentialsFor(server));
}

/** Whether an error says that our version is one of those it wants. */
function supports(error: Json): boolean {
  if (!isObject(error) || error["code"] !== CODE.unsupportedVersion || !isObject(error["data"])) return false;
  const supported = error["data"]["supported"];
  return Array.isArray(supported) && supported.includes(STATELESS_VERSION);
}

const INITIALIZED = { jsonrpc: "2.0", method: "notifications/initialized" } as const;
