/** Questions in the middle of a call, between the eras: several at once, round after round, unasked answers, no answer. */
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_ROUNDS } from "../../src/mcp/limits.js";
import { startFront } from "./auth/front.js";
import { FAKE, Home, Proxy, textOf, type Message } from "../helpers/proxy.js";

const STATELESS = fileURLToPath(new URL("../helpers/stateless-server.mjs", import.meta.url));
const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
};

let home: Home;
let proxy: Proxy;
beforeEach(() => {
  home = new Home();
});
afterEach(async () => {
  proxy.child.kill("SIGKILL");
  await proxy.exited;
  home.remove();
});

const accept = (name: string) => ({ action: "accept", content: { name } });

describe("a stateless client of a legacy server", () => {
  beforeEach(() => {
    proxy = new Proxy(home);
  });

  /** `of`: a call made before, which this one answers. */
  const call = (args: object, responses?: object, of?: Message): Promise<Message> =>
    proxy.request("tools/call", {
      name: "questions",
      arguments: args,
      _meta: META,
      ...(responses !== undefined && { inputResponses: responses }),
      ...(of !== undefined && { requestState: of.result!["requestState"] }),
    });
  const asked = (message: Message): [string, string][] =>
    Object.entries(message.result!["inputRequests"] as Record<string, { params: { message: string } }>).map(
      ([key, { params }]) => [key, params.message],
    );

  it("is asked at once what the server asks at once, and each answer goes to its question", async () => {
    const args = { texts: ["First?", "Second?", "Third?"] };
    const first = await call(args);
    expect(asked(first).map(([, text]) => text)).toEqual(args.texts);
    const responses = Object.fromEntries(asked(first).map(([key, text]) => [key, accept(`to ${text}`)]));
    const done = await call(args, responses, first);
    expect(JSON.parse(textOf(done))).toEqual(args.texts.map((text) => accept(`to ${text}`)));
  });

  it("is asked round after round, each answered under a state of its own", async () => {
    const args = { texts: ["One?"], next: ["Two?", "Three?"] };
    let got = await call(args);
    const states = new Set<unknown>();
    for (const text of ["One?", "Two?", "Three?"]) {
      expect(asked(got)).toEqual([["request", text]]);
      states.add(got.result!["requestState"]);
      got = await call(args, { request: accept(text) }, got);
    }
    expect(states.size).toBe(3);
    expect(JSON.parse(textOf(got))).toEqual(["One?", "Two?", "Three?"].map(accept));
  });

  it("that answers only some refuses the others, and the call goes on", async () => {
    const args = { texts: ["First?", "Second?"] };
    const first = await call(args);
    const done = await call(args, { "request-2": accept("b") }, first);
    expect(JSON.parse(textOf(done))).toEqual([
      { code: -32_603, message: "[Sallyport] the client did not answer" },
      accept("b"),
    ]);
  });

  it("that answers before it was asked is asked all the same", async () => {
    const first = await call({ texts: ["Sure?"] }, { request: accept("unasked") });
    expect(asked(first)).toEqual([["request", "Sure?"]]);
    const calls = home.received().filter(({ method }) => method === "tools/call");
    expect(JSON.stringify(calls)).not.toContain("unasked");
    expect(JSON.stringify(calls)).not.toContain("inputResponses");
  });

  it("that continues what nobody has begun is told so, and nothing runs", async () => {
    await proxy.request("tools/list", { _meta: META });
    const { error } = await proxy.request("tools/call", {
      name: "questions",
      arguments: { texts: ["Sure?"] },
      _meta: META,
      requestState: "of another server",
      inputResponses: { request: accept("a") },
    });
    expect(error).toMatchObject({ code: -32_602, message: expect.stringContaining("requestState") });
    expect(home.received().some(({ method }) => method === "tools/call")).toBe(false);
  });

  it("is asked in the next round what the server has asked while the call was parked", async () => {
    const args = { texts: ["First?"], meanwhile: "And?", ms: 100 };
    const first = await call(args);
    expect(asked(first)).toEqual([["request", "First?"]]);
    await pause(300); // were it to come later than this, it would be asked in the next round as well
    const second = await call(args, { request: accept("a") }, first);
    expect(asked(second)).toEqual([["request", "And?"]]);
    const done = await call(args, { request: accept("b") }, second);
    expect(JSON.parse(textOf(done))).toEqual([accept("a"), accept("b")]);
  });

  it("can be asked about another call while one waits for its user", async () => {
    const left = await call({ texts: ["Left open?"] });
    expect(asked(left)).toEqual([["request", "Left open?"]]);
    expect(asked(await call({ texts: ["Another?"] }))).toEqual([["request", "Another?"]]);
  });
});

describe("a call that waits for a person", () => {
  it("is not held to the deadline of its server meanwhile", async () => {
    const server = { command: process.execPath, args: [FAKE], timeout: "1s" };
    proxy = new Proxy(home, ["--config", home.config({ mcpServers: { s: server } })]);
    const params = { name: "questions", arguments: { texts: ["Sure?"] }, _meta: META };
    const { result } = await proxy.request("tools/call", params);
    await pause(1_500);
    const answers = { requestState: result!["requestState"], inputResponses: { request: accept("late") } };
    const done = await proxy.request("tools/call", { ...params, ...answers });
    expect(JSON.parse(textOf(done))).toEqual([accept("late")]);
  });
});

describe("a call whose retry never comes", () => {
  it("is given up, and its server is told", async () => {
    proxy = new Proxy(home); // ended with the others
    const command = { command: process.execPath, args: [FAKE], env: { FAKE_LOG: home.log } };
    const front = await startFront({ mcpServers: { s: command } }, {}, { parkedMs: 50 });
    try {
      const headers = {
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "questions",
      };
      const params = { name: "questions", arguments: { texts: ["Anybody?"] }, _meta: META };
      const first = await front.post({ id: 1, method: "tools/call", params }, headers);
      const { requestState } = first.body.result as { requestState: string };
      while (!home.received().some(({ method }) => method === "notifications/cancelled")) await pause(20);
      const inputResponses = { request: accept("late") };
      const late = { ...params, requestState, inputResponses };
      const { body } = await front.post({ id: 2, method: "tools/call", params: late }, headers);
      expect(body.error.message).toContain("no call waits for this requestState");
    } finally {
      await front.close();
    }
  });
});

describe("a legacy client of a stateless server", () => {
  const question = (message: string) => ({
    method: "elicitation/create",
    params: { message, requestedSchema: { type: "object", properties: { name: { type: "string" } } } },
  });

  beforeEach(async () => {
    proxy = new Proxy(home, ["--", process.execPath, STATELESS]);
    await proxy.request("initialize", {
      protocolVersion: "2025-11-25",
      capabilities: { elicitation: {} },
      clientInfo: { name: "test", version: "1" },
    });
  });

  const open = (text: string): Promise<Message> =>
    proxy.next(({ method, params }) => method === "elicitation/create" && params!["message"] === text);
  const answer = ({ id }: Message, result: object): void =>
    proxy.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);

  it("is asked all of a round before it has answered any, and again in the next", async () => {
    const rounds = [{ a: question("A?"), b: question("B?") }, { c: question("C?") }];
    const done = proxy.call("ask", { rounds });
    const [a, b] = [await open("A?"), await open("B?")];
    answer(b, accept("b"));
    answer(a, accept("a"));
    answer(await open("C?"), accept("c"));
    expect(JSON.parse(textOf(await done))).toEqual([{ a: accept("a"), b: accept("b") }, { c: accept("c") }]);
  });

  it("is not asked without end: after some rounds the call fails", async () => {
    const rounds = Array.from({ length: MAX_ROUNDS + 1 }, (_, at) => ({ a: question(`Round ${at}?`) }));
    const done = proxy.call("ask", { rounds });
    for (let at = 0; at < MAX_ROUNDS; at++) answer(await open(`Round ${at}?`), accept("on"));
    expect(textOf(await done)).toMatch(/asks without end/);
    expect(proxy.messages.filter(({ method }) => method === "elicitation/create")).toHaveLength(MAX_ROUNDS);
  });

  it("cannot slip in answers that nobody was asked for, first or later", async () => {
    const own = { inputResponses: { a: accept("unasked") }, requestState: "[]" };
    const params = { name: "ask", arguments: { rounds: [{ a: question("A?") }] }, ...own };
    const done = proxy.request("tools/call", params);
    answer(await open("A?"), accept("asked"));
    expect(JSON.parse(textOf(await done))).toEqual([{ a: accept("asked") }]);
    expect(JSON.stringify(home.received())).not.toContain("unasked");
  });

  it("that gives up a call is told that its question needs no answer", async () => {
    proxy.write(
      `${JSON.stringify({
        jsonrpc: "2.0",
        id: "given-up",
        method: "tools/call",
        params: { name: "ask", arguments: { rounds: [{ a: question("A?") }] } },
      })}\n`,
    );
    const { id } = await open("A?");
    const cancelled = { requestId: "given-up" };
    proxy.write(
      `${JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: cancelled })}\n`,
    );
    const told = await proxy.next(({ method }) => method === "notifications/cancelled");
    expect(told.params).toMatchObject({ requestId: id });
    proxy.child.stdin!.end();
    expect(await proxy.exited).toBe(0);
  });

  it("is not asked anything when one of the questions is of a kind that it does not offer", async () => {
    const rounds = [{ a: question("A?"), b: { method: "sampling/createMessage", params: {} } }];
    expect(JSON.stringify(await proxy.call("ask", { rounds }))).toContain("sampling/createMessage");
    expect(proxy.messages.some(({ method }) => method === "elicitation/create")).toBe(false);
  });
});
