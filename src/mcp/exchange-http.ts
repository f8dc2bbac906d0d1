import type { ServerResponse } from "node:http";
import type { Exchange } from "./desk.js";
import { eventOf } from "./sse.js";

export interface HttpExchange extends Exchange {
  /** The client has all it will get. */
  readonly done: boolean;
}

/** One POST: plain JSON where the reply comes alone, an event stream as soon as anything precedes it. */
export function exchangeOver(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): HttpExchange {
  let done = false;
  const stream = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    });
  };
  return {
    related: (parts) => {
      if (done) return;
      stream();
      response.write(eventOf(parts));
    },
    reply: (parts) => {
      if (done) return;
      done = true;
      if (response.headersSent) {
        response.end(eventOf(parts));
        return;
      }
      let length = 0;
      for (const part of parts) length += part.length;
      response.writeHead(200, { "content-type": "application/json", "content-length": length });
      if (length < 16_384) response.end(parts.length === 1 ? parts[0] : Buffer.concat(parts));
      else {
        response.cork();
        for (const part of parts) response.write(part);
        response.end();
        response.uncork();
      }
    },
    end: () => {
      if (done) return;
      done = true;
      stream();
      response.end();
    },
    get done() {
      return done;
    },
    headers,
  };
}
