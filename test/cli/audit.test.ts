import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeEach, describe, expect, it } from "vitest";
import { auditHelp } from "../../src/cli/audit-args.js";
import { openAudit } from "../../src/audit/log.js";
import { auditCommand } from "../../src/cli/audit.js";
import type { AuditIo } from "../../src/cli/audit-io.js";
import { NO_SETTINGS } from "../../src/config/audit.js";
import { aDecision, aFinding, decide, denied, finish, freshFolder } from "../audit/sample.js";

let path: string;
let ids: { released: string; redacted: string; refused: string };

beforeEach(async () => {
  path = join(freshFolder(), "audit.db");
  const log = await openAudit({ path, version: "1.0.0" });
  await log.appendPosture({ snapshot: "5f".repeat(32), bundle: () => ({ posture: { profile: "default" } }) });
  const released = await decide(log);
  await finish(log, released, { rows: { rule: "$.rows", received: 3, released: 3 } });
  const redacted = await decide(log, {}, { principal: { id: "jo", how: "os_user", team: "ops" } });
  await finish(log, redacted, {
    outcome: "redacted",
    decision: aDecision({
      phase: "output",
      decision: "remediate",
      reason: "One value was masked.",
      rules: [{ rule: "pii", category: "pii", action: "redact", source: "profile default" }],
      findings: [aFinding()],
    }),
    rows: { rule: "$.rows", received: 40, released: 20 },
    bytes: { received: 4000, released: 2000 },
    limits: { max_rows: 20, on_exceed: "truncate", window: [{ per: "hour", max_rows: 1000 }] },
    durationMs: 8.25,
    notScanned: [{ pointer: "/content/1/data", bytes: 512, why: "image" }],
  });
  const refused = await decide(log, denied, { tool: "run\u001b[2Jaway" });
  await log.close();
  ids = { released, redacted, refused };
});

async function run(
  argv: readonly string[],
  io: Partial<AuditIo> = {},
): Promise<{ code: number; out: string; talk: string }> {
  let out = "";
  let talk = "";
  const write = (text: string): void => void (out += text);
  const say = (text: string): void => void (talk += text);
  const code = await auditCommand(argv, {
    path,
    settings: NO_SETTINGS,
    version: "1.0.0",
    user: "ann",
    color: false,
    write,
    say,
    ...io,
  });
  return { code, out, talk };
}

describe("search and tail", () => {
  it("--json prints one array with one record a line: search newest first, tail oldest first", async () => {
    const newest = await run(["search", "--json"]);
    expect(newest.code).toBe(0);
    const records = JSON.parse(newest.out) as { id: string }[];
    expect(records.map((one) => one.id)).toEqual([ids.refused, ids.redacted, ids.released]);
    expect(newest.out.split("\n")).toHaveLength(records.length + 3);
    expect(records[1]).toMatchObject({ principal: "jo", server: "crm", tool: "query", outcome: "redacted" });
    const oldest = JSON.parse((await run(["tail", "--json", "--limit", "2"])).out) as { id: string }[];
    expect(oldest.map((one) => one.id)).toEqual([ids.redacted, ids.refused]);
  });

  it("filters compose", async () => {
    const { out } = await run(["search", "--json", "--who=jo", "--category", "pii", "--since", "1h"]);
    expect((JSON.parse(out) as { id: string }[]).map((one) => one.id)).toEqual([ids.redacted]);
  });

  it("people get one aligned line a call, without control characters, ids whole", async () => {
    const { out } = await run(["search"], { columns: 80 });
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    const at = lines[0]?.indexOf("ID") ?? -1;
    for (const [line, id] of [
      [1, ids.refused],
      [2, ids.redacted],
      [3, ids.released],
    ] as const) {
      expect(lines[line]?.slice(at)).toBe(id);
    }
    // oxlint-disable-next-line no-control-regex
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect((await run(["search"])).out).toContain("20 of 40");
  });

  it("colours are there only when asked for", async () => {
    expect((await run(["tail"], { color: true })).out).toContain("\u001b[31mdeny");
    expect((await run(["tail"])).out).not.toContain("\u001b");
  });

  it("says when nothing matches, and when nothing is recorded yet", async () => {
    expect(await run(["search", "--tool", "none"])).toEqual({ code: 0, out: "", talk: "no call matches\n" });
    expect((await run(["search", "--tool", "none", "--json"])).out).toBe("[]\n");
    const empty = join(freshFolder(), "audit.db");
    await (await openAudit({ path: empty, version: "1.0.0" })).close();
    expect((await run(["tail"], { path: empty })).talk).toBe(`no call is recorded yet in ${empty}\n`);
  });

  it("tail --follow goes on with each call that ends", async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const write = (text: string): void => {
      for (const line of text.trimEnd().split("\n")) seen.push((JSON.parse(line) as { id: string }).id);
      if (seen.length === 3) stop.abort();
    };
    const running = run(["tail", "--follow", "--json", "--limit", "1"], { write, signal: stop.signal });
    const log = await openAudit({ path, version: "1.0.0" });
    const refused = await decide(log, denied);
    const id = await decide(log);
    await finish(log, id);
    expect((await running).code).toBe(0);
    expect(seen).toEqual([ids.refused, refused, id]);
    await log.close();
  });
});

describe("show", () => {
  it("says what stood against a call where no place in it does", async () => {
    const log = await openAudit({ path, version: "1.0.0" });
    const says = "This session has seen us_ssn (pii) in call d_1";
    const id = await decide(log, { ...denied, findings: [aFinding({ pointer: "", says, action: "block" })] });
    await log.close();
    expect((await run(["show", id])).out).toContain(says);
  });

  it("answers the five questions", async () => {
    const { code, out } = await run(["show", ids.redacted]);
    expect(code).toBe(0);
    for (const part of [
      "principal   jo (os_user; ops)",
      "output      remediate",
      "rule pii: pii = redact (profile default)",
      "found 1 × pii/us_ssn, high, redact (pii.us_ssn)",
      "profile default",
      "Was approval needed\n  no",
      "tool        crm/query (postgres, query)",
      "rows        20 released of 40 received, counted by $.rows",
      "not scanned 1 of its parts: /content/1/data (512 bytes, image)",
      "limits      max_rows 20, on_exceed truncate, window (per hour, max_rows 1000)",
      "decision    record 6, hash ",
      "signed      by the checkpoint of 9 records, 2",
      `to prove it sallyport audit prove ${ids.redacted}; sallyport audit prove o_`,
    ]) {
      expect(out).toContain(part);
    }
    expect(out.split("\n").length).toBeLessThan(40);
  });

  it("--json prints one object", async () => {
    const { out } = await run(["show", ids.refused, "--json"]);
    expect(JSON.parse(out)).toMatchObject({ decision: { id: ids.refused, decision: "deny" }, outcome: null });
  });

  it("ends with 1 when there is no such call", async () => {
    expect(await run(["show", "d_never"])).toEqual({
      code: 1,
      out: "",
      talk: `no call d_never in ${path}\n`,
    });
  });
});

describe("verify", () => {
  it("ends with 0 and says how far it read", async () => {
    const { code, out } = await run(["verify", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ ok: true, records: 9, decisions: 3, open: 0, head: { seq: 9 } });
    expect((await run(["verify"])).out).toMatch(/^ok: 9 records, 3 decisions, 0 without an outcome yet\n/);
  });

  it("ends with 1 and says what is wrong and where", async () => {
    const db = new Database(path);
    db.exec("DELETE FROM records WHERE seq = 8");
    db.close();
    const { code, out } = await run(["verify", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      problems: [
        { seq: 9, what: "record 8 is missing" },
        { seq: 8, id: "checkpoint" },
      ],
    });
    expect(await run(["verify"])).toMatchObject({
      code: 1,
      out: expect.stringContaining("record 8 is missing"),
    });
  });

  it("ends with 1 for a file that is damaged or not a store", async () => {
    const other = join(freshFolder(), "audit.db");
    writeFileSync(other, "not a database at all, but long enough to be looked at".repeat(40));
    const { code, out } = await run(["verify", "--json"], { path: other });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      problems: [{ what: expect.stringContaining(other) }],
    });
  });
});

it.each([["tail"], ["search"], ["verify"], ["show", "d_1"]])(
  "%s says when there is no store, and makes none",
  async (...argv) => {
    const nowhere = join(freshFolder(), "audit.db");
    expect(await run(argv, { path: nowhere })).toEqual({
      code: 1,
      out: "",
      talk: `no audit store at ${nowhere}\n`,
    });
    expect(existsSync(nowhere)).toBe(false);
  },
);

it("reading leaves the file as it was", async () => {
  const before = statSync(path);
  for (const argv of [["tail"], ["search"], ["verify"], ["show", ids.released]]) await run(argv);
  const after = statSync(path);
  expect([after.size, after.mtimeMs]).toEqual([before.size, before.mtimeMs]);
});

describe("bad usage ends with 2 and names what would be valid", () => {
  it.each([
    [[], /audit command missing; valid: tail, search, show, verify/],
    [["list"], /audit command "list" is unknown; valid: tail/],
    [["search", "--decisions", "deny"], /unknown flag --decisions of audit search; valid: --who, /],
    [["verify", "--limit", "3"], /unknown flag --limit of audit verify; valid: --key, --against, --json/],
    [["search", "--decision", "denied"], /--decision "denied" is unknown; valid: allow, .*deny$/m],
    [["search", "--outcome", "ok"], /valid: released, .*refused, open/],
    [["search", "--category", "PII"], /--category "PII" is unknown; valid: pii, /],
    [["search", "--limit", "0"], /--limit 0 is not a positive whole number/],
    [["search", "--limit"], /--limit needs a value/],
    [["search", "--since", "yesterday"], /--since "yesterday" is no time; valid: /],
    [["search", "--who", "a", "--who", "b"], /--who is given twice/],
    [["search", "jo"], /unexpected "jo"/],
    [["show"], /audit show needs the id/],
  ])("%j", async (argv, message) => {
    const { code, out, talk } = await run(argv);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(talk).toMatch(message);
  });
});

describe("sallyport audit --help", () => {
  it("says what each command takes, or one alone", () => {
    const all = auditHelp(undefined).split("\n");
    expect(all.filter((line) => line.includes("sallyport audit"))).toHaveLength(13);
    const one = auditHelp("prove");
    expect(one).toContain("sallyport audit prove <id> [--out …]");
    expect(one).not.toContain("audit search");
  });
});
