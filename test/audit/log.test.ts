import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeEach, expect, it } from "vitest";
import { decisionBody } from "../../src/audit/bodies.js";
import { openAudit } from "../../src/audit/log.js";
import { verify } from "../../src/audit/verify.js";
import { openStore } from "../../src/store/sqlite.js";
import { aCall, aDecision, decide, denied, finish, freshFolder } from "./sample.js";

let path: string;
beforeEach(() => {
  path = join(freshFolder(), "audit.db");
});

const open = () => openAudit({ path, version: "1.0.0" });

async function kinds(): Promise<string[]> {
  const store = openStore(path, { readonly: true });
  const rows = store.read((tx) => tx.all<{ kind: string }>("SELECT kind FROM records ORDER BY seq"));
  await store.close();
  return rows.map((row) => row.kind);
}

async function outcomes(): Promise<[string, string][]> {
  const store = openStore(path, { readonly: true });
  const rows = store.read((tx) =>
    tx.all<{ ref: string; body: string }>(
      "SELECT ref, body FROM records WHERE kind = 'outcome' ORDER BY seq",
    ),
  );
  expect(verify(store).ok).toBe(true);
  await store.close();
  return rows.map((row) => [row.ref, (JSON.parse(row.body) as { outcome: string }).outcome]);
}

it("a writer's life is a start, a key where none is named yet, a posture, decisions with their outcomes, and a stop", async () => {
  const log = await open();
  await log.appendPosture({ snapshot: "5f".repeat(32), bundle: () => ({ posture: { profile: "default" } }) });
  const id = await decide(log);
  await finish(log, id);
  await decide(log, denied);
  await log.close();
  expect(await kinds()).toEqual(["start", "key", "posture", "decision", "outcome", "decision", "stop"]);
  expect(await outcomes()).toEqual([[id, "released"]]);
  expect(readdirSync(`${path}.writers`)).toEqual([]);
});

it("a receipt says where the record stands", async () => {
  const log = await open();
  const call = aCall();
  const receipt = await log.appendDecision(() => decisionBody({ call, decision: aDecision() }, log));
  expect(receipt).toEqual({ seq: 3, id: call.id, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  await log.close();
});

it("what is in force is kept whole once, and every start says where", async () => {
  const log = await open();
  const bundle = () => ({ posture: { profile: "default" } });
  const whole = await log.appendPosture({ snapshot: "5f".repeat(32), bundle });
  await log.appendPosture({
    snapshot: "5f".repeat(32),
    bundle: () => {
      throw new Error("made for nothing");
    },
  });
  await log.appendPosture({ snapshot: "aa".repeat(32), bundle });
  await log.close();
  const store = openStore(path, { readonly: true });
  const rows = store.read((tx) =>
    tx.all<{ body: string }>("SELECT body FROM records WHERE kind = 'posture' ORDER BY seq"),
  );
  await store.close();
  expect(rows.map(({ body }) => JSON.parse(body) as object)).toMatchObject([
    { bundle: bundle() },
    { bundle_in: whole.id },
    { bundle: bundle() },
  ]);
});

it("a decision that cannot be made leaves no record, and neither does what it wrote on the way", async () => {
  const log = await open();
  const failing = log.appendDecision((tx) => {
    tx.run("INSERT INTO writers VALUES ('w_x', 1)");
    throw new Error("budget used up");
  });
  await expect(failing).rejects.toThrow("budget used up");
  await log.close();
  expect(await kinds()).toEqual(["start", "key", "stop"]);
});

it("a decision has one outcome, and a refused one has none", async () => {
  const log = await open();
  const id = await decide(log);
  await finish(log, id);
  const refused = await decide(log, denied);
  for (const other of [id, refused, "d_never"]) {
    await expect(finish(log, other)).rejects.toThrow(expect.objectContaining({ code: "internal" }));
  }
  await log.close();
  expect(await outcomes()).toEqual([[id, "released"]]);
});

it("what a stopped writer left open is closed as in_doubt at the next start, once", async () => {
  const first = await open();
  const [left, done] = [await decide(first), await decide(first)];
  await finish(first, done);
  await first.close();
  const [second, third] = await Promise.all([open(), open()]);
  await Promise.all([second.close(), third.close()]);
  await (await open()).close();
  expect(await outcomes()).toEqual([
    [done, "released"],
    [left, "in_doubt"],
  ]);
});

it("an old decision among a thousand newer ones is found, though the start does not read from the beginning", async () => {
  const first = await open();
  for (let n = 0; n < 300; n++) await finish(first, await decide(first));
  const left = await decide(first);
  for (let n = 0; n < 300; n++) await finish(first, await decide(first));
  await first.close();
  const store = openStore(path, { readonly: true });
  const mark = store.read((tx) => tx.get<{ since: number }>("SELECT since FROM writers"))!.since;
  const seq = store.read((tx) => tx.get<{ seq: number }>("SELECT seq FROM records WHERE id = ?", left))!.seq;
  await store.close();
  expect(mark).toBe(seq);
  await (await open()).close();
  expect((await outcomes()).filter(([, outcome]) => outcome === "in_doubt")).toEqual([[left, "in_doubt"]]);
});

it("what a process of an older version left open is closed", async () => {
  const first = await open();
  const id = await decide(first);
  const { writer } = first;
  await first.close();
  const db = new Database(path);
  db.exec(`DROP TABLE writers; DROP TABLE approvals; DROP TABLE checkpoints;
    DROP TABLE stops; DROP TABLE buckets; ALTER TABLE windows DROP COLUMN cost; 
    CREATE TABLE open_decisions (id TEXT PRIMARY KEY, writer TEXT NOT NULL);
    CREATE INDEX records_by_time ON records (time); PRAGMA user_version = 2`);
  db.prepare("INSERT INTO open_decisions VALUES (?, ?)").run(id, writer);
  db.close();
  await (await open()).close();
  expect(await outcomes()).toEqual([[id, "in_doubt"]]);
});

it("what a living writer has open is left alone", async () => {
  const living = await open();
  const id = await decide(living);
  const other = await open();
  await other.close();
  await finish(living, id);
  await living.close();
  expect(await outcomes()).toEqual([[id, "released"]]);
});

it("what a store that was moved elsewhere has open is closed, though its writers' files are gone", async () => {
  const first = await open();
  const id = await decide(first);
  await first.close();
  rmSync(`${path}.writers`, { recursive: true });
  await (await open()).close();
  expect(await outcomes()).toEqual([[id, "in_doubt"]]);
});

it("a name in the store that is no writer's never becomes a path", async () => {
  await (await open()).close();
  const precious = join(path, "..", "precious");
  writeFileSync(precious, "");
  const db = new Database(path);
  db.exec("INSERT INTO writers VALUES ('../precious', 1)");
  db.close();
  writeFileSync(join(`${path}.writers`, "notes.txt"), "not a lock");
  await (await open()).close();
  expect(readdirSync(join(path, ".."))).toContain("precious");
  expect(readdirSync(`${path}.writers`)).toEqual(["notes.txt"]);
});

it("closing twice is closing once, and nothing is appended afterwards", async () => {
  const log = await open();
  await Promise.all([log.close(), log.close()]);
  expect(await kinds()).toEqual(["start", "key", "stop"]);
  await expect(decide(log)).rejects.toThrow(expect.objectContaining({ code: "store_unavailable" }));
});
