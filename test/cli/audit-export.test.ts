import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeEach, describe, expect, it } from "vitest";
import { openAudit } from "../../src/audit/log.js";
import { csvCell } from "../../src/audit/formats/csv.js";
import { parseCheckpoint, splitNotes } from "../../src/audit/note.js";
import { isConsistent } from "../../src/audit/tree.js";
import { auditCommand } from "../../src/cli/audit.js";
import { NO_SETTINGS } from "../../src/config/audit.js";
import { aDecision, aFinding, decide, denied, finish, freshFolder } from "../audit/sample.js";

let folder: string;
let path: string;
let ids: { released: string; redacted: string; refused: string };
beforeEach(async () => {
  folder = freshFolder();
  path = join(folder, "audit.db");
  const log = await openAudit({ path, version: "1.0.0" });
  await log.appendPosture({ snapshot: "5f".repeat(32), bundle: () => ({ posture: { profile: "default" } }) });
  const released = await decide(log);
  await finish(log, released, { rows: { rule: "csv", received: 3, released: 3 }, durationMs: 1.5 });
  await log.checkpoint();
  const redacted = await decide(log, {}, { principal: { id: "jo", how: "os_user" } });
  const rules = [{ rule: "pii", category: "pii", action: "redact", source: "profile default" }] as const;
  const decision = aDecision({ phase: "output", decision: "remediate", rules, findings: [aFinding()] });
  await finish(log, redacted, { outcome: "redacted", decision });
  const refused = await decide(log, denied, { tool: '=HYPERLINK("x")', snapshot: "6a" } as never);
  ids = { released, redacted, refused };
  await log.close();
});

async function run(argv: readonly string[]): Promise<{ code: number; out: string; talk: string }> {
  let [out, talk] = ["", ""];
  const code = await auditCommand(argv, {
    path,
    settings: NO_SETTINGS,
    version: "1.0.0",
    user: "ann",
    color: false,
    write: (text) => void (out += text),
    say: (text) => void (talk += text),
  });
  return { code, out, talk };
}

const lines = (text: string): any[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

describe("export", () => {
  it("jsonl: a call a line, oldest first; filters hold", async () => {
    expect(lines((await run(["export", "--format", "jsonl"])).out).map(({ id }) => id)).toEqual([
      ids.released,
      ids.redacted,
      ids.refused,
    ]);
    expect(lines((await run(["export", "--format=jsonl", "--who", "jo"])).out)).toHaveLength(1);
    expect((await run(["export", "--format", "jsonl", "--who", "nobody"])).out).toBe("");
  });

  it("csv: what begins like a formula is text", async () => {
    const { out } = await run(["export", "--format", "csv"]);
    const [header, first, , third] = out.split("\r\n");
    expect(header).toMatch(/^id,time,principal,client,/);
    expect(first?.split(",")).toHaveLength(header!.split(",").length);
    expect(third).toContain(`"'=HYPERLINK(""x"")"`);
    expect(
      ["+1", "-1", "@a", "\t=a", " =a", "＝a", "%a", "|a"]
        .map(csvCell)
        .every((cell) => cell.startsWith(`"'`)),
    ).toBe(true);
    expect(["a,b", 'a"b', "a\nb", "plain", -1, true, null].map(csvCell)).toEqual([
      '"a,b"',
      '"a""b"',
      '"a\nb"',
      "plain",
      "-1",
      "true",
      "",
    ]);
  });

  it("to a file for its owner alone", async () => {
    const file = join(folder, "calls.jsonl");
    expect(await run(["export", "--format", "jsonl", "--out", file])).toEqual({
      code: 0,
      out: "",
      talk: `${file}: 3 calls\n`,
    });
    expect(lines(readFileSync(file, "utf8"))).toHaveLength(3);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each([
    [["export"], /needs --format \(jsonl, csv, ocsf, otlp\) or --pack/],
    [["export", "--format", "xml"], /--format "xml" is unknown; valid: jsonl/],
    [["export", "--format", "csv", "--pack", "x"], /--pack is a folder of its own/],
    [["export", "--format", "csv", "--out", "/nowhere/x"], /cannot be written: ENOENT/],
  ])("%j is bad usage", async (argv, message) => {
    const { code, talk } = await run(argv);
    expect({ code, talk }).toEqual({ code: 2, talk: expect.stringMatching(message) });
  });
});

/** What the published classes require (schema 1.8.0), and of which attributes an object must have one. */
const REQUIRED: Readonly<Record<number, readonly string[]>> = {
  6003: [
    "activity_id",
    "category_uid",
    "class_uid",
    "metadata",
    "severity_id",
    "time",
    "type_uid",
    "actor",
    "api",
    "src_endpoint",
  ],
  2004: [
    "activity_id",
    "category_uid",
    "class_uid",
    "metadata",
    "severity_id",
    "time",
    "type_uid",
    "finding_info",
  ],
};
const ONE_OF: Readonly<Record<string, readonly string[]>> = {
  actor: ["process", "user", "iam_role", "invoked_by", "session", "app_name", "app_uid"],
  src_endpoint: [
    "ip",
    "uid",
    "name",
    "hostname",
    "svc_name",
    "instance_uid",
    "interface_uid",
    "interface_name",
    "domain",
  ],
};

describe("ocsf", () => {
  it("each event has what its class requires, and numbers that belong together", async () => {
    const events = lines((await run(["export", "--format", "ocsf"])).out);
    expect(events.map((event) => event.class_uid)).toEqual([6003, 6003, 2004, 6003, 2004]);
    for (const event of events) {
      for (const name of REQUIRED[event.class_uid]!) expect(event).toHaveProperty(name);
      expect(event.type_uid).toBe(event.class_uid * 100 + event.activity_id);
      expect(event.category_uid).toBe(Math.floor(event.class_uid / 1000));
      expect(Number.isInteger(event.time)).toBe(true);
      expect(event.metadata).toMatchObject({
        version: "1.8.0",
        product: { name: "Sallyport" },
        profiles: ["security_control"],
      });
      expect(event.severity_id).toBeGreaterThanOrEqual(1);
      for (const [name, choices] of Object.entries(ONE_OF))
        if (event[name] !== undefined) expect(choices.some((each) => each in event[name])).toBe(true);
      expect(event.actor.user.uid).toMatch(/maya|jo/);
    }
    const [allowed, modified, finding, blocked] = events;
    expect(
      [allowed, modified, blocked].map((event) => [event.action_id, event.disposition_id, event.status_id]),
    ).toEqual([
      [1, 1, 1],
      [4, 12, 1],
      [2, 2, 2],
    ]);
    expect(finding).toMatchObject({
      severity_id: 4,
      finding_info: {
        uid: ids.redacted,
        title: "pii/us_ssn",
        types: ["pii/us_ssn"],
        analytic: { type_id: 1, uid: "pii" },
      },
      is_alert: false,
    });
  });
});

it("otlp: requests as a collector's file receiver takes them", async () => {
  const [request, ...more] = lines((await run(["export", "--format", "otlp"])).out);
  expect(more).toEqual([]);
  const [resource] = request.resourceLogs;
  expect(resource.resource.attributes).toContainEqual({
    key: "service.name",
    value: { stringValue: "sallyport" },
  });
  const records = resource.scopeLogs[0].logRecords;
  expect(records.map((record: any) => record.severityText)).toEqual(["INFO", "INFO", "WARN"]);
  for (const { timeUnixNano, attributes } of records) {
    expect(timeUnixNano).toMatch(/^\d{19}$/);
    for (const { value } of attributes) expect(Object.keys(value)).toHaveLength(1);
  }
  const [first] = records;
  expect(first.attributes).toContainEqual({ key: "sallyport.rows.received", value: { intValue: "3" } });
  expect(first.attributes).toContainEqual({ key: "sallyport.duration_ms", value: { doubleValue: 1.5 } });
  expect(first.attributes).toContainEqual({ key: "gen_ai.tool.name", value: { stringValue: "query" } });
});

it("stats: the scorecard, as data and on one screen", async () => {
  const card = JSON.parse((await run(["stats", "--json"])).out);
  expect(card).toMatchObject({
    calls: 3,
    decisions: { allow: 1, remediate: 1, deny: 1, require_approval: 0 },
    outcomes: { released: 1, redacted: 1, refused: 1, open: 0 },
    denial_rate: 0.3333,
    remediation_rate: 0.3333,
    rules: [
      { rule: "pii", calls: 1 },
      { rule: "dangerous_queries.drop_table", calls: 1 },
    ],
    categories: { pii: 1 },
    principals: 2,
    completeness: { forwarded: 2, with_outcome: 2, in_doubt: 0, open: 0, unsigned: 0, clock_set: 0 },
    drift: [{ calls: 3, denial_rate: 0.3333 }],
  });
  const { out } = await run(["stats"]);
  expect(out).toMatch(/^3 calls, 2 principals, 2 tools; /);
  expect(out).toContain("denied                  33.3 %");
  expect(JSON.parse((await run(["stats", "--who", "jo", "--json"])).out)).toMatchObject({ calls: 1 });
  expect(JSON.parse((await run(["stats", "--who", "nobody", "--json"])).out)).toMatchObject({
    calls: 0,
    denial_rate: 0,
  });
});

it("approvals: searched by id, and scored by how people answered", async () => {
  const log = await openAudit({ path, version: "1.0.0" });
  const expires = Date.now() + 60_000;
  const ask = (id: string, event: "requested" | "consumed", by: string[] = [], until = expires) =>
    decide(log, {
      decision: event === "consumed" ? "allow" : "require_approval",
      approval: { id, event, by, expires: until },
    });
  const waited = await ask("a_1", "requested");
  await ask("a_2", "requested", [], 1);
  await ask("a_3", "requested");
  await log.appendApprovals(() => [
    { event: "approved", approval: "a_1", decision_id: waited, by: { id: "local:ann", how: "os_user" } },
  ]);
  const through = await ask("a_1", "consumed", ["local:ann"]);
  await log.close();
  const found = JSON.parse((await run(["search", "--approval", "a_1", "--json"])).out) as { id: string }[];
  expect(found.map(({ id }) => id)).toEqual([through, waited]);
  const { approvals } = JSON.parse((await run(["stats", "--json"])).out) as { approvals: object };
  expect(approvals).toMatchObject({ asked: 3, approved: 1, denied: 0, expired: 1, waiting: 1, used: 1 });
  expect(approvals).toHaveProperty("median_seconds", expect.any(Number));
  expect((await run(["stats"])).out).toContain("calls let through       1");
  await run(["export", "--pack", join(folder, "pack")]);
  expect(lines(readFileSync(join(folder, "pack", "approvals.jsonl"), "utf8"))).toMatchObject([
    { kind: "approval" },
  ]);
});

describe("a pack", () => {
  const pack = (): string => join(folder, "pack");
  const file = (name: string): string => readFileSync(join(pack(), name), "utf8");

  it("holds all that a stranger needs, and nothing that was not asked for", async () => {
    const { code, talk } = await run(["export", "--pack", pack(), "--who", "jo"]);
    expect({ code, talk }).toEqual({ code: 0, talk: expect.stringContaining("SUMMARY.md") });
    const records = lines(file("records.jsonl"));
    expect(records.map(({ kind }) => kind)).toEqual(["start", "key", "decision", "outcome", "stop"]);
    expect(lines(file("snapshots.jsonl"))).toHaveLength(1);
    expect(file("approvals.jsonl")).toBe("");
    expect(file("calls.csv").trimEnd().split("\r\n")).toHaveLength(2);
    expect(JSON.parse(file("scorecard.json"))).toMatchObject({ calls: 1 });
    expect(file("SUMMARY.md")).toContain("calls: who jo");
    for (const { body, body_hash } of records)
      expect(createHash("sha256").update(`\u0000${body}`).digest("hex")).toBe(body_hash);
  });

  it("its manifest is right, and its own verifier proves each record with its own key", async () => {
    await run(["export", "--pack", pack()]);
    const { files, log } = JSON.parse(file("manifest.json")) as {
      files: { name: string; sha256: string; bytes: number }[];
      log: string;
    };
    const onDisk = readdirSync(pack(), { recursive: true, encoding: "utf8" }).filter((name) =>
      statSync(join(pack(), name)).isFile(),
    );
    expect(files.map(({ name }) => name).toSorted()).toEqual(
      onDisk.filter((name) => name !== "manifest.json").toSorted(),
    );
    for (const { name, sha256, bytes } of files) {
      expect(createHash("sha256").update(file(name)).digest("hex")).toBe(sha256);
      expect(statSync(join(pack(), name)).size).toBe(bytes);
    }
    const key = file("keys.txt").trim().split("\n").at(-1)!;
    expect(key.startsWith(`${log}+`)).toBe(true);
    const proofs = readdirSync(join(pack(), "proofs"));
    expect(proofs).toHaveLength(8);
    const proved = execFileSync(
      process.execPath,
      ["verify-proof.mjs", `proofs/${ids.refused}.tlog-proof`, key],
      { cwd: pack(), encoding: "utf8" },
    );
    expect(JSON.parse(proved)).toMatchObject({ id: ids.refused, decision: "deny" });
  });

  it("shows that each checkpoint begins the newest", async () => {
    await run(["export", "--pack", pack()]);
    const notes = splitNotes(file("checkpoints.txt")).map((note) => parseCheckpoint(note)!);
    const newest = notes.at(-1)!;
    const proofs = lines(file("consistency.jsonl"));
    expect(proofs).toHaveLength(2);
    for (const { from, proof } of proofs) {
      const path = (proof as string[]).map((hash) => Buffer.from(hash, "base64"));
      expect(
        isConsistent(
          notes.find(({ size }) => size === from)!,
          newest,
          path,
        ),
      ).toBe(true);
    }
  });

  it("is not made of a store that does not verify, nor into a folder with something in it", async () => {
    mkdirSync(pack());
    writeFileSync(join(pack(), "old"), "");
    expect((await run(["export", "--pack", pack()])).talk).toContain("is not empty");
    const db = new Database(path);
    db.exec("UPDATE records SET body = replace(body, 'maya', 'mayo') WHERE seq = 4");
    db.close();
    const fresh = join(folder, "fresh");
    expect(await run(["export", "--pack", fresh])).toMatchObject({
      code: 1,
      talk: expect.stringContaining("does not verify"),
    });
    expect(existsSync(fresh)).toBe(false);
  });
});
