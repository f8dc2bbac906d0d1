import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { openAudit } from "../../src/audit/log.js";
import { verify } from "../../src/audit/verify.js";
import { stopCommand } from "../../src/cli/stop.js";
import { openStore } from "../../src/store/sqlite.js";
import { freshFolder } from "../audit/sample.js";

const NOON = Date.UTC(2026, 10, 20, 12);
let path: string;
let now: number;
beforeEach(() => {
  path = join(freshFolder(), "audit.db");
  now = NOON;
});

async function run(
  command: "stop" | "resume" | "stops",
  ...argv: string[]
): Promise<{ code: number; out: string; talk: string }> {
  let [out, talk] = ["", ""];
  const code = await stopCommand(command, argv, {
    path,
    version: "1.0.0",
    user: "maya",
    now: () => now,
    write: (text) => void (out += text),
    say: (text) => void (talk += text),
  });
  return { code, out, talk };
}

async function recorded(): Promise<Record<string, unknown>[]> {
  const store = openStore(path, { readonly: true });
  expect(verify(store)).toMatchObject({ ok: true });
  const bodies = store.read((tx) =>
    tx.all<{ body: string }>("SELECT body FROM records WHERE kind = 'control' ORDER BY seq"),
  );
  await store.close();
  return bodies.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
}

it("a stop is listed with who, why and until when, and ends when it is resumed", async () => {
  const { code, out } = await run(
    "stop",
    "--server",
    "crm",
    "--tool",
    "query",
    "--reason",
    "leak",
    "--for",
    "30m",
  );
  expect(code).toBe(0);
  const id = /^stopped server crm, tool query: (b_\w+)\n$/.exec(out)![1]!;
  const { out: shown } = await run("stops");
  expect(shown).toMatch(
    new RegExp(`server crm, tool query +local:maya +2026-11-20T12:00:00Z +2026-11-20T12:30:00Z +${id} +leak`),
  );
  expect(await run("resume", id)).toMatchObject({ code: 0, out: `resumed server crm, tool query: ${id}\n` });
  expect(await run("stops")).toMatchObject({ code: 0, out: "", talk: "nothing is stopped\n" });
});

it("both are on record, with who did it and how we know", async () => {
  await run("stop", "--principal", "jo", "--reason", "leak");
  await run("resume", "--principal", "jo", "--by", "ops", "--reason", "fixed");
  expect(await recorded()).toMatchObject([
    {
      event: "stopped",
      target: { principal: "jo" },
      by: { id: "local:maya", how: "os_user" },
      reason: "leak",
    },
    { event: "resumed", target: { principal: "jo" }, by: { id: "ops", how: "asserted" }, reason: "fixed" },
  ]);
});

it("without a scope everything is stopped, and resumed; another stop stays", async () => {
  await run("stop");
  await run("stop", "--session", "c_1");
  expect((await run("resume")).out).toMatch(/^resumed every call: b_\w+\n$/);
  const [left, ...more] = JSON.parse((await run("stops", "--json")).out) as object[];
  expect(left).toMatchObject({ session: "c_1", by: "local:maya", since: NOON, reason: "no reason given" });
  expect(more).toEqual([]);
  await run("stop");
  expect((await run("resume", "--all")).out.trim().split("\n")).toHaveLength(2);
});

it("one that has ended by itself is not listed", async () => {
  await run("stop", "--for", "1m");
  now = NOON + 60_000;
  expect((await run("stops")).talk).toBe("nothing is stopped\n");
});

it("a stop may come before the first start; resuming what was never stopped creates nothing", async () => {
  expect(await run("resume")).toMatchObject({ code: 1, talk: expect.stringContaining("no audit store") });
  expect(existsSync(path)).toBe(false);
  expect((await run("stop")).code).toBe(0);
  const audit = await openAudit({ path, version: "1.0.0" });
  await audit.close();
  expect((await run("stops")).out).toContain("every call");
});

it("resuming what is not stopped is told", async () => {
  await run("stop", "--server", "crm");
  expect(await run("resume", "--server", "wiki")).toMatchObject({
    code: 1,
    talk: expect.stringContaining("nothing of that is stopped"),
  });
});

it.each([
  ["stop", ["--servr", "crm"], /--servr/],
  ["stop", ["crm"], /crm/],
  ["stop", ["--server", ""], /needs a value/],
  ["stop", ["--for", "soon"], /30s/],
  ["stop", ["--reason", "x".repeat(301)], /at most 300/],
  ["resume", ["k_1", "--all"], /one of/],
  ["resume", ["k_1", "k_2"], /unexpected "k_2"/],
  ["stops", ["--all"], /--all/],
] as const)("bad usage is told: %s %j", async (command, argv, said) => {
  expect(await run(command, ...argv)).toMatchObject({ code: 2, talk: expect.stringMatching(said), out: "" });
});
