/** A downstream over Streamable HTTP, on node:http: web streams would cost more than all judging. */
import http from "node:http";
import https from "node:https";
import { urlToHttpOptions } from "node:url";
import { SallyportError } from "../model/errors.js";
import { wantsMore } from "./auth/challenge.js";
import type { Credentials } from "./auth/credentials.js";
import { STATELESS_VERSION } from "./eras.js";
import {
  IDLE_SOCKET_MS,
  MAX_DOWNSTREAM_MESSAGE,
  MAX_RESUME_MS,
  MIN_RESUME_MS,
  STREAM_OPEN_MS,
} from "./limits.js";
import { headerValue } from "./header-value.js";
import { eventReader } from "./sse.js";
import type { Outgoing, Wire, WireHandlers } from "./wire.js";

export interface HttpSpec {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const STREAM_RETRY_MS = 1_000;

/** Where an event stream can be taken up again. */
interface Position {
  lastEventId: string | undefined;
  retryMs: number;
}

function from(): Position {
  return { lastEventId: undefined, retryMs: STREAM_RETRY_MS };
}

function unavailable(message: string, cause?: unknown): SallyportError {
  return new SallyportError("downstream_unavailable", message, {}, { cause });
}

/** `stateless`: send the 2026-07-28 headers and no session. `credentials`: whose token goes along. */
export function openHttp(
  spec: HttpSpec,
  handlers: WireHandlers,
  stateless: boolean,
  credentials?: Credentials,
): Wire {
  const url = new URL(spec.url);
  const library = url.protocol === "https:" ? https : http;
  // Given the address, each request would take it apart again.
  const target = urlToHttpOptions(url);
  const agent = new library.Agent({ keepAlive: true, maxSockets: 256, timeout: IDLE_SOCKET_MS });
  const running = new Map<number, http.ClientRequest>();
  let session: string | undefined;
  let version = stateless ? STATELESS_VERSION : undefined;
  let stream: http.ClientRequest | undefined;
  let retry: NodeJS.Timeout | undefined;
  /** Until the stream of unsolicited messages is open: what a server asks about a call sent before, nobody would hear. */
  let opening: Promise<void> | undefined;
  let opened = (): void => {};
  /** Each step towards an open stream is given its own time: on a busy machine each of them may be slow. */
  let progressed = (): void => {};
  let closed = false;

  const headersFor = (extra: Readonly<Record<string, string>>): Record<string, string> => ({
    accept: "application/json, text/event-stream",
    ...spec.headers,
    ...(session !== undefined && { "mcp-session-id": session }),
    ...(version !== undefined && { "mcp-protocol-version": version }),
    ...extra,
    ...(credentials?.current !== undefined && { authorization: `Bearer ${credentials.current}` }),
  });

  /** Does `work` once there is a token to do it with: at once, where none is needed. */
  const withToken = (work: () => void, lost: (error: unknown) => void): void => {
    if (credentials === undefined || credentials.current !== undefined) work();
    else credentials.obtain().then(() => closed || work(), lost);
  };

  /** True when the server refused the token it was `given`: `work` follows with a new one. Not to be called from there. */
  const renewed = (
    { statusCode, headers }: http.IncomingMessage,
    given: string | undefined,
    work: () => void,
    lost: (error: unknown) => void,
  ): boolean => {
    const challenge = headers["www-authenticate"];
    const refused = statusCode === 401 || wantsMore(statusCode, challenge);
    if (!refused || credentials === undefined || given === undefined) return false;
    credentials.renew(given, challenge, statusCode).then(() => closed || work(), lost);
    return true;
  };

  const start = (method: string, headers: Record<string, string>, got: (r: http.IncomingMessage) => void) =>
    library.request({ ...target, method, agent, headers: headersFor(headers) }, got);

  const run = (id: number, request: http.ClientRequest): void => {
    running.set(id, request);
    // A second request for the same id may be under way by then.
    request.once("close", () => {
      if (running.get(id) === request) running.delete(id);
    });
  };

  /** Reads a response body, JSON or event stream, into messages; `done` when it has ended. */
  const read = (
    response: http.IncomingMessage,
    related: number | undefined,
    at: Position,
    done: () => void,
  ): void => {
    const flood = (): void => {
      response.destroy();
      if (related !== undefined)
        handlers.failed(related, new SallyportError("too_large", "the server's answer is over the hard cap"));
    };
    if ((response.headers["content-type"] ?? "").startsWith("text/event-stream")) {
      const data = (bytes: Buffer): void => handlers.message(bytes, related);
      const id = (value: string): void => {
        at.lastEventId = /^[!-~]+$/.test(value) ? value : undefined;
      };
      const wait = (ms: number): void => {
        at.retryMs = Math.min(Math.max(ms, MIN_RESUME_MS), MAX_RESUME_MS);
      };
      response.on("data", eventReader(MAX_DOWNSTREAM_MESSAGE, { data, id, retry: wait, tooLong: flood }));
    } else {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_DOWNSTREAM_MESSAGE) flood();
        else chunks.push(chunk);
      });
      response.once("end", () => {
        if (size > 0) handlers.message(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), related);
      });
    }
    response.once("close", done);
    response.on("error", () => {}); // `close` follows
  };

  const post = (message: Outgoing): void => {
    if (message.method === "notifications/initialized" && !stateless)
      opening = new Promise((resolve) => {
        // A server may keep its headers back until it has something to say.
        const enough = setTimeout(() => opened(), STREAM_OPEN_MS).unref();
        progressed = () => void enough.refresh();
        opened = () => {
          clearTimeout(enough);
          progressed = () => {};
          opening = undefined;
          resolve();
        };
      });
    else if (opening !== undefined && message.id !== undefined) return void opening.then(() => post(message));
    const lost = (error: unknown): void => {
      if (message.id !== undefined) handlers.failed(message.id, asUnavailable(error));
    };
    // A call that was given up while we waited for a token is not sent.
    const wanted = (): boolean => message.id === undefined || handlers.waiting(message.id);
    const again = (): void => {
      if (wanted()) transmit(message, () => false);
    };
    const first = (): void => {
      const given = credentials?.current;
      if (wanted()) transmit(message, (response) => renewed(response, given, again, lost));
    };
    withToken(first, lost);
  };

  /** `refused` takes over where it can do something about the answer. */
  const transmit = (message: Outgoing, refused: (response: http.IncomingMessage) => boolean): void => {
    const id = message.id;
    const body = Buffer.from(message.text);
    const request = start(
      "POST",
      {
        "content-type": "application/json",
        "content-length": String(body.length),
        ...(stateless && message.method !== undefined && { "mcp-method": message.method }),
        ...(stateless && message.name !== undefined && { "mcp-name": headerValue(message.name) }),
        ...message.headers,
      },
      (response) => {
        const given = response.headers["mcp-session-id"];
        if (message.method === "initialize" && typeof given === "string") session = given;
        const status = response.statusCode ?? 0;
        if (refused(response)) {
          response.resume();
          return;
        }
        const isJson = (response.headers["content-type"] ?? "").startsWith("application/json");
        if (status === 404 && session !== undefined) {
          // The server has forgotten the session (it was restarted): the next request says hello anew.
          response.resume();
          handlers.closed(unavailable("the server has ended the session"));
          return;
        }
        if (status >= 300 && (!isJson || ((status === 401 || status === 403) && credentials !== undefined))) {
          response.resume();
          if (id !== undefined) handlers.failed(id, unavailable(`the server answered HTTP ${status}`));
          return;
        }
        if (message.method === "notifications/initialized") {
          progressed();
          listen();
        }
        if (id === undefined) return read(response, id, from(), () => {});
        const at = from();
        read(response, id, at, () => resume(id, at));
      },
    );
    if (id !== undefined) run(id, request);
    request.once("error", (cause) => {
      if (id !== undefined) handlers.failed(id, unavailable(`cannot reach ${url.origin}`, cause));
    });
    request.end(body);
  };

  /** A stream that ended before its answer is taken up again where the server gave it ids for that; else it has failed. */
  const resume = (id: number, at: Position): void => {
    if (closed || !handlers.waiting(id)) return;
    const early = (cause?: unknown): void =>
      handlers.failed(id, unavailable("the server ended its answer early", cause));
    if (stateless || at.lastEventId === undefined) return early();
    handlers.paused(id, at.retryMs);
    const reopen = (): void => {
      if (closed || !handlers.waiting(id)) return;
      const headers = { accept: "text/event-stream", "last-event-id": at.lastEventId! };
      const request = start("GET", headers, (response) => {
        if (response.statusCode === 200) return read(response, id, at, () => resume(id, at));
        response.resume();
        early();
      });
      run(id, request);
      request.once("error", early);
      request.end();
    };
    setTimeout(() => withToken(reopen, early), at.retryMs);
  };

  /** The standalone stream of unsolicited messages. Servers may decline it (405). */
  const listen = (at = from()): void => {
    if (!closed && !stateless)
      withToken(
        () => hear(at, true),
        () => {},
      );
  };

  const hear = (at: Position, mayRenew: boolean): void => {
    const again = (): void => {
      if (!closed) retry = setTimeout(listen, at.retryMs, at);
    };
    const given = credentials?.current;
    const resuming = at.lastEventId === undefined ? {} : { "last-event-id": at.lastEventId };
    stream = start("GET", { accept: "text/event-stream", ...resuming }, (response) => {
      opened();
      if (response.statusCode === 200) return read(response, undefined, at, again);
      response.resume();
      if (mayRenew)
        renewed(
          response,
          given,
          () => hear(at, false),
          () => {},
        );
    });
    stream.once("error", () => opened());
    stream.once("finish", () => progressed());
    stream.end();
  };

  return {
    send: post,
    abandon: (id) => {
      // In the stateless era closing the response stream is the cancellation; before, a notification says it.
      if (stateless) running.get(id)?.destroy();
    },
    ready: (negotiated) => {
      version = negotiated;
    },
    close: async () => {
      closed = true;
      clearTimeout(retry);
      stream?.destroy();
      if (session !== undefined)
        await new Promise<void>((resolve) => {
          const bye = start("DELETE", {}, (response) => response.resume().once("close", resolve));
          bye.once("error", () => resolve());
          bye.setTimeout(1_000, () => bye.destroy());
          bye.end();
        });
      for (const request of running.values()) request.destroy();
      agent.destroy();
    },
  };
}

function asUnavailable(error: unknown): SallyportError {
  return error instanceof SallyportError ? error : unavailable("there is no token for the server", error);
}
