/**
 * A writer killed before each single step of its life: every statement to the database, every change to the file
 * system. Whatever the step, the next start repairs what is to be repaired, the store verifies, and nothing that was
 * promised is missing.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openAudit } from "../../src/audit/log.js";
import { holds } from "../../src/audit/holds.js";
import { verify } from "../../src/audit/verify.js";
import { openStore } from "../../src/store/sqlite.js";

const SCRIPT = fileURLToPath(new URL("../helpers/crash-point.mjs", import.meta.url));

/** Lives, or dies before step `at`; resolves with what it told. */
async function life(path: string, at: number): Promise<readonly (readonly [string, string])[]> {
  const child = spawn(process.execPath, [SCRIPT, path, String(at)], { stdio: ["ignore", "pipe", "inherit"] });
  let told = "";
  child.stdout.on("data", (chunk) => (told += String(chunk)));
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  expect(signal).toBe(at === 0 ? null : "SIGKILL");
  return told
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => [line.split(" ")[0]!, line.split(" ")[1] ?? ""]);
}

async function examine(path: string, told: readonly (readonly [string, string])[]): Promise<string[]> {
  const wrong: string[] = [];
  const log = await openAudit({ path, version: "1.0.0" });
  await log.close();
  const store = openStore(path, { readonly: true });
  const result = verify(store);
  if (!result.ok) wrong.push(...result.problems.map(({ seq, what }) => `${seq}: ${what}`));
  else if (result.open !== 0 || result.covered !== result.records)
    wrong.push("something is open, or not signed");
  store.read((tx) => {
    const has = (sql: string, ...params: (string | number)[]): boolean =>
      tx.get(sql, ...params) !== undefined;
    for (const [what, which] of told) {
      if (what === "decided" && !has("SELECT 1 FROM records WHERE id = ?", which))
        wrong.push(`${what} ${which}`);
      if (what === "released" && !has("SELECT 1 FROM records WHERE ref = ?", which))
        wrong.push(`${what} ${which}`);
      if (what === "signed" && !has("SELECT 1 FROM checkpoints WHERE size = ?", Number(which)))
        wrong.push(what);
      if (what === "held" && holds(tx).length !== 1) wrong.push(what);
      if (what === "erased" && has("SELECT 1 FROM records WHERE seq = 3 AND body IS NOT NULL"))
        wrong.push(what);
      if (what === "key" && !has("SELECT 1 FROM records WHERE kind = 'key' AND body ->> 'public' = ?", which))
        wrong.push(what);
    }
  });
  await store.close();
  for (const name of ["hmac.key", "checkpoint.key"])
    if ((statSync(join(path, "..", name)).mode & 0o777) !== 0o600) wrong.push(`mode of ${name}`);
  return wrong;
}

it("loses nothing and lies about nothing, wherever it is killed", { timeout: 300_000 }, async () => {
  const root = mkdtempSync(join(tmpdir(), "sallyport-crash-"));
  try {
    const whole = await life(join(root, "whole", "audit.db"), 0);
    expect(whole.map(([what]) => what)).toEqual([
      "decided",
      "released",
      "decided",
      "signed",
      "decided",
      "erased",
      "held",
      "key",
      "decided",
      "released",
      "closed",
    ]);
    const steps = Number(whole.at(-1)?.[1]);
    expect(steps).toBeGreaterThan(100);
    const failures: string[] = [];
    for (let at = 1; at <= steps; at++) {
      const path = join(root, String(at), "audit.db");
      const told = await life(path, at);
      const wrong = await examine(path, told).catch((error: unknown) => [String(error)]);
      failures.push(...wrong.map((what) => `killed before step ${at}: ${what}`));
      rmSync(join(root, String(at)), { recursive: true, force: true });
    }
    expect(failures).toEqual([]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
