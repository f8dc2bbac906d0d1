/** The HTTP server under the endpoint: its limits, and what happens to clients that are slow or too many. */
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { SallyportError } from "../model/errors.js";
import {
  HTTP_CHECK_MS,
  HTTP_HEADERS_MS,
  HTTP_KEEP_ALIVE_MS,
  HTTP_REQUEST_MS,
  HTTP_STALL_MS,
  MAX_CLIENT_MESSAGE,
  MAX_HEADER_BYTES,
  MAX_HEADERS,
  MAX_HTTP_SESSIONS,
  MAX_SESSIONS_OF_ONE,
  MAX_SOCKETS,
  MAX_STATELESS_SESSIONS,
  MAX_STREAM_BACKLOG,
  SESSION_IDLE_MS,
  SWEEP_MS,
} from "./limits.js";
import type { Log } from "./log.js";

/** The bounds of one listener: limits.ts says what each is for. Tests give smaller ones. */
export const HTTP_LIMITS = {
  headersMs: HTTP_HEADERS_MS,
  requestMs: HTTP_REQUEST_MS,
  checkMs: HTTP_CHECK_MS,
  keepAliveMs: HTTP_KEEP_ALIVE_MS,
  headerBytes: MAX_HEADER_BYTES,
  headers: MAX_HEADERS,
  sockets: MAX_SOCKETS,
  stallMs: HTTP_STALL_MS,
  message: MAX_CLIENT_MESSAGE,
  backlog: MAX_STREAM_BACKLOG,
  sessions: MAX_HTTP_SESSIONS,
  sessionsOfOne: MAX_SESSIONS_OF_ONE,
  statelessSessions: MAX_STATELESS_SESSIONS,
  idleMs: SESSION_IDLE_MS,
  sweepMs: SWEEP_MS,
} as const;
export type HttpLimits = { readonly [Name in keyof typeof HTTP_LIMITS]: number };

export interface Listener {
  readonly server: http.Server;
  /** How many clients were let go because they did not read. */
  readonly slowClients: number;
}

export function createListener(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  limits: HttpLimits,
  log: Log,
): Listener {
  let slowClients = 0;
  const server = http.createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkMs,
    keepAliveTimeout: limits.keepAliveMs,
    // A peer that vanished without a word would otherwise hold its stream, and so its session, for ever.
    keepAlive: true,
    keepAliveInitialDelay: limits.keepAliveMs,
  });
  // Node drops the headers above the limit without a word: one more is let in, so that we can refuse instead.
  server.maxHeadersCount = limits.headers + 1;
  server.maxConnections = limits.sockets;
  server.timeout = limits.stallMs;

  const take = (request: IncomingMessage, response: ServerResponse): void => {
    backlogs.set(response, limits.backlog);
    // Raised when nothing has moved on the socket for a while. A quiet stream is no fault, an unread answer is.
    response.on("timeout", () => {
      if (response.writableLength > 0) drop(response);
    });
    response.once("close", () => {
      if (!dropped.has(response)) return;
      slowClients++;
      log.warn({ slowClients }, "a client did not read what it was sent, and was let go");
    });
    response.on("error", (error) => log.info({ err: error }, "an answer did not reach its client"));
    if (request.rawHeaders.length / 2 <= limits.headers) return handle(request, response);
    response.writeHead(431, { connection: "close" }).end();
  };
  server.on("request", take);
  // The client asks before it sends the body: it is told only when the head has passed, see readBody.
  server.on("checkContinue", take);
  server.on("drop", () =>
    log.warn({ sockets: limits.sockets }, "a connection was refused: too many are open"),
  );
  return {
    server,
    get slowClients() {
      return slowClients;
    },
  };
}

const backlogs = new WeakMap<ServerResponse, number>();
const dropped = new WeakSet<ServerResponse>();

/** Ends the stream, and the socket: a polite end would wait behind all that is not read. */
function drop(response: ServerResponse): void {
  dropped.add(response);
  response.destroy();
}

/** Writes one event, unless the client has left too many unread: then its stream ends. */
export function writeEvent(response: ServerResponse, event: Buffer): void {
  if (response.writableLength > (backlogs.get(response) ?? MAX_STREAM_BACKLOG)) drop(response);
  else response.write(event);
}

/** The body of a request. Rejects with `too_large`, from the declared length if there is one, before reading any of it. */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const tooLarge = (): void => {
      // What is left unread would be taken for the next request.
      response.setHeader("connection", "close");
      reject(new SallyportError("too_large", `a message may hold ${maxBytes} bytes`));
    };
    if (Number(request.headers["content-length"] ?? 0) > maxBytes) return tooLarge();
    if (request.headers.expect !== undefined) response.writeContinue();
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      request.off("data", take).pause();
      tooLarge();
    };
    request.on("data", take);
    let whole = false;
    request.once("end", () => {
      whole = true;
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    });
    request.once("error", reject);
    request.once("close", () => {
      if (!whole) reject(new SallyportError("cancelled", "the client went away"));
    });
  });
}
