import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { assertDurable } from "../../src/store/database.js";
import { MAX_QUEUED } from "../../src/store/group.js";
import { openStore } from "../../src/store/sqlite.js";
import type { Store, Tx } from "../../src/store/store.js";
import { freshFolder } from "../audit/sample.js";

const freshPath = (): string => join(freshFolder(), "audit.db");

const put = (store: Store, id: string, fill = ""): Promise<void> =>
  store.transact((tx) =>
    tx.run("INSERT INTO pins VALUES ('', '', ?, '', '', '', '', '', 0, 0, 0, '', ?, '')", id, fill),
  );

const ids = (tx: Tx): string[] =>
  tx.all<{ id: string }>("SELECT tool AS id FROM pins ORDER BY tool").map((row) => row.id);

const unavailable = (message: RegExp): object =>
  expect.objectContaining({ code: "store_unavailable", message: expect.stringMatching(message) });

describe("opening", () => {
  it("creates a folder and a file that only their owner can read", async () => {
    const path = join(freshFolder(), "data", "audit.db");
    const store = openStore(path);
    await put(store, "d_1");
    expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
    for (const file of [path, `${path}-wal`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it("is at synchronous=FULL and WAL on the first open and on every later one", async () => {
    const path = freshPath();
    for (let open = 1; open <= 3; open++) {
      const store = openStore(path);
      const state = store.read((tx) => [tx.get("PRAGMA synchronous"), tx.get("PRAGMA journal_mode")]);
      expect(state).toEqual([{ synchronous: 2 }, { journal_mode: "wal" }]);
      await store.close();
    }
  });

  it("keeps two megabytes of pages in memory: what a writer has written long ago it does not read", async () => {
    const store = openStore(freshPath());
    expect(store.read((tx) => tx.get("PRAGMA cache_size"))).toEqual({ cache_size: -2000 });
    await store.close();
  });

  it("does not believe that a setting was taken: it reads it back", async () => {
    const path = freshPath();
    await openStore(path).close();
    const reopened = new Database(path);
    expect(() => assertDurable(reopened, path)).toThrow(unavailable(/synchronous is 1, not 2/));
    reopened.pragma("synchronous = FULL");
    assertDurable(reopened, path);
    reopened.pragma("journal_mode = DELETE");
    expect(() => assertDurable(reopened, path)).toThrow(unavailable(/journal_mode is delete, not wal/));
    reopened.close();
  });

  it("refuses a file that is not a database, and leaves it as it is", () => {
    const path = freshPath();
    writeFileSync(path, "name,email\nMaya,maya@example.com\n".repeat(100));
    expect(() => openStore(path)).toThrow(unavailable(/is not a SQLite database/));
    expect(statSync(path).size).toBe(3300);
  });

  it("refuses a database of somebody else, and leaves it as it is", () => {
    const path = freshPath();
    const foreign = new Database(path);
    foreign.exec("CREATE TABLE customers (id INTEGER)");
    foreign.close();
    for (const readonly of [false, true]) {
      expect(() => openStore(path, { readonly })).toThrow(unavailable(/is not an audit store/));
    }
    const after = new Database(path);
    expect(after.pragma("journal_mode", { simple: true })).toBe("delete");
    expect(after.prepare("SELECT name FROM sqlite_schema").pluck().all()).toEqual(["customers"]);
    after.close();
  });

  it("refuses a store of a newer schema and says what to do", async () => {
    const path = freshPath();
    await openStore(path).close();
    const newer = new Database(path);
    newer.pragma("user_version = 99");
    newer.close();
    expect(() => openStore(path)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/newer version \(schema 99/),
        place: { file: path, fix: expect.stringContaining("upgrade") },
      }),
    );
  });

  it("refuses a damaged file", async () => {
    const path = freshPath();
    await openStore(path).close();
    const whole = new Database(path);
    const pages = Number(whole.pragma("page_count", { simple: true }));
    whole.close();
    writeFileSync(path, Buffer.alloc(4096 * (pages - 1), 0xa5), { flag: "r+" });
    expect(() => openStore(path)).toThrow(unavailable(/is not a SQLite database|is damaged/));
  });

  it("refuses a place where no file can be made", () => {
    const folder = freshFolder();
    writeFileSync(join(folder, "file"), "");
    expect(() => openStore(join(folder, "file", "audit.db"))).toThrow(
      unavailable(/cannot be used.*ENOTDIR|EEXIST/),
    );
    mkdirSync(join(folder, "audit.db"));
    expect(() => openStore(join(folder, "audit.db"))).toThrow(unavailable(/cannot be (opened|used)/));
  });

  it("for reading, creates nothing and says where it looked", () => {
    const path = freshPath();
    expect(() => openStore(path, { readonly: true })).toThrow(unavailable(/^no audit store at .*audit\.db$/));
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });

  it("for reading, works while another connection writes, and refuses to write", async () => {
    const path = freshPath();
    const writer = openStore(path);
    await put(writer, "d_1");
    const reader = openStore(path, { readonly: true });
    await put(writer, "d_2");
    expect(reader.read(ids)).toEqual(["d_1", "d_2"]);
    await expect(put(reader, "d_3")).rejects.toThrow(unavailable(/opened for reading/));
    await reader.close();
    await writer.close();
  });
});

describe("transact", () => {
  it("returns what the work returned, once another connection can see it", async () => {
    const path = freshPath();
    const store = openStore(path);
    const answers = await Promise.all(
      ["d_1", "d_2", "d_3"].map((id) =>
        store.transact((tx) => {
          tx.run("INSERT INTO pins VALUES ('', '', ?, '', '', '', '', '', 0, 0, 0, '', '', '')", id);
          return ids(tx).length;
        }),
      ),
    );
    expect(answers).toEqual([1, 2, 3]);
    const reader = openStore(path, { readonly: true });
    expect(reader.read(ids)).toEqual(["d_1", "d_2", "d_3"]);
    await reader.close();
    await store.close();
  });

  it("undoes a work that throws, and only that one", async () => {
    const store = openStore(freshPath());
    const settled = await Promise.allSettled([
      put(store, "d_1"),
      store.transact((tx) => {
        tx.run("INSERT INTO pins VALUES ('', '', 'd_2', '', '', '', '', '', 0, 0, 0, '', '', '')");
        throw new Error("changed my mind");
      }),
      put(store, "d_1"),
      put(store, "d_3"),
    ]);
    expect(settled.map((one) => one.status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(settled[1]).toMatchObject({ reason: { message: "changed my mind" } });
    expect(store.read(ids)).toEqual(["d_1", "d_3"]);
    await store.close();
  });

  it("refuses the whole group when the disk is full, and goes on when there is room again", async () => {
    const store = openStore(freshPath());
    await put(store, "d_1");
    await store.transact((tx) => {
      const { page_count: pages } = tx.get<{ page_count: number }>("PRAGMA page_count") ?? { page_count: 0 };
      tx.get(`PRAGMA max_page_count = ${pages}`);
    });
    const settled = await Promise.allSettled([put(store, "d_2"), put(store, "d_3", "x".repeat(100_000))]);
    expect(settled).toEqual([
      { status: "rejected", reason: unavailable(/disk or quota is full/) },
      { status: "rejected", reason: unavailable(/disk or quota is full/) },
    ]);
    expect(store.read(ids)).toEqual(["d_1"]);
    await store.transact((tx) => tx.get("PRAGMA max_page_count = 1000000"));
    await put(store, "d_4");
    expect(store.read(ids)).toEqual(["d_1", "d_4"]);
    await store.close();
  });

  it("waits for another writer, without blocking the event loop, and then succeeds", async () => {
    const path = freshPath();
    const store = openStore(path);
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");
    const waiting = put(store, "d_1");
    await new Promise((resolve) => setTimeout(resolve, 30));
    other.exec("COMMIT");
    await waiting;
    expect(store.read(ids)).toEqual(["d_1"]);
    other.close();
    await store.close();
  });

  it("refuses all that waits when another writer does not let go, and has written nothing", async () => {
    const path = freshPath();
    const store = openStore(path, { busyMs: 40 });
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");
    const settled = await Promise.allSettled([put(store, "d_1"), put(store, "d_2")]);
    expect(settled.map((one) => one.status)).toEqual(["rejected", "rejected"]);
    expect(settled[0]).toMatchObject({ reason: { code: "store_unavailable", place: { file: path } } });
    other.exec("COMMIT");
    expect(store.read(ids)).toEqual([]);
    await put(store, "d_3");
    expect(store.read(ids)).toEqual(["d_3"]);
    other.close();
    await store.close();
  });

  it("refuses when the file was deleted or replaced under it", async () => {
    const path = freshPath();
    const store = openStore(path);
    await put(store, "d_1");
    renameSync(path, `${path}.moved`);
    await expect(put(store, "d_2")).rejects.toThrow(unavailable(/removed or replaced/));
    writeFileSync(path, "");
    await expect(put(store, "d_3")).rejects.toThrow(unavailable(/removed or replaced/));
    rmSync(path);
    renameSync(`${path}.moved`, path);
    await put(store, "d_4");
    expect(store.read(ids)).toEqual(["d_1", "d_4"]);
    await store.close();
  });

  it("refuses what would make the queue too long, and writes the rest", async () => {
    const store = openStore(freshPath());
    const settled = await Promise.allSettled(
      Array.from({ length: MAX_QUEUED + 2 }, (_, n) => store.transact(() => n)),
    );
    expect(settled.filter((one) => one.status === "fulfilled")).toHaveLength(MAX_QUEUED);
    expect(settled.at(-1)).toMatchObject({ reason: { code: "store_unavailable" } });
    await store.close();
  });

  it("writes what was queued before close, and refuses what comes after", async () => {
    const path = freshPath();
    const store = openStore(path);
    const before = put(store, "d_1");
    const closed = store.close();
    await expect(put(store, "d_2")).rejects.toThrow(unavailable(/is closed/));
    await Promise.all([before, closed]);
    const reader = openStore(path, { readonly: true });
    expect(reader.read(ids)).toEqual(["d_1"]);
    await reader.close();
  });
});
