/** Server-sent events, both ways, over Buffers. */
import { lineReader } from "./framing.js";

const NEWLINE = Buffer.from("\n");
const DATA = Buffer.from("data:");
const CR = 0x0d;

/** Returns a function that takes chunks of an event stream and hands on the data of each event. */
export function eventReader(
  maxBytes: number,
  handlers: { data(bytes: Buffer): void; tooLong(): void },
): (chunk: Buffer) => void {
  let data: Buffer[] = [];
  let size = 0;
  const line = (raw: Buffer): void => {
    const bytes = raw[raw.length - 1] === CR ? raw.subarray(0, -1) : raw;
    if (!bytes.subarray(0, 5).equals(DATA)) return;
    const piece = bytes.subarray(bytes[5] === 0x20 ? 6 : 5);
    size += piece.length;
    if (size > maxBytes) handlers.tooLong();
    else data.push(...(data.length === 0 ? [piece] : [NEWLINE, piece]));
  };
  const flush = (): void => {
    if (data.length > 0) handlers.data(data.length === 1 ? data[0]! : Buffer.concat(data));
    data = [];
    size = 0;
  };
  return lineReader(maxBytes, {
    line: (raw) => (raw.length === 1 && raw[0] === CR ? flush() : line(raw)),
    empty: flush,
    tooLong: handlers.tooLong,
  });
}

const EVENT = Buffer.from("event: message\ndata: ");
const END = Buffer.from("\n\n");

/** One event that carries a JSON message. A message with raw newlines becomes several data lines. */
export function eventOf(parts: readonly Buffer[]): Buffer {
  const body = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  if (!body.includes(10)) return Buffer.concat([EVENT, body, END]);
  return Buffer.concat([EVENT, Buffer.from(body.toString("utf8").replaceAll("\n", "\ndata: ")), END]);
}
