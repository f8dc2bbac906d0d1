/** Server-sent events, both ways, over Buffers. */
import { lineReader } from "./framing.js";

const NEWLINE = Buffer.from("\n");
const DATA = Buffer.from("data:");
const CR = 0x0d;
const FIELD = /^(event|id|retry):[ ]?(.*)$/;
/** Fields other than data are short; an id that is not is never sent back. */
const MAX_FIELD = 1024;

export interface EventHandlers {
  /** The data of one message. */
  data(bytes: Buffer): void;
  /** The id that a client names to have the events after this one. */
  id?(id: string): void;
  /** How long the server wants a client to stay away before it comes back. Milliseconds. */
  retry?(ms: number): void;
  tooLong(): void;
}

/**
 * Returns a function that takes chunks of an event stream and hands on the data of each message. Events of other types
 * (pings), and events without data (they only give a client an id to come back with), are not messages.
 */
export function eventReader(maxBytes: number, handlers: EventHandlers): (chunk: Buffer) => void {
  let data: Buffer[] = [];
  let size = 0;
  let type = "message";
  const line = (raw: Buffer): void => {
    const bytes = raw[raw.length - 1] === CR ? raw.subarray(0, -1) : raw;
    if (!bytes.subarray(0, 5).equals(DATA)) {
      const [, field, value = ""] = FIELD.exec(bytes.toString("utf8", 0, MAX_FIELD)) ?? [];
      if (field === "event") type = value || "message";
      else if (field === "id") handlers.id?.(value);
      else if (field === "retry" && /^\d{1,9}$/.test(value)) handlers.retry?.(Number(value));
      return;
    }
    const piece = bytes.subarray(bytes[5] === 0x20 ? 6 : 5);
    size += piece.length;
    if (size > maxBytes) handlers.tooLong();
    else data.push(...(data.length === 0 ? [piece] : [NEWLINE, piece]));
  };
  const flush = (): void => {
    if (size > 0 && type === "message") handlers.data(data.length === 1 ? data[0]! : Buffer.concat(data));
    data = [];
    size = 0;
    type = "message";
  };
  return lineReader(maxBytes, {
    line: (raw) => (raw.length === 1 && raw[0] === CR ? flush() : line(raw)),
    empty: flush,
    tooLong: handlers.tooLong,
  });
}

const EVENT = Buffer.from("event: message\ndata: ");
const END = Buffer.from("\n\n");

/** One event that carries a JSON message. A message with raw line ends (a CR is one here) becomes several data lines. */
export function eventOf(parts: readonly Buffer[]): Buffer {
  const body = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  if (!body.includes(10) && !body.includes(CR)) return Buffer.concat([EVENT, body, END]);
  const lines = body.toString("utf8").replaceAll(/\r\n?|\n/g, "\ndata: ");
  return Buffer.concat([EVENT, Buffer.from(lines), END]);
}
