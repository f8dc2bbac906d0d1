/** Our side of one connection to one downstream: ids, answers, deadlines. It knows nothing of gates. */
import { SallyportError } from "../model/errors.js";
import { readDownstream, type Incoming, type Reply } from "./reply.js";
import type { Outgoing, Wire, WireHandlers } from "./wire.js";

export interface PeerRequest extends Pick<Outgoing, "method" | "name" | "headers"> {
  /** Builds the message around the id we give it. */
  readonly build: (idText: string) => string;
  readonly timeoutMs: number;
  /** Called with our id once it is known, before anything is sent. */
  readonly onId?: (id: number) => void;
}

interface Pending {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: SallyportError) => void;
  timer: NodeJS.Timeout;
}

export interface Peer {
  request(request: PeerRequest): Promise<Reply>;
  /** Sends a notification or a response. */
  send(message: Omit<Outgoing, "id">): void;
  /** Stops waiting for our request `id`; its answer, should it come, is dropped. The promise rejects with `error`. */
  abandon(id: number, error: SallyportError): void;
  /** Stops the clock of our request `id`, or, with `ms`, starts it anew. */
  hold(id: number, ms?: number): void;
  ready(protocolVersion: string): void;
  readonly closed: SallyportError | undefined;
  close(): Promise<void>;
}

export interface PeerHandlers {
  incoming(message: Incoming, related: number | undefined): void;
  /** The server has closed the stream of our request for now; it will answer when we come back. */
  paused(id: number, retryMs: number): void;
  /** Something that is not a message, or answers nothing we asked: dropped. */
  junk(why: string): void;
  closed(error: SallyportError): void;
}

export function connectPeer(open: (handlers: WireHandlers) => Wire, handlers: PeerHandlers): Peer {
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let closed: SallyportError | undefined;

  const take = (id: number): Pending | undefined => {
    const waiting = pending.get(id);
    if (waiting === undefined) return undefined;
    pending.delete(id);
    clearTimeout(waiting.timer);
    return waiting;
  };
  const deadline = (id: number, ms: number): NodeJS.Timeout =>
    setTimeout(() => {
      wire.abandon(id);
      take(id)?.reject(new SallyportError("downstream_timeout", `no answer within ${ms} ms`));
    }, ms);
  const wire = open({
    message: (bytes, related) => {
      let message: Reply | Incoming;
      try {
        message = readDownstream(bytes);
      } catch (error) {
        handlers.junk(error instanceof Error ? error.message : String(error));
        if (related !== undefined && error instanceof SallyportError) take(related)?.reject(error);
        return;
      }
      if (message.kind !== "response") {
        handlers.incoming(message, related);
        return;
      }
      // An HTTP server that could not read the id answers with null; the stream still says what it belongs to.
      const id = message.idKey === "" && related !== undefined ? related : Number(message.idKey.slice(1));
      // A number by value: some languages write our 1 as 1.0.
      const waiting = message.idKey === "" || message.idKey.startsWith("n") ? take(id) : undefined;
      if (waiting === undefined) handlers.junk("an answer to nothing we asked");
      else waiting.resolve(message);
    },
    failed: (id, error) => take(id)?.reject(error),
    waiting: (id) => pending.has(id),
    paused: (id, retryMs) => handlers.paused(id, retryMs),
    closed: (error) => {
      closed = error;
      for (const id of pending.keys()) take(id)?.reject(error);
      handlers.closed(error);
    },
  });

  return {
    request: ({ build, timeoutMs, onId, method, name, headers }) =>
      new Promise((resolve, reject) => {
        if (closed !== undefined) {
          reject(closed);
          return;
        }
        const id = ++lastId;
        pending.set(id, { resolve, reject, timer: deadline(id, timeoutMs) });
        onId?.(id);
        wire.send({ id, text: build(String(id)), method, name, headers });
      }),
    send: (message) => wire.send(message),
    abandon: (id, error) => {
      wire.abandon(id);
      take(id)?.reject(error);
    },
    hold: (id, ms) => {
      const waiting = pending.get(id);
      if (waiting === undefined) return;
      clearTimeout(waiting.timer);
      if (ms !== undefined) waiting.timer = deadline(id, ms);
    },
    ready: (version) => wire.ready(version),
    get closed() {
      return closed;
    },
    close: async () => {
      const error = new SallyportError("cancelled", "the connection was closed");
      for (const id of pending.keys()) take(id)?.reject(error);
      closed ??= error;
      await wire.close();
    },
  };
}
