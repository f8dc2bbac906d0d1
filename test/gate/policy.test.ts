/** Policies at the gate: what a rule says happens to a call, is what happens to it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Call } from "../../src/model/call.js";
import type { Json } from "../../src/model/json.js";
import { testGate, type TestGate } from "../helpers/gate.js";

const opened: { kit: TestGate; dir: string }[] = [];
afterEach(async () => {
  for (const { kit, dir } of opened.splice(0)) {
    await kit.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

const SERVERS = {
  crm: { connector: "postgres", environment: "prod" },
  lab: { connector: "postgres", environment: "staging" },
};

async function gateWith(
  policy: string,
  settings: object = {},
  servers: Record<string, object> = SERVERS,
): Promise<TestGate> {
  const dir = mkdtempSync(join(tmpdir(), "sallyport-policy-"));
  writeFileSync(join(dir, "p.yaml"), policy);
  const kit = await testGate(servers, { profile: "dev", policies: ["p.yaml"], ...settings }, { dir });
  opened.push({ kit, dir });
  return kit;
}

interface Ran {
  /** As forwarded; undefined: it was not. */
  args?: string;
  timeoutMs: number | undefined;
  told?: any;
}

async function run(
  kit: TestGate,
  call: Call,
  result: Json = { content: [{ type: "text", text: "ok" }] },
): Promise<Ran> {
  const ran: Ran = { timeoutMs: undefined };
  const text = JSON.stringify(result);
  const governed = await kit.gate.govern(call, async (subject, timeoutMs) => {
    ran.args = subject.argsText;
    ran.timeoutMs = timeoutMs;
    return { body: "result", text, value: result, bytes: Buffer.byteLength(text) };
  });
  if (governed.kind === "changed") ran.told = JSON.parse(governed.text);
  return ran;
}

const query = (kit: TestGate, sql: string, server = "crm"): Call =>
  kit.call(server, "query", JSON.stringify({ sql }));
const decisionOf = ({ told }: Ran): any => told._meta["sallyport/decision"];
const rows = (count: number): Json => ({
  content: [{ type: "text", text: JSON.stringify(Array.from({ length: count }, (_, id) => ({ id }))) }],
});

const PROD = `
policy: prod-safety
owner: security@example.com
rules:
  - id: prod-writes-need-approval
    match: { environment: prod }
    when: "!sql.read_only && principal.team != 'sre'"
    decision: require_approval
    approval: { approvers: ["team:dba"], not_requester: true, expires: 15m }
    reason: Production changes are reviewed
  - id: staging-is-limited
    match: { environment: staging }
    decision: allow_with_constraints
    constraints: { max_rows: 2, timeout: 30s }
    reason: Staging is shared
`;

describe("a rule that asks for approval", () => {
  it("holds the call, and tells who has to approve and that the same call may be retried", async () => {
    const kit = await gateWith(PROD);
    const ran = await run(kit, query(kit, "update t set a = 1 where id = 2"));
    expect(ran.args).toBeUndefined();
    expect(ran.told.content[0].text).toContain("waits for approval and did not run");
    expect(decisionOf(ran)).toMatchObject({
      decision: "require_approval",
      rule: "prod-safety/prod-writes-need-approval",
      source: "policy p.yaml",
      says: "Production changes are reviewed",
      change: expect.stringContaining("team:dba has to approve it. It waits as a_"),
      retry: "after_approval",
    });
    expect(kit.last()).toMatchObject({ decision: "require_approval" });
  });

  it("lets the team pass that it names, and what only reads", async () => {
    const kit = await gateWith(PROD);
    expect((await run(kit, query(kit, "select 1"))).args).toBeDefined();
    const mine = {
      ...query(kit, "update t set a = 1 where id = 2"),
      principal: { id: "zoe", how: "oidc", team: "sre" },
    };
    expect((await run(kit, mine as Call)).args).toBeDefined();
  });
});

describe("a rule with constraints", () => {
  it("cuts rows in every profile, names itself, and gives the call its deadline", async () => {
    const kit = await gateWith(PROD);
    const ran = await run(kit, query(kit, "select id from t", "lab"), rows(5));
    expect(ran.timeoutMs).toBe(30_000);
    expect(JSON.parse(ran.told.content[0].text)).toHaveLength(2);
    expect(decisionOf(ran)).toMatchObject({ limits: { max_rows: 2 } });
  });

  it("leaves what keeps within them as it came", async () => {
    const kit = await gateWith(PROD);
    const ran = await run(kit, query(kit, "select id from t", "lab"), rows(2));
    expect(JSON.parse(ran.told?.content[0].text ?? JSON.stringify([{ id: 0 }, { id: 1 }]))).toHaveLength(2);
    expect(kit.last()).toMatchObject({ decision: "allow_with_constraints", outcome: "released" });
  });

  const READ_ONLY = `
policy: ro
owner: o
rules:
  - { id: reading, decision: allow_with_constraints, constraints: { read_only: true }, reason: Analysts read }
`;
  it.each([
    ["update t set a = 1 where id = 1", false],
    ["select 1; drop table t", false],
    ["with x as (delete from t where id = 1 returning *) select * from x", false],
    ["commit; begin; delete from t", false],
    ["select * into copy from t", false],
    ["explain analyze delete from t where id = 1", false],
    ["select 'unclosed", false],
    ["/*!50000 drop table t */", false],
    ["select a, b from t where note = 'delete from x' -- update later", true],
    ["with x as (select 1) select * from x", true],
    ["explain delete from t where id = 1", true],
  ])("read_only: %s", async (sql, runs) => {
    const kit = await gateWith(READ_ONLY);
    expect((await run(kit, query(kit, sql))).args !== undefined).toBe(runs);
  });

  it("read_only holds back a tool that changes something, where there is no SQL to look at", async () => {
    const kit = await gateWith(READ_ONLY, {}, { files: { connector: "filesystem" } });
    const write = await run(kit, kit.call("files", "write_file", '{"path":"/tmp/a","content":"x"}'));
    expect(decisionOf(write)).toMatchObject({ rule: "constraint.read_only", retry: "changed" });
    expect((await run(kit, kit.call("files", "read_file", '{"path":"/tmp/a"}'))).args).toBeDefined();
  });

  it("read_only is not met by a SELECT that the tool does not take", async () => {
    const kit = await gateWith(READ_ONLY, {}, { ...SERVERS, files: { connector: "filesystem" } });
    const write = '{"path":"/tmp/a","content":"x","sql":"select a from t"}';
    const tables = { properties: { table: { type: "string" } } };
    const sql = { properties: { query: { type: "string" } } };
    const runs = async (call: Call): Promise<boolean> => (await run(kit, call)).args !== undefined;
    expect(await runs(kit.call("files", "write_file", write))).toBe(false);
    const drop = '{"table":"t","sql":"select a from t"}';
    expect(await runs(kit.call("crm", "drop_table", drop, { inputSchema: tables }))).toBe(false);
    const ask = '{"query":"select a from t"}';
    expect(await runs(kit.call("crm", "execute_sql", ask, { inputSchema: sql }))).toBe(true);
    expect(await runs(kit.call("crm", "execute_sql", ask))).toBe(true);
  });

  it("allows arguments by value, number and pattern, and whole texts only", async () => {
    const kit = await gateWith(
      `
policy: args
owner: o
rules:
  - id: narrow
    decision: allow_with_constraints
    constraints:
      arguments:
        region: { one_of: [eu-1, eu-2] }
        limit: { min: 1, max: 100 }
        path: { matches: "/data/[a-z]+" }
    reason: r
`,
      {},
      { it: { connector: "generic" } },
    );
    const tried = async (args: object): Promise<boolean> =>
      (await run(kit, kit.call("it", "go", JSON.stringify(args)))).args !== undefined;
    expect(await tried({ region: "eu-1", limit: 100, path: "/data/abc", other: 1 })).toBe(true);
    expect(await tried({})).toBe(true);
    expect(await tried({ region: "us-1" })).toBe(false);
    expect(await tried({ limit: 101 })).toBe(false);
    expect(await tried({ limit: "5" })).toBe(false);
    expect(await tried({ path: "/data/abc/../../etc" })).toBe(false);
    expect(await tried({ path: ["/data/a", "/etc"] })).toBe(false);
  });

  it("draws from a rate of its own", async () => {
    const kit = await gateWith(`
policy: slow
owner: o
rules:
  - { id: slowly, decision: allow_with_constraints, constraints: { rate: { per_minute: 1, burst: 2 } }, reason: r }
`);
    const answers = [];
    for (let n = 0; n < 3; n++) answers.push(await run(kit, query(kit, "select 1")));
    expect(answers.map(({ args }) => args !== undefined)).toEqual([true, true, false]);
    expect(decisionOf(answers[2]!)).toMatchObject({ rule: "limit.rate", source: "policy", retry: "later" });
  });
});

describe("a rule that remediates", () => {
  const MENDS = `
policy: mends
owner: o
rules:
  - id: bounded
    match: { connector: postgres }
    decision: remediate
    remediate: { sql_limit: 10, set: { dry_run: true }, cap: { pages: 3 } }
    reason: Keep it small
`;
  it("bounds SQL, sets and caps arguments, keeps the rest as it was sent, and says so", async () => {
    const kit = await gateWith(MENDS);
    const ran = await run(
      kit,
      kit.call("crm", "query", '{"sql":"select a from t;",  "id": 9007199254740993,"pages":50}'),
    );
    expect(ran.args).toBe(
      '{"sql":"select a from t LIMIT 10;",  "id": 9007199254740993,"pages":3,"dry_run":true}',
    );
    expect(kit.last().decision).toBe("remediate");
    expect(decisionOf(ran)).toMatchObject({ decision: "remediate", reason: "Made safer by a rule." });
  });

  it.each([
    ["select a from t limit 500", "select a from t limit 10"],
    ["select a from t limit 5", "select a from t limit 5"],
    ["select a from (select b from u limit 99) x", "select a from (select b from u limit 99) x LIMIT 10"],
  ])("%s", async (sql, bounded) => {
    const kit = await gateWith(MENDS);
    expect(JSON.parse((await run(kit, query(kit, sql))).args!).sql).toBe(bounded);
  });

  it.each([
    "select 1; select 2",
    "select a from t limit 5, 10",
    "select a from t limit 5 * 1000",
    "select a from t limit 5%",
    "select a from t limit 5 by b",
    "select a from t limit 5::int + 1000",
    "select top 5 a from t",
    "update t set a = 1",
  ])("holds back what it cannot bound: %s", async (sql) => {
    const kit = await gateWith(MENDS);
    expect(decisionOf(await run(kit, query(kit, sql)))).toMatchObject({
      decision: "deny",
      rule: "constraint.not_remediable",
    });
  });

  it("keeps an offset", async () => {
    const kit = await gateWith(MENDS);
    const ran = await run(kit, query(kit, "select a from t limit 500 offset 20;"));
    expect(JSON.parse(ran.args!).sql).toBe("select a from t limit 10 offset 20;");
  });

  it.each(['{"sql":["select a from t"]}', '{"sql":"select 1","batch":[{"sql":"select a from t"}]}'])(
    "holds back SQL that stands deeper than it can reach: %s",
    async (args) => {
      const kit = await gateWith(MENDS);
      expect(decisionOf(await run(kit, kit.call("crm", "query", args)))).toMatchObject({
        decision: "deny",
        rule: "constraint.not_remediable",
      });
    },
  );

  it("masks what detectors find, in arguments and in results", async () => {
    const kit = await gateWith(`
policy: masks
owner: o
rules:
  - { id: in, decision: remediate, remediate: { redact: [pii.email] }, reason: r }
  - { id: out, match: { phase: output }, decision: remediate, remediate: { redact: ["pii.*"] }, reason: r }
`);
    const call = kit.call("crm", "find", '{"who":"maya@example.org"}');
    const ran = await run(kit, call, { content: [{ type: "text", text: "zoe@example.org" }] });
    expect(ran.args).toBe('{"who":"[REDACTED:email]"}');
    expect(ran.told.content[0].text).toBe("[REDACTED:email]");
  });
});

describe("a rule at the output gate", () => {
  it("withholds a result by what was found in it", async () => {
    const kit = await gateWith(`
policy: ssn
owner: o
rules:
  - id: never
    match: { connector: postgres, phase: output }
    when: findings.exists(f, f.type == "us_ssn") || result.rows > 3
    decision: deny
    reason: Numbers stay here
`);
    const ssn = await run(kit, query(kit, "select 1"), {
      content: [{ type: "text", text: "SSN 536-90-4399" }],
    });
    expect(ssn.told.content[0].text).toContain("ran, but its result is withheld");
    expect(decisionOf(ssn)).toMatchObject({ rule: "ssn/never", phase: "output" });
    expect((await run(kit, query(kit, "select 1"), rows(4))).told.isError).toBe(true);
    expect((await run(kit, query(kit, "select 1"), rows(3))).told).toBeUndefined();
  });
});

describe("how rules come together", () => {
  const RULES = (more = ""): string => `
policy: many
owner: o
rules:
  - { id: a, decision: allow_with_constraints, constraints: { max_rows: 5 }, reason: r }
  - { id: b, decision: allow_with_constraints, constraints: { max_rows: 2 }, reason: r }
  - { id: c, match: { tool: "del*" }, decision: deny, reason: Never }
  - { id: d, match: { tool: "del*" }, decision: require_approval, reason: Ask }
${more}`;

  it("the strictest decides: a call that is refused anyway waits for nobody", async () => {
    const kit = await gateWith(RULES());
    expect(decisionOf(await run(kit, kit.call("crm", "delete_all", "{}"))).decision).toBe("deny");
  });

  it("limits merge to the least", async () => {
    const kit = await gateWith(RULES());
    const ran = await run(kit, query(kit, "select 1"), rows(9));
    expect(JSON.parse(ran.told.content[0].text)).toHaveLength(2);
  });

  it("a shadow rule is recorded and changes nothing", async () => {
    const kit = await gateWith(RULES("  - { id: s, mode: shadow, decision: deny, reason: Not yet }"));
    expect((await run(kit, query(kit, "select 1"))).args).toBeDefined();
    expect(kit.last().shadow).toEqual(["many/s"]);
  });

  it("a rule that is off is not there", async () => {
    const kit = await gateWith(RULES('  - { id: s, mode: "off", decision: deny, reason: No }'));
    expect((await run(kit, query(kit, "select 1"))).args).toBeDefined();
    expect(kit.last().shadow).toBeUndefined();
  });

  it("a condition that cannot be told never helps the caller", async () => {
    const policy = (decision: string): string => `
policy: broken
owner: o
${decision === "allow" ? "default: { input: deny }" : ""}
rules:
  - { id: x, when: "args.amount > 10", decision: ${decision}, reason: r }
`;
    const held = await gateWith(policy("deny"));
    expect((await run(held, query(held, "select 1"))).args).toBeUndefined();
    expect(held.last().fail_closed).toBe(true);
    const allowed = await gateWith(policy("allow"));
    expect((await run(allowed, query(allowed, "select 1"))).args).toBeUndefined();
    const fine = await gateWith(policy("deny"));
    expect((await run(fine, fine.call("crm", "pay", '{"amount":3}'))).args).toBeDefined();
  });

  it("a default of deny lets only pass what a rule of that file allows", async () => {
    const kit = await gateWith(`
policy: closed
owner: o
default: { input: deny }
rules:
  - { id: reading, match: { operation: query }, decision: allow }
`);
    expect((await run(kit, query(kit, "select 1"))).args).toBeDefined();
    const other = await run(kit, kit.call("crm", "drop_everything", "{}"));
    expect(decisionOf(other)).toMatchObject({ decision: "deny", rule: "closed/default" });
  });

  it("what a profile refuses, no rule allows", async () => {
    const kit = await gateWith("policy: open\nowner: o\nrules: [{ id: all, decision: allow }]\n", {
      profile: "strict",
    });
    expect((await run(kit, query(kit, "drop table t"))).args).toBeUndefined();
  });

  it("an exception in a policy file holds as one of the configuration does", async () => {
    const kit = await gateWith(
      `
policy: cures
owner: o
exceptions:
  - { detector: dangerous_queries.drop_object, match: { server: crm, tool: query }, reason: r, owner: maya, expires: 2099-01-01 }
`,
      { profile: "strict" },
    );
    expect((await run(kit, query(kit, "drop table t"))).args).toBeDefined();
  });
});
