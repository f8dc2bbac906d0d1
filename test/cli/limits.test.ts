import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { limitsCommand } from "../../src/cli/limits.js";
import { drawToken } from "../../src/limits/rate.js";
import { claim, countCall } from "../../src/limits/windows.js";
import type { Connector, Limits } from "../../src/model/posture.js";
import { openStore } from "../../src/store/sqlite.js";
import { freshFolder } from "../audit/sample.js";

const NOON = Date.UTC(2026, 10, 20, 12);
const rate = { per_minute: 6, burst: 3 };
const limits: Limits = {
  window: [
    { per: "hour", max_calls: 10, max_rows: 100 },
    { per: "day", max_cost: 50 },
  ],
  rate,
};
const connector = { connector: "postgres" } as Connector;

let path: string;
let now: number;
beforeEach(() => {
  path = join(freshFolder(), "audit.db");
  now = NOON + 60_000;
});

async function run(...argv: string[]): Promise<{ code: number; out: string; talk: string }> {
  let [out, talk] = ["", ""];
  const code = await limitsCommand(argv, {
    path,
    version: "1.0.0",
    servers: [{ name: "crm", limits, connector }],
    user: "maya",
    now: () => now,
    write: (text) => void (out += text),
    say: (text) => void (talk += text),
  });
  return { code, out, talk };
}

/** What calls of two principals leave behind. */
async function used(): Promise<void> {
  const store = openStore(path);
  await store.transact((tx) => {
    for (const principal of ["jo", "maya"]) {
      for (const window of limits.window!) {
        countCall(tx, { principal, connector: "postgres" }, window, NOON, 5);
        claim(tx, { principal, connector: "postgres" }, window, NOON, { rows: 30, bytes: 7 });
      }
      drawToken(tx, { principal, server: "crm", tool: "query" }, rate, now);
    }
  });
  await store.close();
}

it("shows what each principal has used, and what is left until when", async () => {
  await used();
  const { code, out } = await run("--principal", "maya");
  expect(code).toBe(0);
  expect(out.split("\n").map((line) => line.replaceAll(/ +/g, " "))).toEqual([
    "PRINCIPAL OF BUDGET USED LIMIT LEFT RESETS IN",
    "maya postgres calls/hour 1 10 9 3540 s",
    "maya postgres rows/hour 30 100 70 3540 s",
    "maya postgres cost/day 5 50 45 43140 s",
    "maya crm/query rate/minute - 3 2 0 s",
    "",
  ]);
  expect(JSON.parse((await run("--json")).out)).toHaveLength(8);
});

it("leaves out windows that are over and buckets that are full", async () => {
  await used();
  now += 3_600_000;
  expect((await run("--principal", "maya")).out).not.toMatch(/hour|rate/);
  now += 86_400_000;
  expect(await run()).toMatchObject({ code: 0, out: "", talk: "no budget is in use\n" });
});

it("reset gives back what is named, nothing else, and is on record", async () => {
  await used();
  expect((await run("reset", "--principal", "jo", "--reason", "month end")).out).toBe(
    "gave 3 budgets back\n",
  );
  expect((await run()).out).not.toContain("jo ");
  expect((await run("reset", "--server", "crm")).out).toBe("gave 1 budget back\n");
  expect((await run("reset", "--connector", "slack")).out).toBe("gave 0 budgets back\n");
  expect((await run()).out).toContain("calls/hour");
  expect((await run("reset", "--all", "--by", "ops")).out).toBe("gave 2 budgets back\n");
  const store = openStore(path, { readonly: true });
  const bodies = store.read((tx) =>
    tx.all<{ body: string }>("SELECT body FROM records WHERE kind = 'control' ORDER BY seq"),
  );
  await store.close();
  expect(bodies.map(({ body }) => JSON.parse(body) as object)).toMatchObject([
    { event: "limits_reset", target: { principal: "jo" }, by: { id: "local:maya" }, reason: "month end" },
    { event: "limits_reset", target: { server: "crm" } },
    { event: "limits_reset", target: {}, by: { id: "ops", how: "asserted" } },
  ]);
});

it("resetting what was never counted creates no store", async () => {
  expect(await run("reset", "--all")).toMatchObject({
    code: 1,
    talk: expect.stringContaining("no audit store"),
  });
  expect(existsSync(path)).toBe(false);
});

it.each([
  [["rest"], /unexpected "rest"/],
  [["reset"], /--principal/],
  [["reset", "--all", "--principal", "jo"], /--all/],
  [["--jsn"], /--jsn/],
])("bad usage is told: %j", async (argv, said) => {
  expect(await run(...argv)).toMatchObject({ code: 2, talk: expect.stringMatching(said), out: "" });
});
