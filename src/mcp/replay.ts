/**
 * Event streams that a legacy client can lose and come back to. Each event has an id; with the last one it saw
 * (`Last-Event-ID`) the client gets the rest, the answer included.
 */
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { MAX_REPLAY_BYTES } from "./limits.js";
import { writeEvent } from "./listener.js";
import { eventOf } from "./sse.js";

export interface Stream {
  send(parts: readonly Buffer[]): void;
  /** Nothing more will come. */
  end(): void;
  /** Lets the client go for now; what comes later is kept for its return, which is due after `retryMs`. */
  pause(retryMs: number): void;
}

export interface Replay {
  /** A new stream over a response whose head is written. It begins with an empty event, for its id. */
  open(response: ServerResponse): Stream;
  /** What the stream of this event has since then, and what will come. Undefined when it is not kept (any more). */
  find(lastEventId: string): ((response: ServerResponse) => void) | undefined;
}

interface Kept {
  readonly events: Buffer[];
  bytes: number;
  out: ServerResponse | undefined;
  done: boolean;
}

/** One for each session. */
export function createReplay(): Replay {
  const streams = new Map<string, Kept>();
  let bytes = 0;

  /** The oldest are forgotten first; they go on for whoever is still listening, but cannot be come back to. */
  const makeRoom = (): void => {
    for (const [id, kept] of streams) {
      if (bytes <= MAX_REPLAY_BYTES) return;
      bytes -= kept.bytes;
      streams.delete(id);
    }
  };

  const attach = (kept: Kept, response: ServerResponse): void => {
    kept.out?.end();
    kept.out = response;
    response.once("close", () => {
      if (kept.out === response) kept.out = undefined;
    });
  };

  return {
    open: (response) => {
      const id = randomUUID();
      const kept: Kept = { events: [], bytes: 0, out: undefined, done: false };
      streams.set(id, kept);
      attach(kept, response);
      let count = 0;
      const write = (event: Buffer): void => {
        const labelled = Buffer.concat([Buffer.from(`id: ${id}_${count++}\n`), event]);
        if (kept.out !== undefined) writeEvent(kept.out, labelled);
        if (!streams.has(id)) return;
        kept.events.push(labelled);
        kept.bytes += labelled.length;
        bytes += labelled.length;
        makeRoom();
      };
      write(Buffer.from("data: \n\n"));
      return {
        send: (parts) => write(eventOf(parts)),
        end: () => {
          kept.done = true;
          kept.out?.end();
        },
        pause: (retryMs) => {
          kept.out?.end(`retry: ${retryMs}\n\n`);
          kept.out = undefined;
        },
      };
    },
    find: (lastEventId) => {
      const [, id = "", seen] = /^(.{36})_(\d{1,9})$/.exec(lastEventId) ?? [];
      const kept = streams.get(id);
      if (kept === undefined) return undefined;
      return (response) => {
        for (const event of kept.events.slice(Number(seen) + 1)) response.write(event);
        if (kept.done) response.end();
        else attach(kept, response);
      };
    },
  };
}
