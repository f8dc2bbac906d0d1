/** `sallyport policy simulate`: its counts are those of really running the calls. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { policyCommand } from "../../src/cli/policy.js";
import { loadEngine } from "../../src/cli/start.js";
import type { Call } from "../../src/model/call.js";
import { testGate, type TestGate } from "../helpers/gate.js";

let dir: string;
const kits: TestGate[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-simulate-"));
});
afterEach(async () => {
  for (const kit of kits.splice(0)) await kit.close();
  rmSync(dir, { recursive: true, force: true });
});

const SERVERS = {
  crm: { connector: "postgres", environment: "prod" },
  files: { connector: "filesystem" },
};
const engine = loadEngine();

async function kitWith(settings: object, at = dir): Promise<TestGate> {
  const kit = await testGate(SERVERS, { profile: "default", ...settings }, { dir: at, engine });
  kits.push(kit);
  return kit;
}

/** Traffic of all kinds: reads, writes, findings, large results, refusals of the profile. */
async function traffic(kit: TestGate): Promise<string[]> {
  const rows = (n: number): string => JSON.stringify(Array.from({ length: n }, (_, id) => ({ id })));
  const calls: [Call, string][] = [];
  for (let n = 0; n < 40; n++) {
    const sql = ["select a from t", "update t set a = 1 where id = 2", "drop table t", "select 1; select 2"][
      n % 4
    ]!;
    const text = [rows(2), rows(9), "SSN 536-90-4399", "fine"][(n >> 2) % 4]!;
    calls.push([kit.call("crm", "execute_sql", JSON.stringify({ sql })), text]);
    calls.push([kit.call("files", n % 2 === 0 ? "read_file" : "write_file", '{"path":"/tmp/a"}'), text]);
  }
  const decisions: string[] = [];
  for (const [call, text] of calls) {
    const session = `c_${call.server}`;
    const value = { content: [{ type: "text", text }] };
    const json = JSON.stringify(value);
    await kit.gate.govern({ ...call, session }, async () => ({
      body: "result",
      text: json,
      value,
      bytes: Buffer.byteLength(json),
    }));
    decisions.push(kit.last().decision);
  }
  return decisions;
}

async function simulated(...argv: string[]): Promise<any> {
  let out = "";
  const code = await policyCommand(["simulate", ...argv, "--config", "config.json", "--json"], {
    cwd: dir,
    env: {},
    now: Date.now(),
    version: "0.0.0",
    user: "maya",
    engine: () => engine,
    read: () => "",
    save: () => {},
    write: (text) => void (out += text),
    say: (text) => void (out += text),
  });
  expect(code, out).toBe(0);
  return JSON.parse(out);
}

const CANDIDATE = `
policy: candidate
owner: o
rules:
  - { id: writes, match: { environment: prod }, when: "!sql.read_only", decision: require_approval, reason: r }
  - { id: files, match: { connector: filesystem, operation: execute }, decision: deny, reason: r }
  - { id: ssn, match: { phase: output }, when: 'findings.exists(f, f.type == "us_ssn")', decision: deny, reason: r }
  - { id: busy, when: "session.calls > 70", decision: deny, reason: r }
`;

/** Too slow a rate for a token to come back while the test runs. */
const RATED = `
policy: rated
owner: o
rules:
  - { id: slow, match: { tool: read_file }, decision: allow_with_constraints, constraints: { rate: { per_minute: 1, burst: 5 } }, reason: r }
`;

describe("a simulation", () => {
  it("counts what really running the calls under the candidate counts", async () => {
    await traffic(await kitWith({}));
    writeFileSync(join(dir, "candidate.yaml"), CANDIDATE);
    const { calls, transitions, untold } = await simulated("candidate.yaml");
    expect(calls).toBe(80);
    expect(untold.calls).toBe(0);

    const other = mkdtempSync(join(tmpdir(), "sallyport-really-"));
    try {
      writeFileSync(join(other, "candidate.yaml"), CANDIDATE);
      const kit = await kitWith({ policies: ["candidate.yaml"] }, other);
      const really: Record<string, number> = {};
      for (const decision of await traffic(kit)) really[decision] = (really[decision] ?? 0) + 1;
      const counted: Record<string, number> = {};
      for (const row of Object.values(transitions as Record<string, Record<string, number>>))
        for (const [is, n] of Object.entries(row)) counted[is] = (counted[is] ?? 0) + n;
      expect(counted).toEqual(really);
      expect(Object.keys(counted).toSorted()).toEqual(["allow", "deny", "require_approval"]);
    } finally {
      await kits.pop()!.close();
      rmSync(other, { recursive: true, force: true });
    }
  });

  it.each([
    ["under a rate that was not there", {}, RATED],
    ["under another than was there", { policies: ["rated.yaml"] }, RATED.replace("burst: 5", "burst: 9")],
  ])("counts the calls one by one %s", async (_what, settings, candidate) => {
    writeFileSync(join(dir, "rated.yaml"), RATED);
    await traffic(await kitWith(settings));
    writeFileSync(join(dir, "candidate.yaml"), candidate);
    const { transitions } = await simulated("candidate.yaml");
    const other = mkdtempSync(join(tmpdir(), "sallyport-really-"));
    try {
      writeFileSync(join(other, "candidate.yaml"), candidate);
      const really = await traffic(await kitWith({ policies: ["candidate.yaml"] }, other));
      const denied = Object.values(transitions as Record<string, Record<string, number>>)
        .map((row) => row["deny"] ?? 0)
        .reduce((sum, n) => sum + n, 0);
      expect(denied).toBe(really.filter((decision) => decision === "deny").length);
    } finally {
      await kits.pop()!.close();
      rmSync(other, { recursive: true, force: true });
    }
  });

  it("of the policies that were in force changes nothing", async () => {
    writeFileSync(join(dir, "p.yaml"), CANDIDATE);
    await traffic(await kitWith({ policies: ["p.yaml"] }));
    const { transitions, hit } = await simulated();
    expect(hit).toEqual([]);
    for (const [was, row] of Object.entries(transitions as object))
      expect(Object.keys(row as object)).toEqual([was]);
  });

  it("says which calls it cannot tell, and on which rules that hangs", async () => {
    await traffic(await kitWith({}));
    writeFileSync(
      join(dir, "p.yaml"),
      `
policy: p
owner: o
rules:
  - { id: by-path, match: { server: files }, when: 'args.path.startsWith("/tmp")', decision: deny, reason: r }
  - { id: by-value, match: { server: crm }, decision: allow_with_constraints, constraints: { arguments: { sql: { one_of: [a] } } }, reason: r }
`,
    );
    const { untold } = await simulated("p.yaml");
    expect(untold).toEqual({ calls: 80, rules: { "p/by-path": 40, "p/by-value": 40 } });
  });
});
