import type { SallyportError } from "../model/errors.js";

/** What an outgoing message is, for transports that mirror it into headers. */
export interface Outgoing {
  /** The whole message as JSON text, on one line. */
  readonly text: string;
  /** Our id for a request; undefined for a notification or a response. */
  readonly id?: number;
  readonly method?: string | undefined;
  /** What `Mcp-Name` must say, in the stateless era. */
  readonly name?: string | undefined;
  /** Headers of the client's own request that belong to the message (`Mcp-Param-*`). */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface WireHandlers {
  /** One message from the downstream. `related`: our id of the request whose response stream carried it, if known. */
  message(bytes: Buffer, related: number | undefined): void;
  /** The request with this id can no longer be answered. */
  failed(id: number, error: SallyportError): void;
  /** Whether the request with this id is still to be answered. */
  waiting(id: number): boolean;
  /** The server has closed the stream of this request for now, and its client may do so as well. */
  paused(id: number, retryMs: number): void;
  /** The whole connection is gone; nothing more will come. */
  closed(error: SallyportError): void;
}

/** One open connection to a downstream server. */
export interface Wire {
  send(message: Outgoing): void;
  /** Stops waiting for the answer to our request `id`, where the transport has something to stop. */
  abandon(id: number): void;
  /** The version that the handshake agreed on, for transports that repeat it. */
  ready(protocolVersion: string): void;
  close(): Promise<void>;
}
