import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openAudit, type AuditLog } from "../../src/audit/log.js";
import { checkProof, prover } from "../../src/audit/proof.js";
import { prune } from "../../src/audit/prune.js";
import { keepRetention } from "../../src/audit/retention.js";
import { search } from "../../src/audit/search.js";
import { parseVerifier } from "../../src/audit/note.js";
import { verify } from "../../src/audit/verify.js";
import { openStore } from "../../src/store/sqlite.js";
import { decide, denied, finish, freshFolder, STILL } from "./sample.js";

const DAY = 86_400_000;
const by = { id: "local:ann", how: "os_user" } as const;

let path: string;
let log: AuditLog;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-01-01") });
  path = join(freshFolder(), "audit.db");
  log = await openAudit({ clock: STILL, path, version: "1.0.0" });
});
afterEach(async () => {
  vi.useRealTimers();
  await log.close();
});

const later = (days: number): void => void vi.setSystemTime(Date.now() + days * DAY);

async function call(tool: string): Promise<string> {
  const id = await decide(log, {}, { tool });
  await finish(log, id);
  return id;
}

function stored<T>(work: (store: ReturnType<typeof openStore>) => T): T {
  const store = openStore(path, { readonly: true });
  try {
    return work(store);
  } finally {
    void store.close();
  }
}

const tools = (): string[] => stored((store) => search(store, {}, 100).map((one) => one.tool));

it("erases old calls, both records of each, and everything still verifies", async () => {
  await call("old");
  await decide(log, denied, { tool: "refused" });
  await log.checkpoint();
  later(10);
  await call("young");
  const done = await prune(log, { before: Date.now() - DAY, by });
  expect(done).toEqual({ erased: 3, held: 0, scrubbed: true });
  expect(tools()).toEqual(["young"]);
  await log.checkpoint();
  expect(stored((store) => verify(store))).toMatchObject({
    ok: true,
    records: 8,
    decisions: 3,
    open: 0,
    erased: 3,
    checkpoints: 2,
  });
  // A second time there is nothing left to do.
  expect(await prune(log, { before: Date.now() - DAY, by })).toMatchObject({ erased: 0 });
});

it("what people said of old calls goes with them, unless something is on hold", async () => {
  const id = await decide(log, { decision: "require_approval" });
  const said = { event: "approved", approval: "a_1", decision_id: id, by, comment: "fine by me" } as const;
  await log.appendApprovals(() => [said]);
  later(10);
  const { id: hold } = await log.appendHold({ event: "placed", query: { tool: "other" }, reason: "r", by });
  expect(await prune(log, { before: Date.now() - DAY, by })).toMatchObject({ erased: 1 });
  await log.appendHold({ event: "released", hold, reason: "r", by });
  expect(await prune(log, { before: Date.now() - DAY, by })).toMatchObject({ erased: 1 });
  expect(readFileSync(path, "latin1")).not.toContain("fine by me");
  await log.checkpoint();
  expect(stored((store) => verify(store))).toMatchObject({ ok: true, erased: 2 });
});

it("erased text is in none of the store's files", async () => {
  await decide(log, denied, { tool: "kestrel_lookup", principal: { id: "peregrine", how: "os_user" } });
  const files = (): string => ["", "-wal"].map((suffix) => readFileSync(`${path}${suffix}`, "latin1")).join();
  expect(files()).toContain("peregrine");
  later(10);
  expect(await prune(log, { before: Date.now() - DAY, by })).toMatchObject({ erased: 1, scrubbed: true });
  expect(files()).not.toContain("peregrine");
  expect(files()).not.toContain("kestrel_lookup");
});

it("a proof made before holds, and one of a neighbour is made after", async () => {
  const [old, young] = [await call("old"), await call("young")];
  await log.checkpoint();
  const body = (id: string) =>
    stored((store) =>
      store.read((tx) =>
        tx.get<{ seq: number; body: string }>("SELECT seq, body FROM records WHERE id = ?", id)!,
      ),
    );
  const [first, second] = [body(old), body(young)];
  const before = stored((store) => prover(store).prove(first.seq, first.body));
  const key = parseVerifier(stored((store) => verify(store) as { key: string }).key)!;
  later(10);
  await prune(log, { before: Date.now() - DAY, by });
  await log.checkpoint();
  expect(checkProof(before, [key])).toMatchObject({ ok: true });
  const after = stored((store) => prover(store).prove(second.seq, second.body));
  expect(checkProof(after, [key])).toMatchObject({ ok: true });
});

it("a body that somebody else took is told, also beside erased ones", async () => {
  await call("old");
  await call("old too");
  later(10);
  await decide(log, denied, { tool: "young" });
  await prune(log, { before: Date.now() - DAY, by });
  const db = new Database(path);
  db.exec("UPDATE records SET body = NULL WHERE seq = 7");
  db.close();
  expect(stored((store) => verify(store))).toMatchObject({
    ok: false,
    problems: [{ seq: 7, what: expect.stringContaining("no record says that it was erased") }],
  });
});

it("calls that are on hold stay until the hold is released, and so does a call without an outcome", async () => {
  const open = await decide(log, {}, { tool: "open" });
  await call("disputed");
  await call("other");
  later(10);
  const query = { tool: "disputed" };
  const { id } = await log.appendHold({ event: "placed", query, reason: "case 4711", by });
  expect(await prune(log, { before: Date.now() - DAY, by })).toMatchObject({ erased: 2, held: 1 });
  expect(tools()).toEqual(["disputed", "open"]);
  await log.appendHold({ event: "released", hold: id, reason: "closed", by });
  expect(await prune(log, { before: Date.now() - DAY, by })).toMatchObject({ erased: 2, held: 0 });
  await finish(log, open);
  expect(await prune(log, { before: Date.now() - DAY, by })).toMatchObject({ erased: 2 });
  expect(stored((store) => verify(store))).toMatchObject({ ok: true, erased: 6 });
});

it("a hold may be by time, principal, decision or category", async () => {
  const start = Date.now();
  await call("first");
  later(1);
  await decide(log, denied, { tool: "second" });
  await decide(log, {}, { tool: "open", principal: { id: "jo", how: "os_user" } });
  later(10);
  const held = async (query: object): Promise<number> => {
    const { id } = await log.appendHold({ event: "placed", query, reason: "r", by });
    const { held } = await prune(log, { before: Date.now() - DAY, by, dryRun: true });
    await log.appendHold({ event: "released", hold: id, reason: "r", by });
    return held;
  };
  expect(await held({ until: start + 1000 })).toBe(1);
  expect(await held({ since: start + 1000 })).toBe(1);
  expect(await held({ who: "maya" })).toBe(2);
  expect(await held({ who: "nobody" })).toBe(0);
  expect(await held({ decision: "deny" })).toBe(1);
  expect(await held({ category: "dangerous_queries" })).toBe(1);
});

it("a dry run says how much it would be, and erases nothing", async () => {
  await call("old");
  later(10);
  expect(await prune(log, { before: Date.now(), by, dryRun: true })).toEqual({
    erased: 2,
    held: 0,
    scrubbed: true,
  });
  expect(tools()).toEqual(["old"]);
});

it("more records than one stretch holds are all looked at", async () => {
  await Promise.all(Array.from({ length: 1200 }, () => decide(log, denied)));
  later(10);
  expect(await prune(log, { before: Date.now(), by, stopEarly: true })).toMatchObject({ erased: 1200 });
  expect(stored((store) => verify(store))).toMatchObject({ ok: true, erased: 1200 });
});

it("with a retention, old calls go by themselves", async () => {
  await call("old");
  later(40);
  await call("young");
  const problems: unknown[] = [];
  const retention = keepRetention(log, 30 * DAY, (error) => problems.push(error));
  await vi.waitFor(() => expect(tools()).toEqual(["young"]), { timeout: 15_000 });
  await retention.stop();
  expect(problems).toEqual([]);
});
