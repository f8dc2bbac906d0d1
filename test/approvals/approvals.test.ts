/** Calls that wait for a person: what an approval lets pass, how often, and what voids it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { search } from "../../src/audit/search.js";
import { verify } from "../../src/audit/verify.js";
import { approvalsCommand } from "../../src/cli/approvals.js";
import type { Call } from "../../src/model/call.js";
import { openStore } from "../../src/store/sqlite.js";
import { testGate, type TestGate } from "../helpers/gate.js";

const POLICY = `
policy: prod
owner: o
rules:
  - id: reviewed
    match: { operation: execute }
    decision: require_approval
    approval: { expires: 15m }
    reason: Changes are reviewed
`;
const SERVERS = { crm: { connector: "postgres", environment: "prod" } };

let dir: string;
let kits: TestGate[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-approvals-"));
  kits = [];
});
afterEach(async () => {
  vi.useRealTimers();
  for (const kit of kits) await kit.close();
  rmSync(dir, { recursive: true, force: true });
});

async function gate(policy = POLICY, options: Parameters<typeof testGate>[2] = {}): Promise<TestGate> {
  writeFileSync(join(dir, "p.yaml"), policy);
  const kit = await testGate(SERVERS, { profile: "dev", policies: ["p.yaml"] }, { dir, ...options });
  kits.push(kit);
  return kit;
}

const write = (kit: TestGate, sql = "update t set a = 1 where id = 2", more: Partial<Call> = {}): Call => ({
  ...kit.call("crm", "execute_sql", JSON.stringify({ sql })),
  operation: "execute",
  ...more,
});

/** Whether the call ran, and what its caller was told. */
async function run(kit: TestGate, call: Call): Promise<{ ran: boolean; told: any }> {
  let ran = false;
  const governed = await kit.gate.govern(call, async () => {
    ran = true;
    const text = '{"content":[]}';
    return { body: "result", text, value: JSON.parse(text), bytes: text.length };
  });
  const told =
    governed.kind === "changed" ? JSON.parse(governed.text)._meta["sallyport/decision"] : undefined;
  return { ran, told };
}

async function approvals(argv: string[], user = "zoe", groups: Record<string, string[]> = {}) {
  let [out, talk] = ["", ""];
  const code = await approvalsCommand(argv, {
    path: join(dir, "audit.db"),
    version: "1.0.0",
    user,
    groups,
    now: Date.now,
    write: (text) => void (out += text),
    say: (text) => void (talk += text),
  });
  return { code, out, talk };
}

describe("a call that waits", () => {
  it("is answered at once, with the question's id, how long it stays open and how to answer it", async () => {
    const kit = await gate();
    const { ran, told } = await run(kit, write(kit));
    expect(ran).toBe(false);
    expect(told).toMatchObject({
      decision: "require_approval",
      retry: "after_approval",
      approval: { id: expect.stringMatching(/^a_/) },
    });
    expect(told.change).toContain(`It waits as ${told.approval.id}, for 15 min: \`sallyport approvals show`);
  });

  it("is one question, however often it is made", async () => {
    const kit = await gate();
    const first = (await run(kit, write(kit))).told.approval.id;
    expect((await run(kit, write(kit))).told.approval.id).toBe(first);
    expect((await approvals(["ls"])).out.trim().split("\n")).toHaveLength(2);
  });

  it("runs once when it is made again after a person said yes", async () => {
    const kit = await gate();
    const { id } = (await run(kit, write(kit))).told.approval;
    expect(await approvals(["approve", id, "--comment", "fine"])).toMatchObject({
      code: 0,
      out: `approved ${id}\n`,
    });
    expect((await run(kit, write(kit))).ran).toBe(true);
    const again = await run(kit, write(kit));
    expect(again.ran).toBe(false);
    expect(again.told.approval.id).not.toBe(id);
    expect(kit.last()).toMatchObject({ decision: "require_approval" });
  });

  it("runs once of many made at the same moment", async () => {
    const kit = await gate();
    const { id } = (await run(kit, write(kit))).told.approval;
    await approvals(["approve", id]);
    const all = await Promise.all(Array.from({ length: 20 }, () => run(kit, write(kit))));
    expect(all.filter(({ ran }) => ran)).toHaveLength(1);
  });

  it("runs once in two processes", async () => {
    const [one, other] = [await gate(), await gate()];
    const { id } = (await run(one, write(one))).told.approval;
    await approvals(["approve", id]);
    const all = await Promise.all([one, other, one, other].map((kit) => run(kit, write(kit))));
    expect(all.filter(({ ran }) => ran)).toHaveLength(1);
  });

  it("is refused for good when a person said no, in that person's words", async () => {
    const kit = await gate();
    const { id } = (await run(kit, write(kit))).told.approval;
    await approvals(["deny", id, "--comment", "use the staging copy"]);
    const { ran, told } = await run(kit, write(kit));
    expect(ran).toBe(false);
    expect(told).toMatchObject({ decision: "deny", retry: "never" });
    expect(told.change).toContain("local:zoe said no: use the staging copy");
  });

  it("expires, and is asked anew", async () => {
    const kit = await gate();
    const { id } = (await run(kit, write(kit))).told.approval;
    await approvals(["approve", id]);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 16 * 60_000 });
    const { ran, told } = await run(kit, write(kit));
    expect(ran).toBe(false);
    expect(told.approval.id).not.toBe(id);
    expect((await approvals(["approve", id])).talk).toContain("it is over");
  });

  it("leaves in the record who has agreed, and the record verifies", async () => {
    const kit = await gate();
    const { id } = (await run(kit, write(kit))).told.approval;
    await approvals(["approve", id, "--comment", "seen it"]);
    await run(kit, write(kit));
    const db = new Database(join(dir, "audit.db"), { readonly: true });
    const bodies = db.prepare("SELECT kind, body FROM records ORDER BY seq").all() as {
      kind: string;
      body: string;
    }[];
    db.close();
    const of = (kind: string): any[] =>
      bodies.filter((row) => row.kind === kind).map(({ body }) => JSON.parse(body));
    expect(of("approval")).toMatchObject([
      { event: "approved", approval: id, by: { id: "local:zoe", how: "os_user" }, comment: "seen it" },
    ]);
    expect(of("decision").map(({ approval }) => approval)).toMatchObject([
      { id, event: "requested", by: [] },
      { id, event: "consumed", by: ["local:zoe"] },
    ]);
    const store = openStore(join(dir, "audit.db"), { readonly: true });
    expect(verify(store).ok).toBe(true);
    expect(search(store, {}, 5)).toHaveLength(2);
    await store.close();
  });
});

describe("an approval is void for", () => {
  const voids: [string, (kit: TestGate) => Promise<Call>][] = [
    ["another byte of the arguments", async (kit) => write(kit, "update t set a = 1 where id = 3")],
    [
      "the same arguments, written otherwise",
      async (kit) => ({ ...write(kit), argsText: `${write(kit).argsText} ` }),
    ],
    ["another tool", async (kit) => write(kit, undefined, { tool: "execute_sql2" })],
    [
      "another principal",
      async (kit) => write(kit, undefined, { principal: { id: "mallory", how: "oidc" } }),
    ],
    [
      "what the user answers along with it",
      async (kit) => write(kit, undefined, { inputResponses: { a: 1 } }),
    ],
  ];
  it.each(voids)("%s", async (_name, other) => {
    const kit = await gate();
    await approvals(["approve", (await run(kit, write(kit))).told.approval.id]);
    expect((await run(kit, await other(kit))).ran).toBe(false);
    expect((await run(kit, write(kit))).ran).toBe(true);
  });

  it("another definition of the tool", async () => {
    let hash = "one";
    const kit = await gate(POLICY, { definition: () => hash });
    await approvals(["approve", (await run(kit, write(kit))).told.approval.id]);
    hash = "two";
    expect((await run(kit, write(kit))).ran).toBe(false);
  });

  it("another rule; and the question before is superseded", async () => {
    const kit = await gate();
    const { id } = (await run(kit, write(kit))).told.approval;
    const other = await gate(POLICY.replace("id: reviewed", "id: renamed"));
    expect((await run(other, write(other))).told.approval.id).not.toBe(id);
    expect((await approvals(["show", id])).out).toContain("superseded");
  });
});

describe("who may answer", () => {
  const TEAM = POLICY.replace(
    "{ expires: 15m }",
    "{ approvers: ['team:dba'], not_requester: true, quorum: 2 }",
  );
  const groups = { "team:dba": ["zoe", "yan", "test"] };

  it("is who the rule names, never who asks, and as many as it wants", async () => {
    const kit = await gate(TEAM);
    const { id } = (await run(kit, write(kit))).told.approval;
    expect(await approvals(["approve", id], "eve", groups)).toMatchObject({
      code: 1,
      talk: expect.stringContaining("none of those"),
    });
    // The gate's own principal is local:test.
    expect(await approvals(["approve", id], "test", groups)).toMatchObject({
      code: 1,
      talk: expect.stringContaining("another person"),
    });
    expect((await approvals(["approve", id], "zoe", groups)).out).toBe(`pending ${id}\n`);
    expect(await approvals(["approve", id], "zoe", groups)).toMatchObject({
      code: 1,
      talk: expect.stringContaining("already"),
    });
    expect((await run(kit, write(kit))).ran).toBe(false);
    expect((await approvals(["approve", id], "yan", groups)).out).toBe(`approved ${id}\n`);
    expect((await run(kit, write(kit))).ran).toBe(true);
  });

  it("one no is enough", async () => {
    const kit = await gate(TEAM);
    const { id } = (await run(kit, write(kit))).told.approval;
    await approvals(["approve", id], "zoe", groups);
    expect((await approvals(["deny", id], "yan", groups)).out).toBe(`denied ${id}\n`);
    expect((await approvals(["approve", id], "zoe", groups)).code).toBe(1);
  });
});

describe("a grant", () => {
  it("lets calls of the same shape pass, so many and so long, and no larger ones", async () => {
    const kit = await gate();
    const { id } = (await run(kit, write(kit))).told.approval;
    await approvals(["approve", id, "--for", "30m", "--count", "3"]);
    const ran = [];
    for (const n of [2, 3, 4, 5])
      ran.push((await run(kit, write(kit, `update t set a = 1 where id = ${n}`))).ran);
    expect(ran).toEqual([true, true, true, false]);
  });

  it("covers no other arguments and no larger ones, and ends with its time", async () => {
    const kit = await gate();
    await approvals([
      "approve",
      (await run(kit, write(kit))).told.approval.id,
      "--for",
      "30m",
      "--count",
      "9",
    ]);
    const other = {
      ...kit.call("crm", "execute_sql", '{"sql":"select 1","also":1}'),
      operation: "execute" as const,
    };
    expect((await run(kit, other)).ran).toBe(false);
    expect((await run(kit, write(kit, `update t set a = '${"x".repeat(200)}' where id = 1`))).ran).toBe(
      false,
    );
    expect((await run(kit, write(kit, "update t set a = 9 where id = 9"))).ran).toBe(true);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31 * 60_000 });
    expect((await run(kit, write(kit, "update t set a = 8 where id = 8"))).ran).toBe(false);
  });
});

describe("what the approver sees", () => {
  it("is who, what, where and why, with everything masked that was found, and only while it is open", async () => {
    const kit = await gate();
    const { id } = (await run(kit, write(kit, "update people set ssn = '536-90-4399' where id = 2"))).told
      .approval;
    const { out } = await approvals(["show", id]);
    expect(out).toContain("waits for 15 min more, then it expires and the call stays refused");
    expect(out).toMatch(/what +crm\/execute_sql \(execute, prod\)/);
    expect(out).toContain("update people set ssn = '[REDACTED:us_ssn]' where id = 2");
    expect(out).toMatch(/tables +people/);
    expect(out).toMatch(/why +Changes are reviewed/);
    expect(out).not.toContain("536-90-4399");
    await approvals(["approve", id]);
    await run(kit, write(kit, "update people set ssn = '536-90-4399' where id = 2"));
    expect((await approvals(["show", id])).out).toContain("no longer kept");
  });

  it("is nothing for a question that nobody asked, and no store is made for it", async () => {
    await gate();
    expect(await approvals(["approve", "a_none"])).toMatchObject({
      code: 1,
      talk: expect.stringContaining("no question"),
    });
    expect((await approvals(["ls"])).talk).toBe("nothing waits for approval\n");
  });
});

it("budgets come before approvals: what a rate refuses uses none", async () => {
  const kit = await gate(`${POLICY}  - id: slow
    decision: allow_with_constraints
    constraints: { rate: { per_minute: 1, burst: 1 } }
    reason: Slowly
`);
  const [a, b] = ["update t set a = 1 where id = 1", "update t set a = 1 where id = 2"];
  for (const sql of [a, b]) await approvals(["approve", (await run(kit, write(kit, sql))).told.approval.id]);
  expect((await run(kit, write(kit, a))).ran).toBe(true);
  expect((await run(kit, write(kit, b))).told).toMatchObject({ decision: "deny", retry: expect.any(String) });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
  expect((await run(kit, write(kit, b))).ran).toBe(true);
});
