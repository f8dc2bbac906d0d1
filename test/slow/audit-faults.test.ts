/** What the store meets in the field: a full disk, a damaged page, a writer that hangs, several processes at once. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openAudit } from "../../src/audit/log.js";
import { search } from "../../src/audit/search.js";
import { verify } from "../../src/audit/verify.js";
import { openStore } from "../../src/store/sqlite.js";

const SCRIPT = fileURLToPath(new URL("../helpers/audit-writer.mjs", import.meta.url));

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sallyport-faults-"));
  path = join(folder, "audit.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Told {
  readonly calls: number;
  readonly refused?: readonly string[];
  readonly promised?: readonly string[];
}

interface Writer {
  readonly child: ChildProcess;
  /** The last it told. */
  told(): Told | undefined;
  reached(calls: number): Promise<void>;
  end(): Promise<Told>;
}

function writer(callers: number, command: readonly string[] = [process.execPath]): Writer {
  const [program = "", ...args] = command;
  const child = spawn(program, [...args, SCRIPT, path, String(callers)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let last: Told | undefined;
  let wake = (): void => {};
  createInterface({ input: child.stdout! }).on("line", (line) => {
    last = JSON.parse(line) as Told;
    wake();
  });
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise<void>((resolve) => (wake = resolve));
  };
  return {
    child,
    told: () => last,
    reached: (calls) => until(() => (last?.calls ?? 0) >= calls || last?.refused !== undefined),
    async end() {
      child.stdin?.write("\n");
      await until(() => last?.refused !== undefined);
      if (child.exitCode === null) await once(child, "exit");
      return last!;
    },
  };
}

function verified() {
  const store = openStore(path, { readonly: true });
  try {
    return verify(store);
  } finally {
    void store.close();
  }
}

function has(ids: readonly string[]): boolean {
  const store = openStore(path, { readonly: true });
  try {
    return store.read((tx) =>
      ids.every((id) => tx.get("SELECT 1 FROM records WHERE id = ?", id) !== undefined),
    );
  } finally {
    void store.close();
  }
}

it("four processes with 32 callers each share one file: none starves, none is refused", async () => {
  const writers = Array.from({ length: 4 }, () => writer(32));
  // None is asked to stop before the slowest has got through this often.
  await Promise.all(writers.map((one) => one.reached(300)));
  const all = await Promise.all(writers.map((one) => one.end()));
  expect(all.flatMap(({ refused }) => refused)).toEqual([]);
  const total = all.reduce((sum, { calls }) => sum + calls, 0);
  const result = verified();
  expect(result).toMatchObject({ ok: true, decisions: total, open: 0 });
  expect(result.ok && result.covered).toBe(result.records);
});

it("a full disk refuses, says why, and keeps what was promised", async () => {
  // A limit on the size of files is what a full disk looks like from inside: 2 MiB, in blocks of 512 or 1024 bytes.
  const limited = ["bash", "-c", 'ulimit -f 2048; exec "$0" "$@"', process.execPath];
  const one = writer(8, limited);
  await one.reached(Number.MAX_SAFE_INTEGER);
  const { refused = [], promised = [] } = await one.end();
  expect(refused.length).toBeGreaterThan(0);
  for (const message of refused)
    expect(message).toMatch(
      /^the audit store (?:cannot grow|cannot be read or written).*; fix: (?:free some space|check the disk)$/,
    );
  expect(promised.length).toBeGreaterThan(100);
  // There is room again: what was left open is closed, and the record goes on.
  const log = await openAudit({ path, version: "1.0.0" });
  await log.close();
  expect(has(promised)).toBe(true);
  expect(verified()).toMatchObject({ ok: true, open: 0 });
});

it("a file that may only be read is not written, and the start says so", async () => {
  await (await openAudit({ path, version: "1.0.0" })).close();
  const files = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile());
  for (const name of files) chmodSync(join(folder, name), 0o444);
  chmodSync(folder, 0o555);
  // Root may write everything: then somebody else tries.
  const as = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(process.execPath, [SCRIPT, path, "1"], { stdio: ["pipe", "pipe", "pipe"], ...as });
  let said = "";
  child.stderr.on("data", (chunk) => (said += String(chunk)));
  const [code] = (await once(child, "close")) as [number];
  chmodSync(folder, 0o700);
  expect(code).not.toBe(0);
  expect(said).toContain("store_unavailable");
  expect(said).toMatch(/make the file and its folder writable for this user/);
  expect(verified()).toMatchObject({ ok: true, records: 3 });
});

it("a damaged page is found by verify, and refuses reading where it is read", async () => {
  const one = writer(8);
  await one.reached(500);
  await one.end();
  const db = new Database(path);
  db.pragma("wal_checkpoint(TRUNCATE)");
  db.close();
  const size = readFileSync(path).length;
  const fd = openSync(path, "r+");
  for (let page = 20; page < Math.min(60, size / 4096); page++)
    writeSync(fd, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
  closeSync(fd);
  const read = (): unknown => {
    const result = verified();
    if (!result.ok) throw new Error(result.problems[0]?.what);
    return result;
  };
  expect(read).toThrow(/is damaged|missing|changed|chain is broken/);
  const store = openStore(path, { readonly: true });
  expect(() => search(store, {}, 10_000)).toThrow(expect.objectContaining({ code: "store_unavailable" }));
  await store.close();
});

it("another process that holds the write lock and hangs: calls are refused, and go on when it is gone", async () => {
  const one = writer(4);
  await one.reached(100);
  const db = new Database(path, { timeout: 10_000 });
  db.exec("BEGIN IMMEDIATE");
  await one.reached(Number.MAX_SAFE_INTEGER);
  expect(one.told()?.refused?.[0]).toContain("is held by another process's write");
  db.exec("ROLLBACK");
  db.close();
  const { promised = [] } = await one.end();
  expect(has(promised)).toBe(true);
  const next = writer(4);
  await next.reached(100);
  expect((await next.end()).refused).toEqual([]);
  expect(verified()).toMatchObject({ ok: true, open: 0 });
});
