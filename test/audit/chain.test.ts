import { createHash } from "node:crypto";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeEach, describe, expect, it } from "vitest";
import { openAudit } from "../../src/audit/log.js";
import { verify, type Verification } from "../../src/audit/verify.js";
import { openStore } from "../../src/store/sqlite.js";
import { decide, denied, finish, freshFolder } from "./sample.js";

let path: string;

/** start, key, decision, outcome, decision, outcome, refused decision, stop: records 1 to 8; the chain alone. */
beforeEach(async () => {
  path = join(freshFolder(), "audit.db");
  const log = await openAudit({ path, version: "1.0.0" });
  for (let n = 0; n < 2; n++) await finish(log, await decide(log));
  await decide(log, denied);
  await log.close();
  tamper("DELETE FROM checkpoints");
});

async function verified(): Promise<Verification> {
  const store = openStore(path, { readonly: true });
  const result = verify(store);
  await store.close();
  return result;
}

function tamper(...statements: string[]): void {
  const db = new Database(path);
  for (const sql of statements) db.exec(sql);
  db.close();
}

async function problems(): Promise<[number, string][]> {
  const result = await verified();
  return result.ok ? [] : result.problems.map(({ seq, what }) => [seq, what]);
}

it("verifies what was written, and follows the published construction", async () => {
  const db = new Database(path, { readonly: true });
  const rows = db.prepare("SELECT seq, body, hash FROM records ORDER BY seq").all() as {
    seq: number;
    body: string;
    hash: Buffer;
  }[];
  db.close();
  const sha256 = (...parts: (string | Buffer)[]): Buffer =>
    createHash("sha256")
      .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
      .digest();
  let last: Buffer = Buffer.alloc(32);
  for (const { seq, body } of rows) {
    const place = Buffer.alloc(8);
    place.writeUInt32BE(seq, 4);
    last = sha256("sallyport-chain-v1", last, place, sha256(Buffer.of(0), body));
  }
  expect(await verified()).toEqual({
    ok: true,
    records: 8,
    head: { seq: 8, hash: last.toString("hex") },
    decisions: 3,
    open: 0,
    erased: 0,
    checkpoints: 0,
    covered: 0,
    key: expect.stringMatching(/^sallyport-audit\/[0-9a-f]{32}\+[0-9a-f]{8}\+/),
    anchored: 0,
    notices: [expect.stringContaining("no checkpoint covers")],
  });
});

describe("tampering is found:", () => {
  it("a flipped byte in a body", async () => {
    tamper(`UPDATE records SET body = replace(body, '"maya"', '"mayo"') WHERE seq = 5`);
    expect(await problems()).toEqual([[5, expect.stringContaining("the body was changed")]]);
  });

  it("a body with a new leaf hash to match", async () => {
    const db = new Database(path);
    const body = (db.prepare("SELECT body FROM records WHERE seq = 8").pluck().get() as string).replace(
      "stop",
      "st0p",
    );
    const leaf = createHash("sha256").update(`\u0000${body}`).digest();
    db.prepare("UPDATE records SET body = ?, body_hash = ? WHERE seq = 8").run(body, leaf);
    db.close();
    expect(await problems()).toContainEqual([8, expect.stringContaining("the chain is broken")]);
  });

  it.each([
    ["kind", "'outcome'"],
    ["id", "'d_other'"],
    ["time", "1"],
    ["ref", "'d_other'"],
  ])("a changed column %s", async (column, value) => {
    tamper(`UPDATE records SET ${column} = ${value} WHERE seq = 7`);
    expect(await problems()).toEqual([[7, expect.stringContaining(`column ${column} was changed`)]]);
  });

  it("a changed hash", async () => {
    tamper("UPDATE records SET hash = zeroblob(32) WHERE seq = 7");
    expect((await problems()).map(([seq]) => seq)).toEqual([7, 8]);
  });

  it("an erased body", async () => {
    tamper("UPDATE records SET body = NULL WHERE seq = 7");
    expect(await problems()).toEqual([[7, "the body is missing, and no record says that it was erased"]]);
  });

  it("a record deleted from the middle", async () => {
    tamper("DELETE FROM records WHERE seq = 7");
    expect(await problems()).toEqual([[8, "record 7 is missing"]]);
  });

  it("records deleted from the start", async () => {
    tamper("DELETE FROM records WHERE seq <= 6");
    expect(await problems()).toEqual([[7, "records 1 to 6 are missing"]]);
  });

  it("a record deleted, and the later ones moved up", async () => {
    tamper("DELETE FROM records WHERE seq = 7", "UPDATE records SET seq = 7 WHERE seq = 8");
    expect(await problems()).toEqual([[7, expect.stringContaining("the chain is broken")]]);
  });

  it("two records that changed places", async () => {
    tamper(
      "UPDATE records SET seq = 100 WHERE seq = 5",
      "UPDATE records SET seq = 5 WHERE seq = 7",
      "UPDATE records SET seq = 7 WHERE seq = 100",
    );
    const seqs = (await problems()).map(([seq]) => seq);
    expect(seqs).toEqual(expect.arrayContaining([5, 6, 7, 8]));
  });
});

it("a cut-off tail still verifies: only a head kept elsewhere shows it", async () => {
  const before = await verified();
  tamper("DELETE FROM records WHERE seq >= 7");
  const after = await verified();
  expect(after).toMatchObject({ ok: true, records: 6 });
  expect(before).toMatchObject({ head: { seq: 8 } });
  expect(after).toMatchObject({ head: { seq: 6 } });
});

it("reports at most twenty problems", async () => {
  const log = await openAudit({ path, version: "1.0.0" });
  await Promise.all(Array.from({ length: 30 }, () => decide(log, denied)));
  await log.close();
  tamper("UPDATE records SET time = 1");
  expect(await problems()).toHaveLength(20);
});

it("does not take an outcome that belongs to no open decision", async () => {
  const db = new Database(path);
  db.exec("DROP INDEX records_by_ref");
  db.close();
  const store = openStore(path);
  const { append } = await import("../../src/audit/chain.js");
  const { newId } = await import("../../src/audit/ids.js");
  const [first, refused] = store.read((tx) =>
    tx.all<{ id: string }>("SELECT id FROM records WHERE seq IN (3, 7) ORDER BY seq"),
  );
  for (const decision of [first?.id ?? "", refused?.id ?? "", "d_never"]) {
    const head = { id: newId("o"), time: 1, writer: "w_x" };
    await store.transact((tx) =>
      append(tx, { kind: "outcome", ...head, decision_id: decision, outcome: "released" }),
    );
  }
  await store.close();
  const found = await problems();
  expect(found.map(([seq]) => seq)).toEqual([9, 10, 11]);
  expect(found[0]?.[1]).toContain("no open decision");
});
