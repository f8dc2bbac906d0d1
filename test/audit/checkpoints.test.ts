import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeEach, describe, expect, it } from "vitest";
import { openAudit, type AuditOptions } from "../../src/audit/log.js";
import { parseCheckpoint, parseVerifier, signCheckpoint } from "../../src/audit/note.js";
import { verify, type VerifyOptions } from "../../src/audit/verify.js";
import { openStore } from "../../src/store/sqlite.js";
import { decide, denied, finish, freshFolder } from "./sample.js";

let path: string;
beforeEach(() => {
  path = join(freshFolder(), "audit.db");
});

const open = (options: Partial<AuditOptions> = {}) => openAudit({ path, version: "1.0.0", ...options });

/** A process's life with `calls` calls. */
async function life(calls: number): Promise<void> {
  const log = await open();
  for (let n = 0; n < calls; n++) await finish(log, await decide(log));
  await log.close();
}

interface Stored {
  readonly size: number;
  readonly note: string;
}

function stored(): Stored[] {
  const db = new Database(path, { readonly: true });
  const rows = db.prepare("SELECT size, note FROM checkpoints ORDER BY size").all() as Stored[];
  db.close();
  return rows;
}

function tamper(...statements: string[]): void {
  const db = new Database(path);
  for (const sql of statements) db.exec(sql);
  db.close();
}

async function verified(options?: VerifyOptions) {
  const store = openStore(path, { readonly: true });
  const result = verify(store, options);
  await store.close();
  return result;
}

async function problems(options?: VerifyOptions): Promise<[number, string][]> {
  const result = await verified(options);
  return result.ok ? [] : result.problems.map(({ seq, what }) => [seq, what]);
}

/** Writes the whole chain anew, as somebody can who has the file and the key. */
async function rewrite(): Promise<void> {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
  await life(2);
}

describe("checkpoints are made", () => {
  it("at the end of every life, over every record", async () => {
    await life(2);
    await life(0);
    expect(stored().map(({ size }) => size)).toEqual([7, 9]);
    expect(await verified()).toMatchObject({ ok: true, records: 9, checkpoints: 2, covered: 9 });
  });

  it("on a timer, and not when nothing is new", async () => {
    const made: number[] = [];
    let seen = (): void => {};
    const log = await open({
      checkpointMs: 5,
      published: ({ size }) => {
        made.push(size);
        seen();
      },
    });
    const next = () => new Promise<void>((resolve) => (seen = resolve));
    if (made.length === 0) await next();
    expect(made).toEqual([2]);
    const second = next();
    await decide(log, denied);
    await second;
    expect(made).toEqual([2, 3]);
    expect(await log.checkpoint()).toBeUndefined();
    await log.close();
  });

  it("after ten thousand records, however fast they come", async () => {
    let told = (_size: number): void => {};
    const first = new Promise<number>((resolve) => (told = resolve));
    const log = await open({ published: ({ size }) => told(size) });
    await Promise.all(Array.from({ length: 10_001 }, () => decide(log, denied).catch(() => {})));
    expect(await first).toBeGreaterThan(9000);
    await log.close();
    expect(await verified()).toMatchObject({ ok: true });
  });

  it("by several processes on one file, one after the other", async () => {
    const [first, second] = await Promise.all([open(), open()]);
    for (let n = 0; n < 3; n++) {
      await decide(first, denied);
      await first.checkpoint();
      await decide(second, denied);
      await second.checkpoint();
    }
    await Promise.all([first.close(), second.close()]);
    expect(await verified()).toMatchObject({ ok: true, checkpoints: stored().length, covered: 11 });
  });

  it("and a checkpoint that cannot be made is told, while records go on", async () => {
    const errors: unknown[] = [];
    const log = await open({ problem: (error) => errors.push(error) });
    tamper("ALTER TABLE checkpoints RENAME TO gone");
    await decide(log, denied);
    await log.close();
    expect(errors).toHaveLength(1);
    tamper("ALTER TABLE gone RENAME TO checkpoints");
    expect(await verified()).toMatchObject({ ok: true, records: 4 });
  });
});

describe("the key", () => {
  it("is created for its owner alone, named in the records, and kept", async () => {
    await life(0);
    const file = join(path, "..", "checkpoint.key");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = readFileSync(file, "utf8");
    await life(0);
    expect(readFileSync(file, "utf8")).toBe(before);
    const result = await verified();
    const key = parseVerifier((result.ok && result.key) || "")!;
    expect(stored().every(({ note }) => key.signed(note))).toBe(true);
    expect(await verified({ key })).toMatchObject({ ok: true });
  });

  it("that others can read, or that is none, stops the start", async () => {
    await life(0);
    const file = join(path, "..", "checkpoint.key");
    writeFileSync(file, "not a key", { mode: 0o600 });
    await expect(open()).rejects.toThrow(/checkpoint key is no Ed25519 private key/);
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    writeFileSync(file, rsa.export({ format: "pem", type: "pkcs8" }));
    await expect(open()).rejects.toThrow(/no Ed25519/);
  });

  it("can be changed: the record says so, old checkpoints hold, the old key signs no more", async () => {
    const log = await open();
    await decide(log, denied);
    await log.changeKey();
    await decide(log, denied);
    await log.close();
    const result = await verified();
    expect(result).toMatchObject({ ok: true, checkpoints: 3 });
    const kinds = (): unknown => {
      const db = new Database(path, { readonly: true });
      const rows = db.prepare("SELECT body ->> 'event' AS event FROM records WHERE kind = 'key'").all();
      db.close();
      return rows;
    };
    expect(kinds()).toEqual([{ event: "first" }, { event: "changed" }]);
    // The newest checkpoint, signed with the key of before.
    const last = stored().at(-1)!;
    const old = generateKeyPairSync("ed25519").privateKey;
    const forged = signCheckpoint(parseCheckpoint(last.note)!, old);
    tamper(`UPDATE checkpoints SET note = '${forged}' WHERE size = ${last.size}`);
    expect(await problems()).toEqual([
      [last.size, expect.stringContaining("not signed by the key on record")],
    ]);
  });

  it("that takes another's place without its signature is told: whoever can write the store could do that", async () => {
    const log = await open();
    await log.changeKey();
    await log.close();
    expect((await verified()).notices).toEqual([]);
    rmSync(join(path, "..", "checkpoint.key"));
    await life(0);
    const result = await verified();
    expect(result).toMatchObject({ ok: true });
    expect(result.notices).toEqual([
      expect.stringMatching(/key was changed at record \d+ without the old key's signature/),
    ]);
  });

  it("that another process has put in force is followed", async () => {
    const first = await open();
    const second = await open();
    const next = await second.changeKey();
    await decide(first, denied);
    await first.checkpoint();
    await Promise.all([first.close(), second.close()]);
    const result = await verified();
    expect(result.ok && result.key).toContain(
      Buffer.concat([Buffer.of(1), Buffer.from(next, "base64")]).toString("base64"),
    );
    expect(result).toMatchObject({ ok: true, covered: result.records });
  });

  it("that another process has from elsewhere is not signed against", async () => {
    const first = await open();
    const signingPem = generateKeyPairSync("ed25519")
      .privateKey.export({ format: "pem", type: "pkcs8" })
      .toString();
    const second = await open({ signingPem });
    await decide(first, denied);
    await expect(first.checkpoint()).rejects.toThrow(/not the one on record/);
    await first.close();
    await second.close();
    expect(await verified()).toMatchObject({ ok: true });
  });

  it("can come from the configuration; a change is recorded at the next start", async () => {
    const pem = (): string =>
      generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    const [one, two] = [pem(), pem()];
    for (const signingPem of [one, one, two]) await (await open({ signingPem })).close();
    const log = await open({ signingPem: two });
    await expect(log.changeKey()).rejects.toThrow(expect.objectContaining({ code: "config_invalid" }));
    await log.close();
    expect(await verified()).toMatchObject({ ok: true, checkpoints: 4 });
    expect(() => statSync(join(path, "..", "checkpoint.key"))).toThrow(/ENOENT/);
  });
});

describe("with checkpoints, verify finds", () => {
  beforeEach(() => life(2));

  it("a deleted tail", async () => {
    tamper("DELETE FROM records WHERE seq > 5");
    expect(await problems()).toEqual([
      [7, "a checkpoint covers 7 records, and there are 5: the end is gone"],
    ]);
  });

  it("a chain that was written anew up to its end: the signature is for other records", async () => {
    const [{ note }] = stored() as [Stored];
    const db = new Database(path);
    const bodies = db.prepare("SELECT seq, body FROM records ORDER BY seq").all() as {
      seq: number;
      body: string;
    }[];
    const { chainHash, GENESIS } = await import("../../src/audit/chain.js");
    const { leafHash } = await import("../../src/audit/tree.js");
    let last = GENESIS.hash;
    for (const { seq, body } of bodies) {
      const text = body.replace('"maya"', '"mayo"');
      const leaf = leafHash(text);
      last = chainHash(last, seq, leaf);
      db.prepare("UPDATE records SET body = ?, body_hash = ?, hash = ? WHERE seq = ?").run(
        text,
        leaf,
        last,
        seq,
      );
    }
    db.close();
    expect(stored()[0]?.note).toBe(note);
    expect(await problems()).toEqual([[7, "the records are not those that the checkpoint was signed for"]]);
  });

  it("a checkpoint signed by somebody else, or of another log, or none at all", async () => {
    const [{ note }] = stored() as [Stored];
    const checkpoint = parseCheckpoint(note)!;
    const { privateKey } = generateKeyPairSync("ed25519");
    for (const [forged, what] of [
      [signCheckpoint(checkpoint, privateKey), "not signed by the key on record"],
      [signCheckpoint({ ...checkpoint, origin: "other" }, privateKey), "of another log"],
      ["nonsense", "is not one"],
    ] as const) {
      tamper(`UPDATE checkpoints SET note = '${forged}'`);
      expect(await problems()).toEqual([[7, expect.stringContaining(what)]]);
    }
  });

  it("that checkpoints were taken away, which proves nothing but is told", async () => {
    expect((await verified()).notices).toEqual([]);
    tamper("DELETE FROM checkpoints");
    const result = await verified();
    expect(result.ok).toBe(true);
    expect(result.notices).toEqual([
      expect.stringContaining("a process ended at record 7, and no checkpoint covers"),
    ]);
  });

  it("a store whose newest checkpoint is not by the key that somebody noted", async () => {
    const before = await verified();
    const key = parseVerifier((before.ok && before.key) || "")!;
    rmSync(join(path, "..", "checkpoint.key"));
    await life(1);
    expect(await problems()).toEqual([]);
    expect((await problems({ key }))[0]?.[1]).toContain("not signed by the given key");
    tamper("DELETE FROM checkpoints");
    expect((await problems({ key }))[0]?.[1]).toContain("no checkpoint is there");
  });
});

describe("with checkpoints kept elsewhere, verify finds", () => {
  const anchors = (notes: readonly Stored[]) => [
    { from: "the anchor", notes: notes.map(({ note }) => note) },
  ];

  it("nothing where they agree", async () => {
    await life(1);
    await life(1);
    expect(await verified({ anchors: anchors(stored()) })).toMatchObject({ ok: true, anchored: 2 });
  });

  it("a tail deleted together with its checkpoints", async () => {
    await life(1);
    await life(1);
    const kept = stored();
    tamper("DELETE FROM records WHERE seq > 5", "DELETE FROM checkpoints WHERE size > 5");
    expect(await problems()).toEqual([]);
    expect(await problems({ anchors: anchors(kept) })).toEqual([
      [9, "the anchor has a checkpoint of 9 records, and there are 5: the end is gone"],
    ]);
  });

  it("an old copy that was put back", async () => {
    await life(1);
    const copy = join(freshFolder(), "copy.db");
    copyFileSync(path, copy);
    await life(1);
    const kept = stored();
    copyFileSync(copy, path);
    expect(await problems()).toEqual([]);
    expect((await problems({ anchors: anchors(kept) }))[0]?.[1]).toContain("the end is gone");
    // Gone on from there, by the real key: sizes fit, records do not.
    await life(1);
    expect(await problems()).toEqual([]);
    expect((await problems({ anchors: anchors(kept) }))[0]?.[1]).toContain("of other records than are here");
  });

  it("a whole new chain, signed with the real key", async () => {
    await life(2);
    const kept = stored();
    await rewrite();
    expect(await problems()).toEqual([]);
    expect((await problems({ anchors: anchors(kept) }))[0]?.[1]).toContain("has no checkpoint of this log");
  });

  it("that somebody else has written into the anchor", async () => {
    await life(1);
    const [first] = stored() as [Stored];
    const { privateKey } = generateKeyPairSync("ed25519");
    const forged = { size: 5, note: signCheckpoint(parseCheckpoint(first.note)!, privateKey) };
    expect((await problems({ anchors: anchors([first, forged]) }))[0]?.[1]).toContain(
      "no key on record signed",
    );
    expect((await problems({ anchors: anchors([{ size: 0, note: "noise" }]) }))[0]?.[1]).toContain(
      "no checkpoint",
    );
  });
});

it("a clock that steps back is told, and breaks nothing", async () => {
  await life(1);
  const { vi } = await import("vitest");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 3_600_000 });
  try {
    await life(1);
  } finally {
    vi.useRealTimers();
  }
  const result = await verified();
  expect(result).toMatchObject({ ok: true, checkpoints: 2 });
  expect(result.notices).toEqual([
    expect.stringMatching(/^the clock stood behind .* at 4 records, most at record 6: by 3600 s$/),
    "1 checkpoints say a time before that of a record they cover",
  ]);
});
