import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openAudit } from "../../src/audit/log.js";
import { verify } from "../../src/audit/verify.js";
import { openStore } from "../../src/store/sqlite.js";
import { compileAudit, type Compiled } from "./compiled.js";
import { decide, finish, freshFolder } from "./sample.js";

/**
 * A proxy as the store sees it: `calls` calls, eight at a time; or, with 0, calls until it is killed, the
 * first of which never ends.
 */
const WRITER = `
import { openAudit } from "./src/audit/log.js";
import { newId } from "./src/audit/ids.js";
import { decisionBody, outcomeBody } from "./src/audit/bodies.js";
const [path, calls] = [process.argv[2], Number(process.argv[3])];
const log = await openAudit({ path, version: "1.0.0" });
const decision = { phase: "input", decision: "allow", rules: [], reason: "", findings: [], shadow: [],
  failClosed: false, snapshot: "5f" };
let made = 0;
let going = false;
async function caller() {
  while (calls === 0 || made < calls) {
    made++;
    const call = { id: newId("d"), principal: { id: "maya", how: "os_user" }, client: undefined, server: "crm",
      connector: "postgres", tool: "query", operation: "query", args: {}, argsText: "{}" };
    const first = calls === 0 && made === 1;
    await log.appendDecision(() => decisionBody({ call, decision }, log));
    if (first) return;
    if (made >= 200 && !going) process.stdout.write("going");
    going ||= made >= 200;
    await log.appendOutcome(() => outcomeBody({ callId: call.id, outcome: "released" }, log));
  }
}
await Promise.all(Array.from({ length: 8 }, caller));
await log.close();
`;

let compiled: Compiled;
let script: string;
beforeAll(() => {
  compiled = compileAudit();
  script = compiled.script("writer.mjs", WRITER);
});
afterAll(() => compiled.remove());

function start(path: string, calls: number): ChildProcess {
  return spawn(process.execPath, [script, path, `${calls}`], { stdio: ["ignore", "pipe", "inherit"] });
}

async function examine(
  path: string,
): Promise<{ ok: boolean; open: number; outcomes: string[]; writers: number }> {
  const store = openStore(path, { readonly: true });
  const result = verify(store);
  const read = (sql: string) => store.read((tx) => tx.all<{ value: string }>(sql).map((row) => row.value));
  const outcomes = read("SELECT body ->> 'outcome' AS value FROM records WHERE kind = 'outcome'");
  const writers = read("SELECT DISTINCT body ->> 'writer' AS value FROM records").length;
  await store.close();
  return { ok: result.ok, open: result.ok ? result.open : -1, outcomes, writers };
}

it("four processes that start at once share one file: no record is lost and the chain holds", async () => {
  const path = join(freshFolder(), "data", "audit.db");
  const children = Array.from({ length: 4 }, () => start(path, 100));
  const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0] as number));
  expect(codes).toEqual([0, 0, 0, 0]);
  const { ok, open, outcomes, writers } = await examine(path);
  expect({ ok, open, writers }).toEqual({ ok: true, open: 0, writers: 4 });
  expect(outcomes.length).toBeGreaterThanOrEqual(400);
  expect(new Set(outcomes)).toEqual(new Set(["released"]));
});

it("a process killed in the middle leaves a whole chain; what it had open is in_doubt, once", async () => {
  const path = join(freshFolder(), "audit.db");
  const survivor = await openAudit({ path, version: "1.0.0" });
  const mine = await decide(survivor);
  const child = start(path, 0);
  await once(child.stdout ?? child, "data");
  // As long as the process lives, nobody touches what it has open.
  await (await openAudit({ path, version: "1.0.0" })).close();
  expect((await examine(path)).outcomes).not.toContain("in_doubt");
  child.kill("SIGKILL");
  await once(child, "exit");
  const left = (await examine(path)).open - 1;
  expect(left).toBeGreaterThan(0);
  const [second, third] = await Promise.all([1, 2].map(() => openAudit({ path, version: "1.0.0" })));
  const after = await examine(path);
  expect(after.ok).toBe(true);
  expect(after.outcomes.filter((outcome) => outcome === "in_doubt")).toHaveLength(left);
  expect(after.open).toBe(1);
  await Promise.all([second?.close(), third?.close()]);
  const store = openStore(path, { readonly: true });
  expect(store.read((tx) => tx.all("SELECT writer FROM writers"))).toEqual([{ writer: survivor.writer }]);
  await store.close();
  expect(readdirSync(`${path}.writers`)).toEqual([survivor.writer]);
  await finish(survivor, mine);
  await survivor.close();
});
