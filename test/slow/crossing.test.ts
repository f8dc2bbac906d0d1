/** What belongs to one call, one client, one server or one process reaches no other. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_CONCURRENT_CALLS } from "../../src/mcp/limits.js";
import { FAKE, Home, Proxy, SALLYPORT, textOf, type Message } from "../helpers/proxy.js";

const SSN = "536-90-4399";
let home: Home;
let proxy: Proxy | undefined;
beforeEach(() => {
  home = new Home();
});
afterEach(async () => {
  proxy?.child.kill("SIGKILL");
  await proxy?.exited;
  proxy = undefined;
  home.remove();
});

const server = (more: object = {}) => ({
  command: process.execPath,
  args: [FAKE],
  env: { FAKE_LOG: home.log },
  ...more,
});

async function start(mcpServers: object, capabilities: object = {}): Promise<Proxy> {
  proxy = new Proxy(home, ["--config", home.config({ mcpServers })]);
  const clientInfo = { name: "test", version: "1" };
  await proxy.request("initialize", { protocolVersion: "2025-11-25", capabilities, clientInfo });
  proxy.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  return proxy;
}

const line = (message: object): string => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`;
const calling = (id: string, name: string, args: object = {}, more: object = {}): string =>
  line({ id, method: "tools/call", params: { name, arguments: args, ...more } });
const answering = (question: Message, name: string): string =>
  line({ id: question.id, result: { action: "accept", content: { name } } });
const forwarded = (): (string | undefined)[] => home.received().map(({ params }) => params?.name);

describe("a call that nobody waits for any more", () => {
  it("is not forwarded when it was cancelled while it stood in line", async () => {
    const one = await start({ one: server() });
    for (let i = 0; i < MAX_CONCURRENT_CALLS; i++) one.write(calling(`hang-${i}`, "hang"));
    one.write(calling("late", "echo-late"));
    while (forwarded().filter((name) => name === "hang").length < MAX_CONCURRENT_CALLS) await pause();
    one.write(line({ method: "notifications/cancelled", params: { requestId: "late" } }));
    // Now there is room for it, and for one more after it.
    for (const id of ["hang-0", "hang-1"])
      one.write(line({ method: "notifications/cancelled", params: { requestId: id } }));
    await one.call("echo-next", { text: "x" });
    expect(forwarded()).toContain("echo-next");
    expect(forwarded()).not.toContain("echo-late");
    one.child.kill("SIGTERM");
    await one.exited;
    const recorded = JSON.parse(
      home.audit("search", "--json", "--limit", "1000", "--config", join(home.dir, "config.json")),
    ) as { tool: string; outcome: string }[];
    expect(recorded.find(({ tool }) => tool === "echo-late")?.outcome).toBe("cancelled");
  });

  it("is cancelled at the server too when its time is up", async () => {
    const one = await start({ one: server({ timeout: "200ms" }) });
    await one.call("hang");
    await one.call("echo", { text: "x" });
    const told = home.received().find(({ method }) => method === "notifications/cancelled");
    expect(told?.params).toMatchObject({ reason: "no answer in time" });
  });
});

describe("with several servers", () => {
  it("one cannot tell of the progress of another's call", async () => {
    const two = await start({ a: server(), b: server() });
    two.write(calling("s", "a__slow", { ms: 1500 }, { _meta: { progressToken: "token" } }));
    while (!forwarded().includes("slow")) await pause();
    await two.call("b__progress", { token: "token", text: "forged" });
    await two.call("a__progress", { token: "token", text: "honest" });
    const told = two.messages.filter(({ method }) => method === "notifications/progress");
    expect(told.map(({ params }) => params?.["message"])).toEqual(["honest"]);
  });
});

describe("a server process that dies", () => {
  it("takes its questions with it: an answer to one does not reach the next process under the same id", async () => {
    const one = await start({ one: server() }, { elicitation: { form: {} } });
    const first = one.call("ask", { text: "first?", id: "q", dies: true });
    const question = await one.next(({ method }) => method === "elicitation/create");
    expect((await first).result?.isError).toBe(true);
    const second = one.call("ask", { text: "second?", id: "q" });
    const again = await one.next(({ method, id }) => method === "elicitation/create" && id !== question.id);
    one.write(answering(question, "the first answer") + answering(again, "the second answer"));
    expect(textOf(await second)).toContain("the second answer");
  });

  it("is not waited for when it only falls silent", async () => {
    const one = await start({ one: server() });
    expect(textOf(await one.call("mute"))).toMatch(/closed its output/);
    expect(textOf(await one.call("echo", { text: "again" }))).toBe("again");
  });

  it("or will not start leaves no process behind when we end", async () => {
    const tag = `--of=${home.dir}`;
    proxy = new Proxy(home, ["--", process.execPath, FAKE, "--deaf", tag]);
    void proxy.initialize();
    while (processes(tag).length < 2) await pause();
    proxy.child.kill("SIGTERM");
    expect(await proxy.exited).toBe(0);
    expect(processes(tag)).toEqual([]);
  });
});

describe("what the input gate masks", () => {
  it("is masked in what is forwarded, also where there is no tool", async () => {
    proxy = new Proxy(home, undefined, { PII_ACTION: "redact" });
    await proxy.initialize();
    await proxy.request("prompts/get", {
      name: "p",
      arguments: { who: `SSN ${SSN}` },
      _meta: { trace: 1.5 },
    });
    await proxy.request("resources/read", { uri: `doc://people?ssn=${SSN}` });
    await proxy.request("completion/complete", {
      ref: { type: "ref/prompt", name: "p" },
      argument: { name: "ssn", value: SSN },
    });
    const got = JSON.stringify(home.received());
    expect(got).not.toContain(SSN);
    expect(got).toContain('"who":"SSN [REDACTED:us_ssn]"');
    expect(got).toContain('"_meta":{"trace":1.5}');
    expect(got).toContain('"value":"[REDACTED:us_ssn]"');
  });
});

describe("a stateless client over stdio", () => {
  it("is not asked the question of one call as if it were another's", async () => {
    proxy = new Proxy(home);
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
    };
    proxy.write(calling("asks", "ask", { text: "Which?", ms: 300 }, { _meta }));
    proxy.write(calling("other", "slow", { ms: 600 }, { _meta }));
    expect(textOf(await proxy.next(({ id }) => id === "asks"))).toContain("cannot be asked");
    expect(textOf(await proxy.next(({ id }) => id === "other"))).toBe("done");
  });
});

describe("what a server says in two readings", () => {
  it("does not pass", async () => {
    const short = { timeout: "300ms" };
    const one = await start({ one: server(short) });
    const dirty = `{"content":[{"type":"text","text":"SSN ${SSN}"}]}`;
    for (const said of [
      `{"jsonrpc":"2.0","id":$ID,"result":${dirty},"result":{"content":[]}}`,
      `{"jsonrpc":"2.0","id":$ID,"result":{"content":[]},"Result":${dirty}}`,
      `{"jsonrpc":"2.0","method":"notifications/message","params":${dirty},"params":{"level":"info","data":""}}`,
    ]) {
      writeFileSync(join(home.dir, "said"), said);
      const reply = await one.call("file", { file: join(home.dir, "said") });
      expect(textOf(reply)).toMatch(/did not answer in time|has not answered lately/);
    }
    expect(one.messages.filter(({ line: each }) => each.includes(SSN))).toEqual([]);
  });
});

describe("stateless clients that share a legacy server", () => {
  const META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
  };
  let serve: ChildProcess;
  let url: string;
  const listen = async (env: Record<string, string> = {}): Promise<void> => {
    const args = [SALLYPORT, "serve", "--listen", "127.0.0.1:0", "--", process.execPath, FAKE];
    const all = {
      ...process.env,
      SALLYPORT_HOME: home.dir,
      SALLYPORT_TOKEN: "t",
      FAKE_LOG: home.log,
      ...env,
    };
    serve = spawn(process.execPath, args, { env: all, stdio: ["ignore", "pipe", "ignore"] });
    url = await new Promise((resolve) =>
      serve.stdout!.setEncoding("utf8").once("data", (said: string) => resolve(/http:\S+/.exec(said)![0])),
    );
  };
  afterEach(async () => {
    const gone = new Promise((resolve) => serve.once("exit", resolve));
    serve.kill("SIGTERM");
    await gone;
  });

  /** All clients use the same id. */
  const call = async (name: string, args: object, more: object = {}): Promise<string> => {
    const params = { name, arguments: args, _meta: META, ...more };
    const response = await fetch(url, {
      method: "POST",
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
      headers: {
        authorization: "Bearer t",
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": name,
      },
    });
    return response.text();
  };
  const stateOf = (text: string): string => /"requestState":"([^"]+)"/.exec(text)![1]!;
  const told = (name: string) => ({ request: { action: "accept", content: { name } } });

  it("are asked what the server wants to know, and answer when they retry", async () => {
    await listen();
    const question = await call("ask", { text: "Who are you?" });
    expect(question).toContain("Who are you?");
    const retry = { requestState: stateOf(question), inputResponses: told("Ada") };
    expect(await call("ask", { text: "Who are you?" }, retry)).toContain("Ada");
  });

  it("are told -32602 for a state that is not theirs to continue: foreign, altered, or with other arguments", async () => {
    await listen();
    const args = { text: "Who are you?" };
    const state = stateOf(await call("ask", args));
    const inputResponses = told("Eve");
    for (const [requestState, other] of [
      [`${state.slice(0, -1)}x`, args],
      ["sallyport-0", args],
      [state, { text: "Who else?" }],
    ] as const) {
      const refused = JSON.parse(await call("ask", other, { requestState, inputResponses })) as object;
      expect(refused).toMatchObject({ error: { code: -32602 } });
    }
    expect(readFileSync(home.log, "utf8")).not.toContain("Eve");
    expect(await call("ask", args, { requestState: state, inputResponses: told("Ada") })).toContain("Ada");
  });

  it("are not asked each other's questions: when it could be anybody's, the server is told that nobody can be asked", async () => {
    await listen();
    const other = call("slow", { ms: 1000 });
    while (!forwarded().includes("slow")) await pause();
    const asking = await call("ask", { text: "the question of one" });
    expect(asking).toContain("cannot be asked");
    expect(await other).not.toContain("question");
  });

  it("do not hear of each other's progress", async () => {
    await listen();
    const other = call("slow", { ms: 700 });
    while (!forwarded().includes("slow")) await pause();
    await call("progress", { token: "of a call that is over", text: "private", late: true });
    expect(await other).not.toContain("private");
  });

  it("have their answers masked like arguments", async () => {
    await listen({ PII_ACTION: "redact" });
    const question = await call("ask", { text: "Who are you?" });
    const retry = { requestState: stateOf(question), inputResponses: told(`SSN ${SSN}`) };
    await call("ask", { text: "Who are you?" }, retry);
    const received = readFileSync(home.log, "utf8");
    expect(received).toContain("SSN [REDACTED:us_ssn]");
    expect(received).not.toContain(SSN);
  });
});

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

/** Command lines of processes that have this argument. */
function processes(argument: string): string[] {
  const all = execFileSync("ps", ["-A", "-ww", "-o", "args="], { encoding: "utf8" });
  return all.split("\n").filter((command) => command.includes(argument));
}
