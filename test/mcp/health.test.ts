import { describe, expect, it } from "vitest";
import { SallyportError } from "../../src/model/errors.js";
import { createHealth } from "../../src/mcp/health.js";
import {
  BREAKER_MS,
  BREAKER_TIMEOUTS,
  MAX_CONCURRENT_CALLS,
  MAX_WAITING_CALLS,
  RESTART_MAX_MS,
  RESTART_PAUSE_MS,
} from "../../src/mcp/limits.js";

const timedOut = (): Promise<never> => Promise.reject(new SallyportError("downstream_timeout", "no answer"));
const ok = (): Promise<string> => Promise.resolve("ok");
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.catch((error: SallyportError) => error.code);

describe("a server that cannot be started", () => {
  it("is tried again after pauses that grow to a bound, and at once after it was there", () => {
    let now = 0;
    const health = createHealth("s", () => now);
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      health.connectFailed(new Error("no such program"));
      pauses.push(health.view.retryInMs);
      expect(() => health.mayConnect()).toThrow(/tried again in \d+ s/);
      now += health.view.retryInMs;
      health.mayConnect();
    }
    expect(pauses.slice(0, 3)).toEqual([RESTART_PAUSE_MS, 2 * RESTART_PAUSE_MS, 4 * RESTART_PAUSE_MS]);
    expect(pauses.at(-1)).toBe(RESTART_MAX_MS);
    health.connected();
    expect(health.view).toMatchObject({ state: "up", failures: 0, retryInMs: 0 });
  });
});

describe("a server that does not answer", () => {
  it("is left alone for a while after some timeouts in a row, and asked again then", async () => {
    let now = 0;
    const health = createHealth("s", () => now);
    for (let i = 0; i < BREAKER_TIMEOUTS; i++)
      expect(await codeOf(health.run(timedOut))).toBe("downstream_timeout");
    expect(await codeOf(health.run(ok))).toBe("downstream_unavailable");
    expect(health.view).toMatchObject({ state: "not_answering", retryInMs: BREAKER_MS, inFlight: 0 });
    now += BREAKER_MS;
    expect(await codeOf(health.run(ok))).toBe("ok");
    expect(health.view.state).toBe("up");
  });

  it("is not given up for timeouts with answers between them", async () => {
    const health = createHealth("s", () => 0);
    for (let i = 0; i < 3 * BREAKER_TIMEOUTS; i++) await codeOf(health.run(i % 2 === 0 ? timedOut : ok));
    expect(health.view.state).toBe("new");
  });
});

describe("a server that is asked more than it can take at once", () => {
  const busy = () => {
    const health = createHealth("s", () => 0);
    const ends: ((fail?: boolean) => void)[] = [];
    let running = 0;
    let most = 0;
    const work = (): Promise<void> =>
      new Promise<void>((resolve, reject) => {
        most = Math.max(most, ++running);
        ends.push((fail) => {
          running--;
          if (fail === true) reject(new SallyportError("downstream_timeout", "no answer"));
          else resolve();
        });
      });
    return { health, work, ends, most: () => most };
  };
  const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it("is never asked more, not even while a place passes from one call to the next", async () => {
    const { health, work, ends, most } = busy();
    const calls = Array.from({ length: MAX_CONCURRENT_CALLS + 20 }, () => health.run(work));
    expect(ends).toHaveLength(MAX_CONCURRENT_CALLS);
    for (let i = 0; i < calls.length; i++) {
      ends[i]!();
      // Whoever comes just now must not slip in before those who stand in line.
      if (i < 10) calls.push(health.run(work));
      await tick();
    }
    for (const end of ends.slice(MAX_CONCURRENT_CALLS + 20)) end();
    await Promise.all(calls);
    expect(most()).toBe(MAX_CONCURRENT_CALLS);
    expect(health.view.inFlight).toBe(0);
  });

  it("refuses at once when the line is too long", async () => {
    const { health, work, ends } = busy();
    const calls = Array.from({ length: MAX_CONCURRENT_CALLS + MAX_WAITING_CALLS }, () => health.run(work));
    expect(await codeOf(health.run(work))).toBe("downstream_unavailable");
    for (let i = 0; i < calls.length; i++) {
      ends[i]!();
      await tick();
    }
    await Promise.all(calls);
  });

  it("is not asked by those in line once it is known not to answer", async () => {
    const { health, work, ends } = busy();
    const calls = Array.from({ length: MAX_CONCURRENT_CALLS + 1 }, () => codeOf(health.run(work)));
    for (let i = 0; i < BREAKER_TIMEOUTS; i++) ends[i]!(true);
    expect(await calls.at(-1)).toBe("downstream_unavailable");
    expect(ends).toHaveLength(MAX_CONCURRENT_CALLS);
    for (const end of ends.slice(BREAKER_TIMEOUTS)) end();
    await Promise.all(calls);
  });
});
