import { execFile } from "node:child_process";
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from "node:fs";
import type { Anchored } from "../audit/verify-tree.js";
import { splitNotes } from "../audit/note.js";
import type { Anchor } from "../config/load.js";
import { SallyportError } from "../model/errors.js";

/** An anchor that hangs must not hold up the end of a process for long. Milliseconds. */
const TIMEOUT_MS = 5000;

/** How people are told which one. The address without what may be a secret in it. */
export function anchorName(anchor: Anchor): string {
  switch (anchor.kind) {
    case "file":
      return anchor.path;
    case "command":
      return `command ${anchor.command[0] ?? ""}`;
    case "http": {
      const { origin, pathname } = new URL(anchor.url);
      return `${origin}${pathname}`;
    }
  }
}

/** Resolves when the anchor has the checkpoint. Rejects with `downstream_unavailable` otherwise. */
export async function publish(anchor: Anchor, note: string): Promise<void> {
  try {
    switch (anchor.kind) {
      case "file":
        append(anchor.path, note);
        break;
      case "command":
        await run(anchor.command, note);
        break;
      case "http":
        await post(anchor, note);
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SallyportError(
      "downstream_unavailable",
      `the checkpoint could not be published to ${anchorName(anchor)}: ${why}`,
      { path: "audit.anchors", fix: "mend the anchor, then run sallyport audit anchor" },
      { cause },
    );
  }
}

function append(path: string, note: string): void {
  if (endOf(path, 2 * note.length).includes(note)) return;
  const fd = openSync(path, "a", 0o644);
  try {
    // One write: two processes may append at once.
    writeSync(fd, `${note}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The last bytes of a file as text; "" when there is none. Years of checkpoints must not be read for each new one. */
function endOf(path: string, bytes: number): string {
  if (!existsSync(path)) return "";
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const end = Buffer.alloc(Math.min(bytes, size));
    readSync(fd, end, 0, end.length, size - end.length);
    return end.toString();
  } finally {
    closeSync(fd);
  }
}

function run([program = "", ...args]: readonly string[], note: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // No shell: the words are what the configuration says they are.
    const child = execFile(program, args, { timeout: TIMEOUT_MS }, (error) => {
      if (error === null) resolve();
      else
        reject(new Error(error.killed === true ? "it took too long" : `it ended with ${String(error.code)}`));
    });
    // A program that does not read its input is no reason to die.
    child.stdin?.on("error", () => {});
    child.stdin?.end(note);
  });
}

async function post({ url, headers }: Anchor & { kind: "http" }, note: string): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
    body: note,
    // To follow would hand the headers' secrets to whom nobody named.
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`it answered ${answer.status}`);
}

/** The checkpoints that an anchor gives back, for comparison; or why it gives none, as a sentence. */
export async function published(anchor: Anchor): Promise<Anchored | string> {
  const from = anchorName(anchor);
  try {
    switch (anchor.kind) {
      case "file":
        return { from, notes: splitNotes(readFileSync(anchor.path, "utf8")) };
      case "command":
        return `not compared: ${from} gives nothing back; fetch what it has and name it with --against FILE`;
      case "http": {
        const { url, headers } = anchor;
        const answer = await fetch(url, {
          headers,
          redirect: "error",
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        if (!answer.ok) return `not compared: ${from} answered ${answer.status}`;
        return { from, notes: splitNotes(await answer.text()) };
      }
    }
  } catch (error) {
    return `not compared: ${from}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
