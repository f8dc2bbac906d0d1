/** Servers that are processes. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endEarly, launchEarly, openStdio } from "../../src/mcp/wire-stdio.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-stdio-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A server that notes each of its lives in a file, and answers every line with its pid. */
function server() {
  const lives = join(dir, "lives");
  const script = `require("fs").appendFileSync(${JSON.stringify(lives)}, process.pid + "\\n");
    process.stdin.on("data", () => process.stdout.write(process.pid + "\\n"));`;
  const env = { PATH: process.env["PATH"] ?? "" };
  const spec = { command: process.execPath, args: ["-e", script], env };
  const pids = (): number[] =>
    existsSync(lives) ? readFileSync(lives, "utf8").trim().split("\n").map(Number) : [];
  return { spec, pids };
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await pause(10);
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

function ask(spec: Parameters<typeof openStdio>[0]): Promise<{ pid: number; close: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    const message = (bytes: Buffer): void => resolve({ pid: Number(bytes.toString()), close: wire.close });
    const handlers = { message, closed: reject, failed: () => {}, paused: () => {}, waiting: () => true };
    const wire = openStdio(spec, handlers, () => {});
    wire.send({ text: "{}" });
  });
}

describe("a server that was started early", () => {
  it("is the one that is opened first; the next is another", async () => {
    const { spec, pids } = server();
    launchEarly(spec);
    await until(() => pids().length === 1);
    const first = await ask(spec);
    expect(pids()).toEqual([first.pid]);
    const second = await ask(spec);
    expect(pids()).toEqual([first.pid, second.pid]);
    await Promise.all([first.close(), second.close()]);
  });

  it("is ended when nobody opens it after all", async () => {
    const { spec, pids } = server();
    launchEarly(spec);
    await until(() => pids().length === 1);
    endEarly();
    await until(() => !isAlive(pids()[0]!));
    const next = await ask(spec);
    expect(pids()).toHaveLength(2);
    await next.close();
  });

  it("is tried again, and its fault told, when it could not be started", async () => {
    const spec = { command: join(dir, "nothing"), args: [], env: {} };
    launchEarly(spec);
    await pause(50);
    await expect(ask(spec)).rejects.toMatchObject({ code: "downstream_unavailable" });
  });
});
