import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { openAudit } from "../../src/audit/log.js";
import { auditCommand } from "../../src/cli/audit.js";
import { NO_SETTINGS, type AuditSettings } from "../../src/config/audit.js";
import { decide, denied, finish, freshFolder } from "../audit/sample.js";

let path: string;
beforeEach(async () => {
  path = join(freshFolder(), "audit.db");
  const log = await openAudit({ path, version: "1.0.0" });
  await finish(log, await decide(log));
  await decide(log, denied, { principal: { id: "jo", how: "os_user" } });
  await log.close();
});

async function run(
  argv: readonly string[],
  settings: Partial<AuditSettings> = {},
): Promise<{ code: number; out: string; talk: string }> {
  let [out, talk] = ["", ""];
  const code = await auditCommand(argv, {
    path,
    settings: { ...NO_SETTINGS, ...settings },
    version: "1.0.0",
    user: "ann",
    color: false,
    write: (text) => void (out += text),
    say: (text) => void (talk += text),
  });
  return { code, out, talk };
}

const TOMORROW = new Date(Date.now() + 86_400_000).toISOString();

it("prune says what it erased, what is on hold, and what it did not touch", async () => {
  expect((await run(["prune", "--older-than", TOMORROW, "--dry-run"])).out).toMatch(
    /^3 records of calls before .* would be erased/,
  );
  const placed = await run(["hold", "--who", "jo", "--reason", "case 4711"]);
  const id = /^hold (h_\w+) placed/.exec(placed.out)?.[1] ?? "";
  expect((await run(["hold"])).out).toMatch(new RegExp(`^${id}  .*who jo: case 4711 \\(local:ann\\)\n$`));
  const { out, talk } = await run(["prune", "--older-than", TOMORROW]);
  expect(out).toMatch(/^2 records of calls before .* erased; 1 calls are on hold\n$/);
  expect(talk).toContain("Copies and exports are not touched");
  expect((await run(["hold", "--release", id, "--reason", "closed"])).code).toBe(0);
  expect((await run(["hold"])).talk).toBe("no hold is in force\n");
  expect(JSON.parse((await run(["prune", "--older-than", TOMORROW, "--json"])).out)).toMatchObject({
    erased: 1,
    held: 0,
  });
  expect((await run(["verify"])).code).toBe(0);
});

it("show tells an erased call from one that never was", async () => {
  const [call] = JSON.parse((await run(["search", "--json"])).out) as { id: string }[];
  await run(["prune", "--older-than", TOMORROW]);
  expect((await run(["show", call!.id])).talk).toContain("was erased: only its hash is left");
  expect((await run(["show", "d_never"])).talk).toContain("no call d_never");
});

it("prune takes the configuration's age when none is given", async () => {
  expect((await run(["prune"], { retentionMs: 86_400_000 })).out).toMatch(/^0 records/);
  expect(await run(["prune"])).toMatchObject({ code: 2, talk: expect.stringContaining("--older-than") });
});

it.each([
  [["hold", "--who", "jo"], /needs --reason/],
  [["hold", "--release", "h_1"], /needs --reason/],
  [["hold", "--outcome", "released"], /unknown flag --outcome/],
  [["prune", "--older-than", "old"], /is no time/],
])("%j is bad usage", async (argv, message) => {
  const { code, talk } = await run(argv);
  expect({ code, talk }).toEqual({ code: 2, talk: expect.stringMatching(message) });
});

it("a hold that is not in force cannot be released", async () => {
  expect(await run(["hold", "--release", "h_never", "--reason", "r"])).toMatchObject({
    code: 1,
    talk: "no hold h_never is in force\n",
  });
});
