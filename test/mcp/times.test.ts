/** How long a server is waited for, when it starts, when it is asked with others, and when it should end. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { inTime } from "../../src/mcp/gather.js";
import { createHealth } from "../../src/mcp/health.js";
import { CHILD_GRACE_MS, CONNECT_MS, GATHER_MS } from "../../src/mcp/limits.js";
import { createLink } from "../../src/mcp/link.js";
import { openStdio } from "../../src/mcp/wire-stdio.js";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const program = (script: string) => ({
  command: process.execPath,
  args: ["-e", script],
  env: { PATH: process.env["PATH"] ?? "" },
});

describe("a server", () => {
  it("that never answers its greeting is given up, and its process with it", async () => {
    const set = vi.spyOn(globalThis, "setTimeout");
    const silent = { warn: () => {}, error: () => {}, info: () => {} };
    const link = createLink(
      {
        name: "deaf",
        transport: { kind: "stdio", ...program("process.stdin.resume()") },
        timeoutMs: 1_000,
      } as unknown as Parameters<typeof createLink>[0],
      { incoming: () => {}, paused: () => {}, stderr: () => {} },
      silent as unknown as Parameters<typeof createLink>[2],
      createHealth("deaf"),
    );
    const hello = { era: "legacy", own: true, info: {}, capabilities: {}, initialize: "{}" };
    const greeted = link.connect(hello as unknown as Parameters<typeof link.connect>[0]);
    let over = false;
    const ended = (): void => void (over = true);
    greeted.then(ended, ended);
    // It is greeted in either era, and waited for as long each time.
    const waited = new Set<unknown>();
    await vi.waitUntil(() => {
      for (const [enough, ms] of set.mock.calls)
        if (ms === CONNECT_MS && !waited.has(enough)) {
          waited.add(enough);
          (enough as () => void)();
        }
      return over;
    });
    expect(waited.size).toBe(2);
    await expect(greeted).rejects.toThrow(/answer/);
    await link.close();
  });

  it("that takes its time is left out of the others' list", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let said = "";
    inTime(new Promise(() => {})).catch((error: Error) => (said = error.message));
    await vi.advanceTimersByTimeAsync(GATHER_MS - 1);
    expect(said).toBe("");
    await vi.advanceTimersByTimeAsync(1);
    expect(said).toMatch(/no answer within/);
  });

  it("that does not end when its input does is told to, and killed when it does not listen", async () => {
    const waited: unknown[] = [];
    const real = globalThis.setTimeout;
    const sooner = (done: () => void, ms = 0): NodeJS.Timeout => {
      waited.push(ms);
      return real(done, ms / 10);
    };
    const stubborn =
      "process.on('SIGTERM', () => console.log('no')); console.log('up'); setInterval(() => {}, 1e6)";
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const message = (bytes: Buffer): void => {
        said.push(bytes.toString());
        if (said.length > 1) return;
        vi.spyOn(globalThis, "setTimeout").mockImplementation(sooner as typeof setTimeout);
        wire.close().then(resolve, reject);
      };
      const handlers = { message, closed: () => {}, failed: () => {}, paused: () => {}, waiting: () => true };
      const wire = openStdio(program(stubborn), handlers, () => {});
    });
    expect(waited.slice(0, 2)).toEqual([CHILD_GRACE_MS, 2 * CHILD_GRACE_MS]);
  });
});
