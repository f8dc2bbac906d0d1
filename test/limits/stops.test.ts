import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openAudit } from "../../src/audit/log.js";
import { addStop, removeStop, stopFor, type Stop, type StopScope } from "../../src/limits/stops.js";
import { openStore } from "../../src/store/sqlite.js";
import { saying, testGate, type TestGate } from "../helpers/gate.js";

const now = Date.UTC(2026, 10, 20, 12);
const stopped = (scope: StopScope, more: Partial<Stop> = {}): Stop => ({
  id: `k_${JSON.stringify(scope)}`,
  reason: "incident 42",
  by: "local:maya",
  since: now,
  ...scope,
  ...more,
});

let dir: string;
const kits: TestGate[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-stops-"));
});
afterEach(async () => {
  for (const kit of kits.splice(0)) await kit.close();
  rmSync(dir, { recursive: true, force: true });
});

async function gateOf(settings: object = {}): Promise<TestGate> {
  const kit = await testGate({ db: { connector: "sqlite" }, wiki: { connector: "http" } }, settings, { dir });
  kits.push(kit);
  return kit;
}

/** As `sallyport stop` in a process of its own. */
async function change(work: Parameters<ReturnType<typeof openStore>["transact"]>[0]): Promise<void> {
  const audit = await openAudit({ path: join(dir, "audit.db"), version: "test" });
  await audit.appendControls((tx) => {
    work(tx);
    return [];
  });
  await audit.close();
}

it.each([
  [{}, true],
  [{ server: "db" }, true],
  [{ server: "wiki" }, false],
  [{ tool: "read_query" }, true],
  [{ tool: "write_query" }, false],
  [{ principal: "maya" }, true],
  [{ principal: "jo" }, false],
  [{ session: "c_1" }, true],
  [{ session: "c_2" }, false],
  [{ server: "db", tool: "read_query", principal: "maya" }, true],
  [{ server: "db", tool: "read_query", principal: "jo" }, false],
] as const)("a stop of %j holds the call back: %s", async (scope, expected) => {
  const store = openStore(join(dir, "audit.db"));
  const call = {
    server: "db",
    tool: "read_query",
    principal: { id: "maya", how: "os_user" },
    session: "c_1",
  } as const;
  await store.transact((tx) => addStop(tx, stopped(scope)));
  expect(store.read((tx) => stopFor(tx, call, now)) !== undefined).toBe(expected);
  await store.close();
});

it("the next call in every process is refused, and goes through again once it is resumed", async () => {
  const [one, two] = [await gateOf(), await gateOf()];
  const ask = (kit: TestGate) => kit.run(kit.call("db", "read_query", '{"query":"SELECT 1"}'));
  expect([(await ask(one)).asked, (await ask(two)).asked]).toEqual([1, 1]);
  await change((tx) => addStop(tx, stopped({ server: "db" })));
  for (const kit of [one, two]) {
    const { asked, told } = await ask(kit);
    expect(asked).toBe(0);
    expect(told).toContain('A person has stopped server db: "incident 42"');
    expect(told).toContain("stopped by local:maya");
    expect(told).toContain("Do not retry");
    expect((await kit.run(kit.call("wiki", "get_page", "{}"))).asked).toBe(1);
  }
  await change((tx) => removeStop(tx, stopped({ server: "db" }).id));
  expect([(await ask(one)).asked, (await ask(two)).asked]).toEqual([1, 1]);
});

it("holds under the profile that only records", async () => {
  const kit = await gateOf({ profile: "dev" });
  await change((tx) => addStop(tx, stopped({})));
  const call = kit.call("db", "read_query", '{"query":"SELECT 1"}');
  expect((await kit.run(call, saying("x"))).asked).toBe(0);
  expect(kit.last()).toMatchObject({
    decision: "deny",
    rule: "stop",
    type: "stopped",
    category: "high_risk",
  });
});

it("one that ends by itself says when to come back", async () => {
  const store = openStore(join(dir, "audit.db"));
  const stop = stopped({}, { until: now + 60_000 });
  await store.transact((tx) => addStop(tx, stop));
  const call = { server: "db", tool: "t", principal: { id: "maya", how: "os_user" } } as const;
  expect(store.read((tx) => stopFor(tx, call, now + 59_999))).toEqual(stop);
  expect(store.read((tx) => stopFor(tx, call, now + 60_000))).toBeUndefined();
  await store.close();
});

it("a stopped call takes nothing out of a budget", async () => {
  const limits = { window: { per: "day", max_calls: 1 } };
  const kit = await testGate({ db: { connector: "sqlite", limits } }, {}, { dir });
  kits.push(kit);
  const ask = () => kit.run(kit.call("db", "read_query", '{"query":"SELECT 1"}'));
  await change((tx) => addStop(tx, stopped({})));
  expect((await ask()).asked).toBe(0);
  await change((tx) => removeStop(tx, stopped({}).id));
  expect((await ask()).asked).toBe(1);
});
