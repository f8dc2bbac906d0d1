import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openAudit } from "../../src/audit/log.js";
import { parseVerifier } from "../../src/audit/note.js";
import { checkProof, prover } from "../../src/audit/proof.js";
import { verify } from "../../src/audit/verify.js";
import { openStore } from "../../src/store/sqlite.js";
import { decide, denied, freshFolder, STILL } from "./sample.js";

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

let path: string;
beforeEach(() => {
  path = join(freshFolder(), "audit.db");
  vi.useFakeTimers({ toFake: ["Date"], now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A call and a checkpoint, each `apart` milliseconds. Gives every note that was signed. */
async function life(count: number, apart: number, changeKeyAt?: number): Promise<string[]> {
  const notes: string[] = [];
  const log = await openAudit({
    clock: STILL,
    path,
    version: "1.0.0",
    published: ({ note }) => void notes.push(note),
  });
  for (let n = 0; n < count; n++) {
    vi.setSystemTime(Date.now() + apart);
    await decide(log, denied);
    await log.checkpoint();
    if (n === changeKeyAt) await log.changeKey();
  }
  await log.close();
  return notes;
}

function times(): number[] {
  const db = new Database(path, { readonly: true });
  const found = db.prepare("SELECT time FROM checkpoints ORDER BY size").pluck().all() as number[];
  db.close();
  return found;
}

const perHour = (all: readonly number[]) =>
  all.filter((time) => Math.floor(time / (60 * MINUTE)) === Math.floor(START / (60 * MINUTE))).length;

it("keeps the newest thousand, and of those before the last of each hour", async () => {
  await life(900, 10 * MINUTE);
  const young = times();
  expect(young.length).toBeGreaterThan(900);
  expect(perHour(young)).toBe(5);
  await life(260, 10 * MINUTE);
  const old = times();
  expect(perHour(old)).toBe(1);
  expect(old[0]).toBe(START + 50 * MINUTE);
  expect(old.length).toBeLessThan(1060);
});

it("keeps the last of each day once they are older than ninety days", async () => {
  await life(24, 60 * MINUTE);
  vi.setSystemTime(START + 100 * 24 * 60 * MINUTE);
  await life(1060, MINUTE);
  const firstDay = times().filter((time) => time < START + 24 * 60 * MINUTE);
  expect(firstDay).toEqual([START + 23 * 60 * MINUTE]);
});

it("leaves verify, every proof, published checkpoints and the last one of an old key as they were", async () => {
  const notes = await life(1200, 5 * MINUTE, 2);
  expect(times().length).toBeLessThan(notes.length - 100);
  // The third was the last before the key was changed; those beside it in its hour are gone.
  expect(times()[0]).toBe(START + 15 * MINUTE);
  const store = openStore(path, { readonly: true });
  const result = verify(store, { anchors: [{ from: "elsewhere", notes }] });
  expect(result).toMatchObject({ ok: true, anchored: notes.length, notices: [] });
  const key = parseVerifier((result.ok && result.key) || "")!;
  const second = store.read((tx) => tx.get<{ body: string }>("SELECT body FROM records WHERE seq = 3"))!;
  expect(checkProof(prover(store).prove(3, second.body), [key])).toMatchObject({ ok: true, seq: 3 });
  await store.close();
});

it("takes none when the clock leaps ahead", async () => {
  await life(10, MINUTE);
  const before = times().length;
  vi.setSystemTime(START + 20 * 365 * 24 * 60 * MINUTE);
  await life(2, MINUTE);
  expect(times().length).toBeGreaterThan(before);
});
