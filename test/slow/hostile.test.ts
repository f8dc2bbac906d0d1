/** Hostile and broken parties on both sides: a clear error, nothing forwarded that was not judged, and life goes on. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FAKE, Home, Proxy, textOf } from "../helpers/proxy.js";

let home: Home;
let proxy: Proxy;
beforeEach(async () => {
  home = new Home();
  proxy = new Proxy(home);
  await proxy.initialize();
});
afterEach(async () => {
  proxy.child.kill("SIGKILL");
  await proxy.exited;
  home.remove();
});

const calls = () => home.received().filter(({ method }) => method === "tools/call");
const alive = async (): Promise<void> =>
  expect(textOf(await proxy.call("echo", { text: "still here" }))).toBe("still here");
const refusedWithoutId = () => proxy.next((message) => message.id === null && message.error !== undefined);

describe("a client that sends what two parsers could read differently", () => {
  const echo = '"method":"tools/call","params":{"name":"echo","arguments":{"text":"x"}}';
  const cases: [name: string, line: string, says: RegExp][] = [
    ["a batch array", `[{"jsonrpc":"2.0","id":1,${echo}}]`, /batch/],
    ["a duplicate key at the top", `{"jsonrpc":"2.0","id":7,"id":8,${echo}}`, /duplicate key "id"/],
    [
      "a duplicate key in arguments",
      '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"text":"a","text":"b"}}}',
      /duplicate key "text"/,
    ],
    [
      "a duplicate key in disguise",
      '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","n\\u0061me":"die"}}',
      /duplicate key "name"/,
    ],
    ["a case variant of method", `{"jsonrpc":"2.0","id":7,"Method":"x",${echo}}`, /spell it exactly/],
    [
      "a case variant of params",
      '{"jsonrpc":"2.0","id":7,"method":"tools/call","Params":{"name":"echo"}}',
      /spell it exactly/,
    ],
    [
      "a case variant by Unicode folding",
      `{"jsonrpc":"2.0","id":7,"param\u017f":{},${echo}}`,
      /spell it exactly/,
    ],
    [
      "a case variant of arguments",
      '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","Arguments":{"text":"x"}}}',
      /spell it exactly/,
    ],
    ["a null id", `{"jsonrpc":"2.0","id":null,${echo}}`, /"id" must be/],
    ["a fraction as id", `{"jsonrpc":"2.0","id":1.5,${echo}}`, /"id" must be/],
    ["both method and result", `{"jsonrpc":"2.0","id":7,"result":{},${echo}}`, /"method" and "result"/],
    ["no version", `{"id":7,${echo}}`, /"jsonrpc" must be/],
    ["a number", "42", /is an object/],
    ["half a message", `{"jsonrpc":"2.0","id":7,${echo}`, /expected/],
  ];
  for (const [name, line, says] of cases) {
    it(`${name} is refused, and nothing is forwarded`, async () => {
      proxy.write(`${line}\n`);
      expect((await refusedWithoutId()).error?.message).toMatch(says);
      expect(calls()).toEqual([]);
      await alive();
    });
  }

  it("invalid UTF-8 is refused", async () => {
    const line = Buffer.from(`{"jsonrpc":"2.0","id":7,${echo}}\n`);
    line[line.indexOf("x")] = 0xff;
    proxy.write(line);
    expect((await refusedWithoutId()).error?.message).toMatch(/UTF-8/);
    expect(calls()).toEqual([]);
    await alive();
  });

  it("a character split between two chunks arrives whole", async () => {
    const line = Buffer.from(
      '{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"echo","arguments":{"text":"é中😀"}}}\n',
    );
    for (const byte of line) proxy.write(Buffer.from([byte]));
    expect(textOf(await proxy.next(({ id }) => id === 77))).toBe("é中😀");
  });

  it("a line of 100 MB is refused while it comes, and the next one is served", async () => {
    const piece = Buffer.alloc(1 << 20, 0x61);
    for (let i = 0; i < 100; i++)
      if (!proxy.child.stdin!.write(piece)) await new Promise((go) => proxy.child.stdin!.once("drain", go));
    proxy.write("\n");
    expect((await refusedWithoutId()).error?.message).toMatch(/may hold/);
    await alive();
  });

  it("arguments nested beyond any reason are refused", async () => {
    const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`;
    proxy.write(
      `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"text":${deep}}}}\n`,
    );
    expect((await refusedWithoutId()).error?.message).toMatch(/nested/);
    expect(calls()).toEqual([]);
  });

  it("an id that is in use is refused, and the first request keeps it", async () => {
    proxy.write(
      '{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"slow","arguments":{"ms":300}}}\n',
    );
    proxy.write(
      '{"jsonrpc":"2.0","id":"\\u0061","method":"tools/call","params":{"name":"echo","arguments":{"text":"x"}}}\n',
    );
    expect((await proxy.next(({ id, error }) => id === "a" && error !== undefined)).error?.message).toMatch(
      /in use/,
    );
    expect(textOf(await proxy.next(({ id, result }) => id === "a" && result !== undefined))).toBe("done");
  });

  it("answers to nothing that was asked are dropped", async () => {
    proxy.write(
      '{"jsonrpc":"2.0","id":1,"result":{}}\n{"jsonrpc":"2.0","id":"x","error":{"code":1,"message":"x"}}\n',
    );
    await alive();
  });
});

describe("a downstream that breaks the rules", () => {
  it("that dies in a call: the call fails with words, and the next one is served by a new process", async () => {
    const died = await proxy.call("die");
    expect(died.result?.isError).toBe(true);
    expect(textOf(died)).toMatch(/server ended/);
    await alive();
    expect(home.records().find(({ tool }) => tool === "die")?.outcome).toBe("failed");
  });

  it("that talks nonsense before it answers is still heard", async () => {
    expect(textOf(await proxy.call("junk"))).toBe("after junk");
  });

  it("that answers under an id nobody gave is not believed", async () => {
    expect(textOf(await proxy.call("wrong_id"))).toBe("yours");
  });

  it("that answers twice is heard once", async () => {
    expect(textOf(await proxy.call("twice"))).toBe("first");
    await alive();
    expect(proxy.messages.some((message) => message.line.includes("second"))).toBe(false);
  });

  it("that floods is cut off at the hard cap, and the proxy lives", async () => {
    const flooded = await proxy.call("flood");
    expect(flooded.result?.isError).toBe(true);
    expect(textOf(flooded)).toMatch(/hard cap|over \d+ bytes|more than/);
    await alive();
  });

  for (const tool of ["both", "batch", "bad_utf8"]) {
    it(`that answers with ${tool}: nothing of it reaches the client, and the call ends at its deadline`, async () => {
      const config = home.config({
        mcpServers: {
          fake: { command: process.execPath, args: [FAKE], env: { FAKE_LOG: home.log }, timeout: "300ms" },
        },
      });
      const short = new Proxy(home, ["--config", config]);
      await short.initialize();
      const answer = await short.call(tool);
      expect(answer.result?.isError).toBe(true);
      expect(textOf(answer)).toMatch(/did not answer in time/);
      expect(textOf(await short.call("echo", { text: "next" }))).toBe("next");
      await short.close();
    });
  }

  it("that hangs does not hold up another server", async () => {
    const server = { command: process.execPath, args: [FAKE], timeout: "500ms" };
    const two = new Proxy(home, ["--config", home.config({ mcpServers: { one: server, two: server } })]);
    await two.initialize();
    const hung = two.call("one__hang");
    expect(textOf(await two.call("two__echo", { text: "at once" }))).toBe("at once");
    expect(textOf(await hung)).toMatch(/did not answer in time/);
    expect(home.audit("search", "--json", "--config", `${home.dir}/config.json`)).toContain('"timed_out"');
    await two.close();
  });

  it("that cannot be started does not empty the lists of the others", async () => {
    const good = { command: process.execPath, args: [FAKE] };
    const two = new Proxy(home, [
      "--config",
      home.config({ mcpServers: { good, bad: { command: "/no/such/program" } } }),
    ]);
    await two.initialize();
    const { result } = await two.request("tools/list");
    const names = (result!["tools"] as { name: string }[]).map(({ name }) => name);
    expect(names).toContain("good__echo");
    expect(names.some((name) => name.startsWith("bad"))).toBe(false);
    const refused = await two.call("bad__echo");
    expect(refused.result?.isError).toBe(true);
    expect(textOf(refused)).not.toMatch(/unknown tool|not found/i);
    await two.close();
  });
});

describe("endings", () => {
  it("closing stdin lets calls in flight finish, records them and exits with 0", async () => {
    const slow = proxy.call("slow", { ms: 400 });
    const code = await proxy.close();
    expect(textOf(await slow)).toBe("done");
    expect(code).toBe(0);
    expect(home.records().find(({ tool }) => tool === "slow")?.outcome).toBe("released");
  });

  it("SIGTERM cancels what does not end soon, and records that too", async () => {
    void proxy.call("hang");
    await proxy.call("echo", { text: "x" });
    proxy.child.kill("SIGTERM");
    expect(await proxy.exited).toBe(0);
    expect(home.records().find(({ tool }) => tool === "hang")?.outcome).toBe("cancelled");
    expect(JSON.parse(home.audit("verify", "--json"))).toMatchObject({ ok: true, open: 0 });
  });

  it("a cancellation reaches the downstream under its own id, with the client's reason, and is recorded", async () => {
    proxy.write(
      '{"jsonrpc":"2.0","id":"c1","method":"tools/call","params":{"name":"hang","arguments":{}}}\n',
    );
    await proxy.call("echo", { text: "x" });
    proxy.write(
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"c1","reason":"changed my mind"}}\n',
    );
    await proxy.call("echo", { text: "y" });
    const cancelled = home.received().find(({ method }) => method === "notifications/cancelled");
    const hang = home.received().find(({ params }) => params?.name === "hang") as
      | { id?: unknown }
      | undefined;
    expect(cancelled?.params).toMatchObject({ requestId: hang?.id, reason: "changed my mind" });
    expect(home.records().find(({ tool }) => tool === "hang")?.outcome).toBe("cancelled");
    expect(proxy.messages.some(({ id }) => id === "c1")).toBe(false);
  });
});
