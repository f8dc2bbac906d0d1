import type { ServerResponse } from "node:http";
import { isObject, type Json } from "../model/json.js";
import type { Exchange } from "./desk.js";
import { CODE } from "./eras.js";
import { writeEvent } from "./listener.js";
import type { Replay, Stream } from "./replay.js";
import { eventOf } from "./sse.js";

export interface HttpExchange extends Exchange {
  /** The client has all it will get. */
  isDone(): boolean;
}

/** Errors that the stateless era also says as an HTTP status. Any other is an answer like all answers. */
const STATUS: Readonly<Record<number, number>> = {
  [CODE.methodNotFound]: 404,
  [CODE.missingCapability]: 400,
  [CODE.headerMismatch]: 400,
  [CODE.unsupportedVersion]: 400,
};
/** Errors are small; what is larger is not searched for one. */
const MAX_ERROR_BYTES = 16_384;

/**
 * One POST: plain JSON where the reply comes alone, an event stream as soon as anything precedes it. With `replay`, the
 * client can lose that stream and come back to it.
 */
export function exchangeOver(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  stateless: boolean,
  replay?: Replay,
): HttpExchange {
  let done = false;
  let stream: Stream | undefined;
  const streaming = (): Stream => {
    if (stream !== undefined) return stream;
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    });
    stream = replay === undefined ? plainStream(response) : replay.open(response);
    return stream;
  };
  return {
    related: (parts) => {
      if (!done) streaming().send(parts);
    },
    reply: (parts) => {
      if (done) return;
      done = true;
      if (stream !== undefined) {
        stream.send(parts);
        stream.end();
        return;
      }
      let length = 0;
      for (const part of parts) length += part.length;
      const status = stateless && length <= MAX_ERROR_BYTES ? statusOf(Buffer.concat(parts)) : 200;
      response.writeHead(status, { "content-type": "application/json", "content-length": length });
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
      streaming().end();
    },
    ...(replay !== undefined && {
      pause: (retryMs: number) => {
        if (!done) streaming().pause(retryMs);
      },
    }),
    isDone: () => done,
    headers,
  };
}

/** A stream that is over when it is lost. */
function plainStream(response: ServerResponse): Stream {
  return {
    send: (parts) => writeEvent(response, eventOf(parts)),
    end: () => void response.end(),
    pause: () => {},
  };
}

function statusOf(body: Buffer): number {
  if (!body.includes('"error"')) return 200;
  const message = JSON.parse(body.toString("utf8")) as Json;
  const error = isObject(message) ? message["error"] : undefined;
  return (isObject(error) && STATUS[Number(error["code"])]) || 200;
}
