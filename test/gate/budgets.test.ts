/** Rates, costs and windows as the gate holds them: what is refused, what is told, what is counted. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Answer } from "../../src/gate.js";
import { answer, saying, testGate, type TestGate } from "../helpers/gate.js";

/** For a machine that is busy with something else. */
const PATIENT = { timeout: 15_000 };
const kits: TestGate[] = [];
beforeEach(() => vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 10, 20, 12) }));
afterEach(async () => {
  for (const kit of kits.splice(0)) await kit.close();
  vi.useRealTimers();
});

async function gateWith(limits: object, settings: object = {}, dir?: string): Promise<TestGate> {
  const kit = await testGate(
    { db: { connector: "sqlite", limits } },
    settings,
    dir === undefined ? {} : { dir },
  );
  kits.push(kit);
  return kit;
}

const ask = (kit: TestGate, tool = "read_query", more = {}) =>
  kit.run(kit.call("db", tool, '{"query":"SELECT 1"}', more));

function metaOf({ governed }: Awaited<ReturnType<typeof ask>>, key: string): unknown {
  if (governed.kind !== "changed") return undefined;
  return (JSON.parse(governed.text) as { _meta?: Record<string, unknown> })._meta?.[key];
}

describe("a rate", () => {
  const rate = { per_minute: 6, burst: 2 };

  it("refuses the call that comes too fast, and says when to come back", async () => {
    const kit = await gateWith({ rate });
    await ask(kit);
    await ask(kit);
    const third = await ask(kit);
    expect(third.asked).toBe(0);
    expect(third.told).toContain("Over the limit rate; rule limit.rate, server db.");
    expect(third.told).toContain("Retry in 10 s");
    expect(metaOf(third, "sallyport/decision")).toMatchObject({ retry: "later", retry_after_ms: 10_000 });
    vi.setSystemTime(Date.now() + 10_000);
    expect((await ask(kit)).asked).toBe(1);
  });

  it("is counted for each tool and each principal by itself", async () => {
    const kit = await gateWith({ rate: { per_minute: 6, burst: 1 } });
    expect((await ask(kit)).asked).toBe(1);
    expect((await ask(kit, "list_tables")).asked).toBe(1);
    expect((await ask(kit, "read_query", { principal: { id: "jo", how: "api_key" } })).asked).toBe(1);
    expect((await ask(kit)).asked).toBe(0);
  });

  it("of single tools stands in place of the one for all, the tightest of those that match", async () => {
    const tools = { "read_*": { per_minute: 60, burst: 5 }, read_query: { per_minute: 60, burst: 2 } };
    const kit = await gateWith({ rate: { per_minute: 6, burst: 1 }, tool_rates: tools });
    const asked = async (tool: string) => {
      let count = 0;
      for (let n = 0; n < 6; n++) count += (await ask(kit, tool)).asked;
      return count;
    };
    expect([await asked("read_query"), await asked("read_all"), await asked("list_tables")]).toEqual([
      2, 5, 1,
    ]);
  });

  it("without a burst allows ten seconds' worth at once", async () => {
    const kit = await gateWith({ rate: { per_minute: 12 } });
    const asked = [await ask(kit), await ask(kit), await ask(kit)].map((each) => each.asked);
    expect(asked).toEqual([1, 1, 0]);
  });

  it("holds across parallel calls of two processes and a restart", async () => {
    const dir = mkdtempSync(join(tmpdir(), "sallyport-rate-"));
    const [one, two] = [await gateWith({ rate }, {}, dir), await gateWith({ rate }, {}, dir)];
    const first = await Promise.all([ask(one), ask(two), ask(one), ask(two), ask(one)]);
    await one.close();
    await two.close();
    kits.length = 0;
    const later = await gateWith({ rate }, {}, dir);
    const last = await ask(later);
    await later.close();
    kits.length = 0;
    expect([...first, last].reduce((sum, each) => sum + each.asked, 0)).toBe(2);
    rmSync(dir, { recursive: true, force: true });
  });
});

describe("budgets by window", () => {
  it("take units of cost, the most that names the tool", async () => {
    const costs = { "*": 2, "write_*": 5, write_query: 3 };
    const kit = await gateWith({ costs, window: { per: "day", max_cost: 9 } });
    expect((await ask(kit, "write_query")).asked).toBe(1);
    expect((await ask(kit, "write_query")).asked).toBe(0);
    expect((await ask(kit, "read_query")).asked).toBe(1);
    expect((await ask(kit, "read_query")).asked).toBe(1);
    const spent = await ask(kit, "read_query");
    expect(spent.asked).toBe(0);
    expect(metaOf(spent, "sallyport/decision")).toMatchObject({
      type: "window",
      source: "server db",
      retry: "later",
      retry_after_ms: 12 * 3_600_000,
    });
  });

  it("all hold, and a call that one of them refuses is counted in none", async () => {
    const kit = await gateWith({
      rate: { per_minute: 60, burst: 10 },
      window: [
        { per: "minute", max_calls: 1 },
        { per: "hour", max_calls: 2 },
      ],
    });
    const asked = async () => (await ask(kit)).asked;
    expect([await asked(), await asked(), await asked()]).toEqual([1, 0, 0]);
    vi.setSystemTime(Date.now() + 60_000);
    expect([await asked(), await asked()]).toEqual([1, 0]);
    vi.setSystemTime(Date.now() + 60_000);
    expect(await asked()).toBe(0);
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(await asked()).toBe(1);
  });

  it("cut a result to the least that any of them grants", async () => {
    const kit = await gateWith({
      on_exceed: "truncate",
      window: [
        { per: "minute", max_rows: 5 },
        { per: "hour", max_rows: 3 },
      ],
    });
    const rows = saying(JSON.stringify(Array.from({ length: 9 }, (_, id) => ({ id }))));
    const { governed } = await kit.run(kit.call("db", "read_query", '{"query":"SELECT 1"}'), rows);
    expect(governed.kind).toBe("changed");
    expect(kit.last().rows).toMatchObject({ received: 9, released: 3 });
  });

  it("only record where the profile only records, and go on counting", async () => {
    const kit = await gateWith({ window: { per: "hour", max_calls: 1 } }, { profile: "dev" });
    expect([(await ask(kit)).asked, (await ask(kit)).asked]).toEqual([1, 1]);
    expect(kit.last()).toMatchObject({ decision: "allow", outcome: "released" });
  });
});

describe("what is left", () => {
  const window = { per: "hour", max_calls: 10 };
  const KEY = "sallyport/limits";

  it("is told with every result where the file says so", async () => {
    const kit = await gateWith({ window, rate: { per_minute: 60, burst: 5 }, show_left: "always" });
    expect(metaOf(await ask(kit), KEY)).toEqual([
      { what: "rate", per: "minute", left: 4, limit: 5, resets_in_ms: 0 },
      { what: "calls", per: "hour", left: 9, limit: 10, resets_in_ms: 3_600_000 },
    ]);
  });

  it("is told once it runs low, and else the result stays as it came", async () => {
    const kit = await gateWith({ window });
    for (let n = 0; n < 7; n++) expect((await ask(kit)).governed.kind).toBe("unchanged");
    expect(metaOf(await ask(kit), KEY)).toEqual([
      { what: "calls", per: "hour", left: 2, limit: 10, resets_in_ms: 3_600_000 },
    ]);
  });

  it("is never told where the file says so", async () => {
    const kit = await gateWith({ window: { per: "hour", max_calls: 1 }, show_left: "never" });
    expect((await ask(kit)).governed.kind).toBe("unchanged");
  });
});

describe("a concurrency cap", () => {
  /** A server that answers when told to. */
  function slow() {
    const pending: (() => void)[] = [];
    const forward = () => new Promise<Answer>((resolve) => pending.push(() => resolve(answer(saying("ok")))));
    return { pending, forward };
  }
  const called = (kit: TestGate, more = {}) => kit.call("db", "read_query", '{"query":"SELECT 1"}', more);

  it("lets the others wait for their turn, and all are answered", async () => {
    const kit = await gateWith({ concurrency: 2 });
    const { pending, forward } = slow();
    const all = Array.from({ length: 5 }, () => kit.gate.govern(called(kit), forward));
    const answered: number[] = [];
    for (let n = 0; n < 5; n++) {
      await vi.waitFor(() => expect(pending.length).toBeGreaterThan(0), PATIENT);
      answered.push(pending.length);
      pending.shift()!();
    }
    expect((await Promise.all(all)).map(({ kind }) => kind)).toEqual(Array(5).fill("unchanged"));
    expect(Math.max(...answered)).toBe(2);
  });

  it("is each principal's own, and no server waits for itself when it asks during a call", async () => {
    const kit = await gateWith({ concurrency: 1 });
    const { pending, forward } = slow();
    const first = kit.gate.govern(called(kit), forward);
    await vi.waitFor(() => expect(pending).toHaveLength(1), PATIENT);
    expect((await ask(kit, "read_query", { principal: { id: "jo", how: "api_key" } })).asked).toBe(1);
    const question = { method: "elicitation/create", upward: true } as const;
    expect((await kit.run(kit.call("db", "elicitation/create", '{"message":"Sure?"}', question))).asked).toBe(
      1,
    );
    pending.shift()!();
    await first;
  });

  it("who gives up in line is recorded as cancelled and never forwarded", async () => {
    const kit = await gateWith({ concurrency: 1 });
    const { pending, forward } = slow();
    const first = kit.gate.govern(called(kit), forward);
    await vi.waitFor(() => expect(pending).toHaveLength(1), PATIENT);
    const gone = new AbortController();
    const second = kit.gate.govern(called(kit), forward, gone.signal);
    gone.abort();
    expect((await second).kind).toBe("cancelled");
    expect(pending).toHaveLength(1);
    expect(kit.last().outcome).toBe("cancelled");
    pending.shift()!();
    await first;
  });
});
