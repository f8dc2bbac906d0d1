import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claim, countCall, remaining, spentBudget, type Spent } from "../../src/limits/windows.js";
import type { WindowLimit } from "../../src/model/posture.js";
import { openStore } from "../../src/store/sqlite.js";
import type { Store, Tx } from "../../src/store/store.js";
import { freshFolder } from "../audit/sample.js";

const key = { principal: "maya", connector: "postgres" };
const HOUR = 3_600_000;
const noon = Date.UTC(2026, 10, 20, 12);
const hourly: WindowLimit = { per: "hour", max_calls: 3, max_rows: 100, max_bytes: 1000 };

/** As the gate does it: counted when there is room. */
function reserveCall(tx: Tx, who: typeof key, limit: WindowLimit, now: number, cost = 1): Spent | undefined {
  const spent = spentBudget(tx, who, limit, now, cost);
  if (spent === undefined) countCall(tx, who, limit, now, cost);
  return spent;
}

let path: string;
let store: Store;
beforeEach(() => {
  path = join(freshFolder(), "audit.db");
  store = openStore(path);
});
afterEach(() => store.close());

describe("a call's budget", () => {
  it("counts calls in, and refuses the one too many until the window ends", async () => {
    const reserve = (now: number) => store.transact((tx) => reserveCall(tx, key, hourly, now));
    for (let n = 0; n < 3; n++) expect(await reserve(noon + n)).toBeUndefined();
    const refused = { what: "max_calls", used: 3, limit: 3, retryAfterMs: HOUR - 1000 };
    expect(await reserve(noon + 1000)).toEqual(refused);
    expect(await reserve(noon + HOUR - 1)).toMatchObject({ retryAfterMs: 1 });
    expect(await reserve(noon + HOUR)).toBeUndefined();
  });

  it("refuses when rows or bytes are used up", async () => {
    await store.transact((tx) => claim(tx, key, hourly, noon, { rows: 100, bytes: 10 }));
    const rows = await store.transact((tx) => reserveCall(tx, key, hourly, noon));
    expect(rows).toMatchObject({ what: "max_rows", used: 100, limit: 100 });
    const other = { ...key, connector: "slack" };
    await store.transact((tx) => claim(tx, other, hourly, noon, { rows: 1, bytes: 1000 }));
    const bytes = await store.transact((tx) => reserveCall(tx, other, hourly, noon));
    expect(bytes).toMatchObject({ what: "max_bytes", used: 1000, limit: 1000 });
  });

  it("keeps principals, connectors and widths apart", async () => {
    const once: WindowLimit = { per: "hour", max_calls: 1 };
    const keys = [key, { ...key, principal: "jo" }, { ...key, connector: "slack" }];
    for (const one of keys) {
      expect(await store.transact((tx) => reserveCall(tx, one, once, noon))).toBeUndefined();
    }
    const daily: WindowLimit = { per: "day", max_calls: 1 };
    expect(await store.transact((tx) => reserveCall(tx, key, daily, noon))).toBeUndefined();
    expect(await store.transact((tx) => reserveCall(tx, key, once, noon))).toMatchObject({
      what: "max_calls",
    });
  });
});

describe("claim", () => {
  it("grants what is left and no more, from however many parallel calls and connections", async () => {
    const second = openStore(path);
    const granted = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        (n % 2 === 0 ? store : second).transact((tx) => claim(tx, key, hourly, noon, { rows: 7, bytes: 30 })),
      ),
    );
    await second.close();
    const total = granted.reduce((sum, one) => ({ rows: sum.rows + one.rows, bytes: sum.bytes + one.bytes }));
    expect(total).toEqual({ rows: 100, bytes: 1000 });
  });

  it("survives a restart", async () => {
    await store.transact((tx) => claim(tx, key, hourly, noon, { rows: 99, bytes: 0 }));
    await store.close();
    store = openStore(path);
    expect(store.read((tx) => remaining(tx, key, hourly, noon))).toMatchObject({
      calls: 3,
      rows: 1,
      bytes: 1000,
    });
  });

  it("grants everything where nothing limits, and still counts it", async () => {
    const callsOnly: WindowLimit = { per: "hour", max_calls: 5 };
    const want = { rows: 1e6, bytes: 1e9 };
    expect(await store.transact((tx) => claim(tx, key, callsOnly, noon, want))).toEqual(want);
    expect(store.read((tx) => remaining(tx, key, callsOnly, noon)).rows).toBe(Infinity);
    expect(store.read((tx) => remaining(tx, key, hourly, noon)).rows).toBe(0);
  });

  it("leaves no count when its transaction fails", async () => {
    const failing = store.transact((tx) => {
      claim(tx, key, hourly, noon, { rows: 50, bytes: 0 });
      throw new Error("the record could not be made");
    });
    await expect(failing).rejects.toThrow("could not be made");
    expect(store.read((tx) => remaining(tx, key, hourly, noon)).rows).toBe(100);
  });
});

it("windows that are over are forgotten", async () => {
  for (const hour of [0, 1, 2, 3]) {
    await store.transact((tx) => claim(tx, key, hourly, noon + hour * HOUR, { rows: 10, bytes: 0 }));
  }
  const starts = store.read((tx) => tx.all<{ start: number }>("SELECT start FROM windows ORDER BY start"));
  expect(starts.map((row) => row.start)).toEqual([noon + 3 * HOUR]);
});

it("a clock that steps back, by however much, does not refill a budget", async () => {
  for (let n = 0; n < 3; n++) await store.transact((tx) => reserveCall(tx, key, hourly, noon));
  for (const back of [1, HOUR, 5 * HOUR, 400 * 24 * HOUR]) {
    const spent = await store.transact((tx) => reserveCall(tx, key, hourly, noon - back));
    expect(spent).toMatchObject({ what: "max_calls", used: 3, retryAfterMs: HOUR + back });
  }
  expect(await store.transact((tx) => reserveCall(tx, key, hourly, noon + HOUR))).toBeUndefined();
});

it("units of cost are counted before a call, and one that does not fit is refused", async () => {
  const daily: WindowLimit = { per: "day", max_cost: 10 };
  const reserve = (cost: number) => store.transact((tx) => reserveCall(tx, key, daily, noon, cost));
  expect(await reserve(8)).toBeUndefined();
  expect(await reserve(3)).toMatchObject({ what: "max_cost", used: 8, limit: 10 });
  expect(await reserve(2)).toBeUndefined();
  expect(store.read((tx) => remaining(tx, key, daily, noon))).toMatchObject({ cost: 0, calls: Infinity });
});
