import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { SallyportError } from "../model/errors.js";
import { lineReader } from "./framing.js";
import { CHILD_GRACE_MS, MAX_DOWNSTREAM_MESSAGE } from "./limits.js";
import type { Wire, WireHandlers } from "./wire.js";

export interface StdioSpec {
  readonly command: string;
  readonly args: readonly string[];
  /** The child's whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const LAST_WORDS_MS = 250;

function launch(spec: StdioSpec): ChildProcessWithoutNullStreams {
  return spawn(spec.command, [...spec.args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...spec.env },
    ...(spec.cwd !== undefined && { cwd: spec.cwd }),
  });
}

/** Children that were started before anybody asked for them, each for the first who does. */
const early = new Map<StdioSpec, ChildProcessWithoutNullStreams>();

/**
 * Starts a server while we still start ourselves: its time and ours pass together. What goes wrong shows again, and is
 * told, when it is opened.
 */
export function launchEarly(spec: StdioSpec): void {
  const child = launch(spec);
  early.set(spec, child);
  const forget = (): void => {
    if (early.get(spec) === child) early.delete(spec);
  };
  child.once("error", forget);
  child.once("exit", forget);
}

/** Ends what was started early and never opened: the start was refused. */
export function endEarly(): void {
  for (const child of early.values()) child.kill("SIGKILL");
  early.clear();
}

/** Starts a stdio server. `stderr` gets its talk, a line at a time. */
export function openStdio(spec: StdioSpec, handlers: WireHandlers, stderr: (line: string) => void): Wire {
  const child = early.get(spec) ?? launch(spec);
  early.delete(spec);
  let over = false;
  const end = (error: SallyportError): void => {
    if (over) return;
    over = true;
    handlers.closed(error);
  };
  const gone = new Promise<void>((resolve) => {
    child.once("error", (cause) => {
      const hint = { fix: "check the command and its path" };
      end(new SallyportError("downstream_unavailable", `cannot start "${spec.command}"`, hint, { cause }));
      resolve();
    });
    child.once("exit", (code, signal) => {
      const ended = (): void =>
        end(
          new SallyportError("downstream_unavailable", `the server ended (${signal ?? `exit code ${code}`})`),
        );
      // Its last words may still be in the pipe; a grandchild may hold the pipe open for ever.
      if (child.stdout.closed) ended();
      else child.stdout.once("close", ended);
      setTimeout(ended, LAST_WORDS_MS).unref();
      resolve();
    });
  });
  // A server that has closed its output and lives on would let every call wait for its deadline.
  child.stdout.once("close", () => {
    const deaf = (): void => {
      if (over) return;
      end(new SallyportError("downstream_unavailable", "the server has closed its output"));
      child.kill("SIGKILL");
    };
    setTimeout(deaf, LAST_WORDS_MS).unref();
  });
  child.stdin.on("error", () => {}); // EPIPE: `exit` tells the story
  child.stdout.on(
    "data",
    lineReader(MAX_DOWNSTREAM_MESSAGE, {
      line: (bytes) => {
        if (!over) handlers.message(bytes, undefined);
      },
      tooLong: () => {
        end(
          new SallyportError("too_large", `the server sent a message over ${MAX_DOWNSTREAM_MESSAGE} bytes`),
        );
        child.kill("SIGKILL");
      },
    }),
  );
  child.stderr.on(
    "data",
    lineReader(64 * 1024, { line: (bytes) => stderr(bytes.toString("utf8")), tooLong: () => {} }),
  );

  let corked = false;
  const uncork = (): void => {
    corked = false;
    child.stdin.uncork();
  };
  return {
    send: (message) => {
      if (over) return;
      // What goes out in one go (the calls of one commit) leaves in one system call.
      if (!corked) process.nextTick(uncork);
      if (!corked) child.stdin.cork();
      corked = true;
      // White space in JSON, but the end of a message on this wire.
      child.stdin.write(message.text.includes("\n") ? message.text.replaceAll(/[\r\n]/g, " ") : message.text);
      child.stdin.write("\n");
    },
    abandon: () => {},
    ready: () => {},
    close: async () => {
      over = true;
      child.stdin.end();
      const terminate = setTimeout(() => child.kill("SIGTERM"), CHILD_GRACE_MS);
      const kill = setTimeout(() => child.kill("SIGKILL"), 2 * CHILD_GRACE_MS);
      await gone;
      clearTimeout(terminate);
      clearTimeout(kill);
    },
  };
}
