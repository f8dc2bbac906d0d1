/** Serves one client on stdin and stdout. */
import type { Readable, Writable } from "node:stream";
import { SallyportError } from "../model/errors.js";
import { failureReply, type Exchange, type SessionParts } from "./desk.js";
import { lineReader } from "./framing.js";
import { MAX_CLIENT_MESSAGE, SHUTDOWN_MS } from "./limits.js";
import { parseClientMessage } from "./message.js";
import { createSession } from "./session.js";

const NEWLINE = Buffer.from("\n");

export interface StdioFront {
  /** Resolves when the client has gone and everything in flight is settled and recorded. */
  readonly ended: Promise<void>;
  /** Ends soon: what is in flight is cancelled, and recorded, after a short grace. */
  stop(): void;
}

export function serveStdio(parts: SessionParts, input: Readable, output: Writable): StdioFront {
  let corked = false;
  const uncork = (): void => {
    corked = false;
    output.uncork();
  };
  const write = (message: readonly Buffer[]): void => {
    // What is said in one go (the answers of one commit) leaves in one system call.
    if (!corked) process.nextTick(uncork);
    if (!corked) output.cork();
    corked = true;
    for (const part of message) output.write(oneLine(part));
    output.write(NEWLINE);
  };
  const exchange: Exchange = { related: write, reply: write, end: () => {} };
  const session = createSession(parts, { shared: false, unsolicited: write });
  const refuse = (error: unknown): void => {
    parts.log.warn({ err: error }, "refused a message of the client");
    // Nobody can know which request it was: JSON-RPC answers with a null id.
    write(failureReply("null", error));
  };
  const read = lineReader(MAX_CLIENT_MESSAGE, {
    line: (bytes) => {
      if (bytes.length === 1 && bytes[0] === 0x0d) return;
      try {
        session.receive(parseClientMessage(bytes), exchange);
      } catch (error) {
        refuse(error);
      }
    },
    tooLong: () => refuse(new SallyportError("too_large", `a message may hold ${MAX_CLIENT_MESSAGE} bytes`)),
  });

  let stop = (): void => {};
  const stopped = new Promise<"stopped">((resolve) => (stop = () => resolve("stopped")));
  const gone = new Promise<"gone">((resolve) => {
    input.once("end", () => resolve("gone"));
    input.once("close", () => resolve("gone"));
  });
  // Nobody reads any more: there is no one to wait for.
  output.once("error", () => stop());
  input.on("data", read);

  const ended = (async () => {
    const why = await Promise.race([stopped, gone]);
    input.off("data", read);
    input.pause();
    // A script that pipes requests in closes stdin long before the answers: let them finish, unless told to stop.
    const patient = why === "gone" ? Promise.race([session.drain(NO_HURRY_MS), stopped]) : Promise.resolve();
    await patient;
    await session.drain(SHUTDOWN_MS);
    await session.close();
    await flushed(output);
  })();
  return { ended, stop };
}

/** Longer than any call's own deadline; SIGTERM ends the wait sooner. */
const NO_HURRY_MS = 2 ** 31 - 1;

/** Resolves when what was written has left us, or nobody takes it. */
async function flushed(output: Writable): Promise<void> {
  if (output.writableLength === 0 || output.destroyed) return;
  await new Promise<void>((resolve) => {
    output
      .once("drain", resolve)
      .once("error", () => resolve())
      .once("close", resolve);
    setTimeout(resolve, SHUTDOWN_MS).unref();
  });
}

/** Raw newlines are white space in JSON, but the end of a message on this wire. */
function oneLine(part: Buffer): Buffer {
  if (!part.includes(10)) return part;
  const copy = Buffer.from(part);
  for (let at = copy.indexOf(10); at !== -1; at = copy.indexOf(10, at + 1)) copy[at] = 0x20;
  return copy;
}
