/** Serves Streamable HTTP on one endpoint, both eras side by side. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SallyportError } from "../model/errors.js";
import { ownerOf, type Access } from "./auth/access.js";
import type { Identity } from "./auth/verify.js";
import { errorReply, failureReply, type SessionParts } from "./desk.js";
import { askable, declaredBy } from "./bridge.js";
import { CODE } from "./eras.js";
import { exchangeOver, type HttpExchange } from "./exchange-http.js";
import { guard, type Rejection } from "./guard.js";
import type { HealthView } from "./health.js";
import { checkStateless, header, isStateless, paramHeaders } from "./headers.js";
import { MAX_QUEUED_EVENTS, RETRY_AFTER_MS, SHUTDOWN_MS } from "./limits.js";
import { HTTP_LIMITS, createListener, readBody, writeEvent, type HttpLimits } from "./listener.js";
import { parseClientMessage, type ClientMessage } from "./message.js";
import { createReplay, type Replay } from "./replay.js";
import { createSession, type Session } from "./session.js";
import { eventOf } from "./sse.js";
import { createStatelessSessions } from "./stateless-sessions.js";

export interface HttpFront {
  readonly url: string;
  /** Stops listening, settles and records what is in flight, ends all sessions. */
  stop(): Promise<void>;
}

interface HttpSession {
  readonly session: Session;
  /** Whose it is: to anybody else it does not exist, whatever ids they know. */
  readonly owner: string;
  stream: ServerResponse | undefined;
  /** When the token ends that opened the stream. Milliseconds since 1970. */
  streamUntil: number;
  readonly replay: Replay;
  readonly queued: Buffer[];
  queuedBytes: number;
  usedAt: number;
}

export async function serveHttp(
  parts: SessionParts,
  listen: { readonly host: string; readonly port: number },
  access: Access,
  limits: HttpLimits = HTTP_LIMITS,
): Promise<HttpFront> {
  const sessions = new Map<string, HttpSession>();
  const stateless = createStatelessSessions(parts, limits.statelessSessions);
  /** Streams of the stateless era that last: they end with the token that opened them. */
  const lasting = new Map<ServerResponse, number>();

  const open = ({ principal }: Identity): { id: string; held: HttpSession } => {
    const id = randomUUID();
    const queued: Buffer[] = [];
    const unsolicited = (message: readonly Buffer[]): void => {
      const event = eventOf(message);
      if (held.stream !== undefined) writeEvent(held.stream, event);
      else {
        queued.push(event);
        held.queuedBytes += event.length;
        while (queued.length > MAX_QUEUED_EVENTS || held.queuedBytes > limits.backlog)
          held.queuedBytes -= queued.shift()!.length;
      }
    };
    const session = createSession({ ...parts, principal }, { shared: false, unsolicited });
    const held: HttpSession = {
      session,
      owner: ownerOf(principal),
      stream: undefined,
      streamUntil: Infinity,
      replay: createReplay(),
      queued,
      queuedBytes: 0,
      usedAt: Date.now(),
    };
    sessions.set(id, held);
    return { id, held };
  };

  const end = async (id: string): Promise<void> => {
    const held = sessions.get(id);
    sessions.delete(id);
    held?.stream?.end();
    await held?.session.drain(SHUTDOWN_MS);
    await held?.session.close();
  };

  const find = (id: string | undefined, { principal }: Identity): HttpSession | undefined => {
    const held = id === undefined ? undefined : sessions.get(id);
    return held?.owner === ownerOf(principal) ? held : undefined;
  };

  const post = (
    request: IncomingMessage,
    response: ServerResponse,
    message: ClientMessage,
    identity: Identity,
  ): void => {
    const full = (text = "[Sallyport] too many sessions are open"): void => {
      response.setHeader("retry-after", String(RETRY_AFTER_MS / 1000));
      respond(response, 503, errorReply(message.idText || "null", CODE.server, text));
    };
    if (isStateless(message, request)) {
      const problem = checkStateless(message, request);
      if (problem !== undefined) {
        const id = message.kind === "request" ? message.idText : "null";
        respond(response, problem.status, errorReply(id, problem.code, problem.message, problem.data));
        return;
      }
      const kind = Object.keys(askable(declaredBy(message))).join();
      const shared = stateless.take(identity.principal, kind);
      if (shared === undefined) return full();
      if (message.method === "subscriptions/listen") {
        lasting.set(response, identity.until);
        response.once("close", () => lasting.delete(response));
      }
      deliver(shared, message, response, paramHeaders(request), true);
      return;
    }
    if (message.method === "initialize") {
      if (sessions.size >= limits.sessions) return full();
      const owner = ownerOf(identity.principal);
      const own = [...sessions.values()].filter((held) => held.owner === owner).length;
      if (own >= limits.sessionsOfOne)
        return full(`[Sallyport] ${own} sessions of yours are open: end those that are not used`);
      const { id, held } = open(identity);
      response.setHeader("mcp-session-id", id);
      deliver(held.session, message, response, {});
      return;
    }
    const id = header(request, "mcp-session-id");
    const held = find(id, identity);
    if (held === undefined) {
      const [status, what] =
        id === undefined ? [400, "Bad Request: no Mcp-Session-Id"] : [404, "Session not found"];
      respond(response, status, errorReply(message.idText || "null", CODE.server, what));
      return;
    }
    held.usedAt = Date.now();
    // Clients of older versions take an empty event, which a stream to come back to begins with, for a broken message.
    const resumable = (header(request, "mcp-protocol-version") ?? "") >= "2025-11-25";
    deliver(held.session, message, response, {}, false, resumable ? held.replay : undefined);
  };

  const get = (request: IncomingMessage, response: ServerResponse, identity: Identity): void => {
    const id = header(request, "mcp-session-id");
    const held = find(id, identity);
    if (held === undefined) return fail(response, id === undefined ? 405 : 404, "Session not found");
    const lastEventId = header(request, "last-event-id");
    const resume = lastEventId === undefined ? undefined : held.replay.find(lastEventId);
    if (lastEventId !== undefined && resume === undefined)
      return fail(response, 400, "the stream of this Last-Event-ID is not kept");
    if (resume === undefined && held.stream !== undefined)
      return fail(response, 409, "this session's stream is open already");
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
    });
    response.flushHeaders();
    if (resume !== undefined) return resume(response);
    held.stream = response;
    held.streamUntil = identity.until;
    for (const event of held.queued.splice(0)) response.write(event);
    held.queuedBytes = 0;
    response.once("close", () => {
      if (held.stream === response) held.stream = undefined;
    });
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refuse = ({ status, message, headers }: Rejection): void =>
      fail(response, status, message, headers);
    const rejection = guard(request, access.hosts);
    if (rejection !== undefined) return refuse(rejection);
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const document = access.open(request, pathname);
    if (document !== undefined) return respond(response, 200, [Buffer.from(JSON.stringify(document))]);
    const identity = await access.admit(request);
    if ("status" in identity) return refuse(identity);
    if (pathname === "/health" && request.method === "GET") {
      const servers = Object.fromEntries(
        [...parts.servers.keys()].map((name) => [name, parts.health.get(name)?.view ?? NEVER_USED]),
      );
      return respond(response, 200, [
        Buffer.from(JSON.stringify({ sessions: sessions.size, slowClients: listener.slowClients, servers })),
      ]);
    }
    if (pathname !== "/mcp") return fail(response, 404, "Not found: the endpoint is /mcp");
    if (request.method === "GET") return get(request, response, identity);
    if (request.method === "DELETE") {
      const id = header(request, "mcp-session-id");
      if (id === undefined || find(id, identity) === undefined)
        return fail(response, 404, "Session not found");
      response.writeHead(200).end();
      return end(id);
    }
    if (request.method !== "POST")
      return fail(response, 405, "Method not allowed", { allow: "GET, POST, DELETE" });
    if (!/^application\/json\s*(?:;|$)/i.test(request.headers["content-type"] ?? ""))
      return fail(response, 415, "Content-Type must be application/json");
    let message: ClientMessage;
    try {
      message = parseClientMessage(await readBody(request, response, limits.message));
    } catch (error) {
      parts.log.warn({ err: error }, "refused a message of a client");
      const status = error instanceof SallyportError && error.code === "too_large" ? 413 : 400;
      return respond(response, status, failureReply("null", error));
    }
    post(request, response, message, identity);
  };

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response).catch((error: unknown) => {
      parts.log.error({ err: error }, "request failed");
      if (!response.headersSent) fail(response, 500, "Sallyport failed; see its log");
      else response.end();
    });
  };
  const listener = createListener(answer, limits, parts.log);
  const { server } = listener;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(listen.port, listen.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const sweep = setInterval(() => {
    const now = Date.now();
    for (const [stream, until] of lasting) if (until < now) stream.destroy();
    for (const held of sessions.values()) if (held.streamUntil < now) held.stream?.end();
    const before = now - limits.idleMs;
    stateless.sweep(before);
    for (const [id, held] of sessions)
      if (held.usedAt < before && !held.session.busy && held.stream === undefined)
        end(id).catch((error: unknown) => parts.log.error({ err: error }, "a session did not end well"));
  }, limits.sweepMs);
  sweep.unref();

  const { port } = server.address() as AddressInfo;
  const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
  return {
    url: `http://${host}:${port}/mcp`,
    stop: async () => {
      clearInterval(sweep);
      server.close();
      await Promise.all([...[...sessions.keys()].map(end), stateless.close()]);
      server.closeAllConnections();
    },
  };
}

function deliver(
  session: Session,
  message: ClientMessage,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  stateless = false,
  replay?: Replay,
): void {
  if (message.kind !== "request") {
    session.receive(message, NOBODY);
    response.writeHead(202).end();
    return;
  }
  const exchange = exchangeOver(response, headers, stateless, replay);
  // Only in the stateless era does a closed stream cancel; a legacy client may come back for its answer.
  if (stateless)
    response.once("close", () => {
      if (!exchange.isDone()) session.abandon(exchange);
    });
  session.receive(message, exchange);
}

const NEVER_USED: HealthView = { state: "new", inFlight: 0, failures: 0, retryInMs: 0 };

const NOBODY: HttpExchange = { related: () => {}, reply: () => {}, end: () => {}, isDone: () => true };

function respond(response: ServerResponse, status: number, parts: readonly Buffer[]): void {
  const body = Buffer.concat(parts);
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length }).end(body);
}

function fail(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  respond(response, status, errorReply("null", CODE.server, message));
}
