import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { drawToken, tighterRate, tokensIn } from "../../src/limits/rate.js";
import type { RateLimit } from "../../src/model/posture.js";
import { openStore } from "../../src/store/sqlite.js";
import type { Store, Tx } from "../../src/store/store.js";
import { freshFolder } from "../audit/sample.js";

const key = { principal: "maya", server: "crm", tool: "query" };
const rate: RateLimit = { per_minute: 6, burst: 3 };
const SECOND = 1000;
const noon = Date.UTC(2026, 10, 20, 12);

let path: string;
let store: Store;
beforeEach(() => {
  path = join(freshFolder(), "audit.db");
  store = openStore(path);
});
afterEach(() => store.close());

/** As the gate does it: drawn when there is one. */
function draw(tx: Tx, now: number, who = key, limit = rate): boolean {
  if (tokensIn(tx, who, limit, now).left === 0) return false;
  drawToken(tx, who, limit, now);
  return true;
}
const ask = (now: number, who = key): Promise<boolean> => store.transact((tx) => draw(tx, now, who));
const left = (now: number) => store.read((tx) => tokensIn(tx, key, rate, now));

it("a burst goes through at once, then one call for each interval", async () => {
  expect(left(noon)).toEqual({ left: 3, retryAfterMs: 0 });
  expect([await ask(noon), await ask(noon), await ask(noon), await ask(noon)]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(left(noon)).toEqual({ left: 0, retryAfterMs: 10 * SECOND });
  expect(left(noon + 4 * SECOND).retryAfterMs).toBe(6 * SECOND);
  expect([await ask(noon + 10 * SECOND), await ask(noon + 10 * SECOND)]).toEqual([true, false]);
  expect(left(noon + 60 * SECOND).left).toBe(3);
});

it("principals, servers and tools have buckets of their own", async () => {
  for (let n = 0; n < 3; n++) await ask(noon);
  for (const other of [{ principal: "jo" }, { server: "wiki" }, { tool: "list" }])
    expect(await ask(noon, { ...key, ...other })).toBe(true);
  expect(await ask(noon)).toBe(false);
});

it("parallel calls of two processes, and a restart between them, draw no token twice", async () => {
  const second = openStore(path);
  const drawn = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? store : second).transact((tx) => draw(tx, noon))),
  );
  await second.close();
  expect(drawn.filter(Boolean)).toHaveLength(3);
  await store.close();
  store = openStore(path);
  expect(await ask(noon)).toBe(false);
});

it("whatever the clock does, no more is granted than the time that it has shown", async () => {
  const steps = fc.array(fc.integer({ min: -120, max: 30 }), { minLength: 1, maxLength: 60 });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (seconds) => {
      const who = { ...key, tool: `t${run++}` };
      const [granted, forward] = await store.transact((tx) => {
        let [now, count, ahead] = [noon, 0, 0];
        for (const step of seconds) {
          now += step * SECOND;
          ahead += Math.max(0, step);
          if (draw(tx, now, who)) count++;
        }
        return [count, ahead];
      });
      expect(granted).toBeLessThanOrEqual(rate.burst + Math.floor(forward / 10));
    }),
    { numRuns: 200 },
  );
});

it("of two rates, what both allow holds", () => {
  const one = { per_minute: 60, burst: 1 };
  expect(tighterRate(one, { per_minute: 6, burst: 3 })).toEqual({ per_minute: 6, burst: 1 });
  expect(tighterRate(undefined, one)).toEqual(one);
  expect(tighterRate(undefined, undefined)).toBeUndefined();
});
