/** What a session has done and seen, and what that makes of its next call. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { loadBuiltin } from "../../src/config/builtin.js";
import { sendsOut } from "../../src/gate/egress.js";
import { operationOf } from "../../src/policy/operations.js";
import { saying, testGate, type TestGate } from "../helpers/gate.js";

const SSN = "536-90-4399";
const kits: TestGate[] = [];
afterEach(async () => {
  for (const kit of kits.splice(0)) await kit.close();
  vi.useRealTimers();
});

async function gateOf(settings: object = {}): Promise<TestGate> {
  const servers = { db: { connector: "sqlite" }, chat: { connector: "slack" } };
  const kit = await testGate(servers, settings);
  kits.push(kit);
  return kit;
}

const session = "c_1";
const read = (kit: TestGate, text: string, more = {}) =>
  kit.run(kit.call("db", "read_query", '{"query":"SELECT 1"}', { session, ...more }), saying(text));
const post = (kit: TestGate, more = {}) =>
  kit.run(kit.call("chat", "slack_post_message", '{"channel_id":"C1","text":"done"}', { session, ...more }));

describe("a session that has seen sensitive data", () => {
  it("is refused what sends out, and told what was seen and in which call", async () => {
    const kit = await gateOf({ profile: "compliance", actions: { pii: "warn" } });
    expect((await post(kit)).asked).toBe(1);
    const seen = kit.call("db", "read_query", '{"query":"SELECT 1"}', { session });
    await kit.run(seen, saying(`SSN ${SSN}`));
    const { asked, told } = await post(kit);
    expect(asked).toBe(0);
    expect(told).toContain(`This session has seen us_ssn (pii) in call ${seen.id} to db/read_query`);
    expect(told).toContain("rule session.taint, profile compliance");
    expect(told).not.toContain(SSN);
    expect(kit.last()).toMatchObject({
      category: "high_risk",
      type: "tainted_session",
      rule: "session.taint",
    });
    expect(kit.recordText()).toContain(seen.id);
  });

  it("is warned under the default profile", async () => {
    const kit = await gateOf();
    await read(kit, `SSN ${SSN}`);
    expect((await post(kit)).asked).toBe(1);
    expect(kit.last().findings).toMatchObject([{ detector: "session.taint", action: "warn" }]);
  });

  it("may go on with what stays at home, and other sessions with everything", async () => {
    const kit = await gateOf({ actions: { high_risk: "block" } });
    await read(kit, `SSN ${SSN}`);
    expect((await read(kit, "ok")).asked).toBe(1);
    expect((await kit.run(kit.call("chat", "slack_list_channels", "{}", { session }))).asked).toBe(1);
    expect((await post(kit, { session: "c_2" })).asked).toBe(1);
    expect((await post(kit, { session: undefined })).asked).toBe(1);
    expect((await post(kit)).asked).toBe(0);
  });

  it("has seen nothing of what was masked or withheld", async () => {
    for (const action of ["redact", "block"]) {
      const kit = await gateOf({ actions: { pii: action, high_risk: "block" } });
      await read(kit, `SSN ${SSN}`);
      expect((await post(kit)).asked).toBe(1);
    }
  });

  it("may be let through by an exception for one tool", async () => {
    const exception = {
      detector: "session.taint",
      match: { server: "chat", tool: "slack_post_message" },
      reason: "the channel is internal",
      owner: "maya",
      expires: "2999-01-01",
    };
    const kit = await gateOf({ actions: { high_risk: "block" }, exceptions: [exception] });
    await read(kit, `SSN ${SSN}`);
    expect((await post(kit)).asked).toBe(1);
    expect((await post(kit, { tool: "slack_add_reaction" })).asked).toBe(0);
  });
});

describe("which calls send out", () => {
  const { connectors } = loadBuiltin();
  it.each([
    ["slack", "slack_post_message", {}, true],
    ["slack", "conversations_history", {}, false],
    ["github", "create_issue", {}, true],
    ["github", "get_file_contents", {}, false],
    ["fetch", "fetch", { url: "https://x.example" }, true],
    ["git", "git_commit", { message: "fix" }, false],
    ["git", "git_push", {}, true],
    ["sqlite", "write_query", { query: "SELECT 1" }, false],
    ["generic", "get_invoice", { id: "7" }, false],
    ["generic", "notify", { message: "hello" }, true],
    ["generic", "open", { url: "https://x.example" }, true],
    ["shell", "execute_command", { command: "ls" }, true],
  ] as const)("%s %s %j: %s", async (name, tool, args, expected) => {
    const kit = await gateOf();
    const connector = connectors.find((each) => each.connector === name)!;
    const call = kit.call("db", tool, JSON.stringify(args), { operation: operationOf(connector, tool) });
    expect(sendsOut(connector, call)).toBe(expected);
  });

  it("reading a resource does not, nor does a tool of nobody knows what without an address or a message", async () => {
    const kit = await gateOf();
    const resource = kit.call("chat", "resources/read", '{"uri":"x"}', { method: "resources/read" });
    expect(
      sendsOut(
        connectors.find((each) => each.connector === "slack"),
        resource,
      ),
    ).toBe(false);
    expect(sendsOut(undefined, kit.call("db", "f", '{"count":1}'))).toBe(false);
    expect(sendsOut(undefined, kit.call("db", "f", '{"body":"x"}'))).toBe(true);
  });
});

describe("loops", () => {
  const loops = {
    repeats: { slow_after: 2, stop_after: 4 },
    denials: { slow_after: 2, stop_after: 4 },
    errors: { slow_after: 2, stop_after: 4 },
    action: "block",
  };
  const write = (kit: TestGate, query = "UPDATE t SET a=1 WHERE id=1", result = saying("ok")) =>
    kit.run(kit.call("db", "write_query", JSON.stringify({ query }), { session }), result);
  async function times(count: number, one: () => ReturnType<typeof write>) {
    const all = [];
    for (let n = 0; n < count; n++) all.push(await one());
    return all;
  }

  it("are slowed down, then stopped, and told how to get on", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const kit = await gateOf({ loops });
    const all = await times(6, () => write(kit));
    expect(all.map(({ asked }) => asked)).toEqual([1, 1, 1, 1, 0, 0]);
    expect(kit.slept).toEqual([500, 1000]);
    const { told } = all.at(-1)!;
    expect(told).toContain(
      "4 identical calls in a row got the same answer from db/write_query in this session",
    );
    expect(told).toContain("rule session.repeats, loops.action");
    expect(told).toContain("Use the answer you have, change the arguments");
    expect(told).toContain("Retry in 10 min");
    expect(kit.last()).toMatchObject({ category: "high_risk", type: "loop_stopped" });
    expect((await write(kit, "UPDATE t SET a=1 WHERE id=2")).asked).toBe(1);
    vi.setSystemTime(Date.now() + 600_000);
    expect((await write(kit)).asked).toBe(1);
  });

  it("of refusals make further tries wait, whatever their arguments", async () => {
    const kit = await gateOf({ loops });
    let n = 0;
    const all = await times(6, () => write(kit, `DROP TABLE t${n++}`));
    expect(all.every(({ asked }) => asked === 0)).toBe(true);
    expect(kit.slept).toEqual([500, 1000]);
    expect(all[3]!.told).toContain("drop_object");
    expect((await write(kit)).told).toContain("4 calls in a row were refused at db/write_query");
  });

  it("are none where we are at fault", async () => {
    const broken = () => {
      throw new Error("detector broke");
    };
    const engine = { rules: [], scanText: broken, scanJson: broken, scanTree: broken };
    const kit = await testGate({ db: { connector: "sqlite" } }, { loops }, { engine });
    kits.push(kit);
    let n = 0;
    const all = await times(6, () => write(kit, `UPDATE t SET a=${n++} WHERE id=1`));
    expect(all.every(({ asked, told }) => asked === 0 && told.includes("gate failed"))).toBe(true);
    expect(kit.slept).toEqual([]);
  });

  it("of errors end with a success", async () => {
    const kit = await gateOf({ loops });
    let n = 0;
    const failing = JSON.stringify({ isError: true, content: [{ type: "text", text: "no such table" }] });
    const one = () => write(kit, `UPDATE t SET a=${n++} WHERE id=1`, failing);
    await times(3, one);
    await write(kit, "UPDATE t SET a=99 WHERE id=1");
    expect((await times(2, one)).map(({ asked }) => asked)).toEqual([1, 1]);
    await times(2, one);
    expect((await one()).told).toContain("4 calls in a row failed at db/write_query");
  });

  it("are only told of under the default profile, and only recorded under dev", async () => {
    const { action: _, ...rest } = loops;
    const kit = await gateOf({ loops: rest });
    expect((await times(6, () => write(kit))).every(({ asked }) => asked === 1)).toBe(true);
    expect(kit.slept.length).toBe(4);
    expect(kit.last().findings).toMatchObject([{ detector: "session.repeats", action: "warn" }]);
    const dev = await gateOf({ loops: rest, profile: "dev" });
    expect((await times(6, () => write(dev))).every(({ governed }) => governed.kind === "unchanged")).toBe(
      true,
    );
    expect(dev.slept).toEqual([]);
    expect(dev.last().findings).toMatchObject([{ detector: "session.repeats", action: "log" }]);
  });

  it("of reads, and of tools that may be reads for all we know, are left in peace where they are not refused", async () => {
    const { action: _, ...rest } = loops;
    const fast = { ...rest, repeated_reads: { slow_after: 2, stop_after: 4 } };
    const kit = await testGate(
      { db: { connector: "sqlite" }, it: { connector: "generic" } },
      { loops: fast },
    );
    kits.push(kit);
    const state = () => kit.run(kit.call("it", "get_state", '{"id":7}', { session }));
    const asked = [...(await times(6, () => read(kit, "ok"))), ...(await times(6, state))];
    expect(asked.every(({ governed }) => governed.kind === "unchanged")).toBe(true);
    expect(kit.slept).toEqual([]);
    expect(kit.last().findings).toMatchObject([{ detector: "session.repeats", action: "log" }]);
    const strict = await testGate({ it: { connector: "generic" } }, { loops: { ...fast, action: "block" } });
    kits.push(strict);
    const refused = () => strict.run(strict.call("it", "get_state", '{"id":7}', { session }));
    expect((await times(6, refused)).map((each) => each.asked)).toEqual([1, 1, 1, 1, 0, 0]);
    expect(strict.slept).toEqual([500, 1000]);
  });

  it("belong to one session", async () => {
    const kit = await gateOf({ loops });
    await times(5, () => write(kit));
    const other = kit.call("db", "write_query", '{"query":"UPDATE t SET a=1 WHERE id=1"}', {
      session: "c_2",
    });
    expect((await kit.run(other)).asked).toBe(1);
  });

  it("asking for a task again and again is the protocol's own way", async () => {
    const kit = await gateOf({ loops: { ...loops, repeated_reads: { slow_after: 1, stop_after: 1 } } });
    const poll = () =>
      kit.run(
        kit.call("db", "tasks/get", '{"taskId":"1"}', { session, operation: "query" }),
        saying("working"),
      );
    expect((await times(5, poll)).every(({ asked }) => asked === 1)).toBe(true);
  });
});

describe("a secret that a session sends in pieces", () => {
  const [half, rest] = ["ghp_aB3dE5fG7hJ9kLmN2", "pQ4rS6tUvW8xYz1cD0bC"];
  const send = (kit: TestGate, text: string, more = {}) =>
    kit.run(
      kit.call("chat", "slack_post_message", JSON.stringify({ channel_id: "C1", text }), {
        session,
        ...more,
      }),
    );

  it("is told of with the call that ends it, and only in that session", async () => {
    const kit = await gateOf();
    expect((await send(kit, half)).asked).toBe(1);
    await send(kit, rest, { session: "c_2" });
    expect(kit.last().findings).toEqual([]);
    await send(kit, rest);
    expect(kit.last().findings).toMatchObject([{ type: "github_token", severity: "medium", action: "warn" }]);
    expect(kit.recordText()).not.toContain(rest);
  });
});
