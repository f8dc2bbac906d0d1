/** Odd but legal messages cross unchanged, both ways: only the id is ours while it is on the way. */
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FAKE, Home, Proxy, SALLYPORT } from "../helpers/proxy.js";

const ODD: Record<string, string> = {
  "numbers that JavaScript cannot hold":
    '{"content":[],"structuredContent":{"a":9007199254740993,"b":12345678901234567890,"c":1.10,"d":-0,"e":1e2,"f":1E+5,"g":0.1e-7}}',
  "members that nobody knows, everywhere":
    '{"x":1,"content":[{"type":"text","text":"t","y":[{"z":null}],"_meta":{"k":{}}}],"_meta":{"a/b":[1,{"c":true}]},"zz":""}',
  "content of unknown types":
    '{"content":[{"type":"hologram","frames":[1,2,3]},{"type":"text"},{"type":"text","text":null}]}',
  "escapes and raw characters side by side":
    '{"content":[{"type":"text","text":"\\u00e9é\\/\\u4e2d中\\ud83d\\ude00😀\\n\\t\\"\\\\"}]}',
  "white space and key order": '{ "isError" : false ,\t"content" : [ { "text" : "b" , "type" : "text" } ] }',
  "a lone surrogate, escaped": '{"content":[{"type":"text","text":"\\ud800"}]}',
  "an empty result": "{}",
  "keys in unusual spellings": '{"content":[],"":1," ":2,"__proto__":{"x":1},"constructor":3,"a\\u0062":4}',
  "a result that looks like a message":
    '{"jsonrpc":"2.0","id":99,"result":{"id":1},"method":"x","content":[]}',
};

const requestOf = (id: string, raw: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"raw","arguments":{"raw":${JSON.stringify(raw)}},"_meta":{"traceparent":"00-x","n":1.10}},"x-kept":{"big":9007199254740993}}`;

const json = fc.json({ maxDepth: 4 }).map((text) => `{"content":[],"structuredContent":{"v":${text}}}`);

describe("over stdio", () => {
  let home: Home;
  let proxy: Proxy;
  beforeAll(async () => {
    home = new Home();
    proxy = new Proxy(home, undefined, { SALLYPORT_PROFILE: "dev" });
    await proxy.initialize();
  });
  afterAll(async () => {
    await proxy.close();
    home.remove();
  });
  let n = 1000;
  const ask = async (raw: string): Promise<{ id: string; line: string }> => {
    const id = `"é${++n}"`;
    proxy.write(`${requestOf(id, raw)}\n`);
    const reply = await proxy.next((message) => message.id === JSON.parse(id));
    return { id, line: reply.line };
  };

  for (const [name, raw] of Object.entries(ODD))
    it(name, async () => {
      const { id, line } = await ask(raw);
      expect(line).toBe(`{"jsonrpc":"2.0","id":${id},"result":${raw}}`);
      const got = readFileSync(home.log, "utf8").trim().split("\n").at(-1)!;
      expect(got.replace(/"id":\d+/, `"id":${id}`)).toBe(requestOf(id, raw));
    });

  it("whatever else", async () => {
    await fc.assert(
      fc.asyncProperty(json, async (raw) => {
        const { id, line } = await ask(raw);
        expect(line).toBe(`{"jsonrpc":"2.0","id":${id},"result":${raw}}`);
      }),
      { numRuns: 150 },
    );
  });

  it("twelve megabytes", async () => {
    const raw = `{"content":[{"type":"text","text":"${"ordinary words, é and 中 ".repeat(450_000)}"}]}`;
    const { id, line } = await ask(raw);
    expect(line === `{"jsonrpc":"2.0","id":${id},"result":${raw}}`).toBe(true);
  });
});

describe("over HTTP", () => {
  let home: Home;
  let serve: ChildProcess;
  let url: string;
  const headers: Record<string, string> = {
    authorization: "Bearer t",
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  beforeAll(async () => {
    home = new Home();
    const env = {
      ...process.env,
      SALLYPORT_HOME: home.dir,
      SALLYPORT_TOKEN: "t",
      SALLYPORT_PROFILE: "dev",
      FAKE_LOG: home.log,
    };
    const args = [SALLYPORT, "serve", "--listen", "127.0.0.1:0", "--", process.execPath, FAKE];
    serve = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "ignore"] });
    url = await new Promise((resolve) =>
      serve.stdout!.setEncoding("utf8").once("data", (said: string) => resolve(/http:\S+/.exec(said)![0])),
    );
    const params =
      '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bytes","version":"1"}}';
    const hello = await fetch(url, {
      method: "POST",
      headers,
      body: `{"jsonrpc":"2.0","id":0,"method":"initialize","params":${params}}`,
    });
    headers["mcp-session-id"] = hello.headers.get("mcp-session-id")!;
  });
  afterAll(async () => {
    const gone = new Promise((resolve) => serve.once("exit", resolve));
    serve.kill("SIGTERM");
    await gone;
    home.remove();
  });

  for (const [name, raw] of Object.entries(ODD))
    it(name, async () => {
      const response = await fetch(url, { method: "POST", headers, body: requestOf("7", raw) });
      expect(await response.text()).toBe(`{"jsonrpc":"2.0","id":7,"result":${raw}}`);
    });

  it("two clients with equal ids get their own answers, a thousand at once", async () => {
    const ask = async (i: number) => {
      const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"for ${i}"}}}`;
      const own = { ...headers, "mcp-session-id": sessions[i % sessions.length]! };
      return { i, text: await (await fetch(url, { method: "POST", headers: own, body })).text() };
    };
    const hello =
      '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}';
    const sessions: string[] = [];
    for (let i = 0; i < 4; i++) {
      const { "mcp-session-id": _, ...fresh } = headers;
      const opened = await fetch(url, {
        method: "POST",
        headers: fresh,
        body: `{"jsonrpc":"2.0","id":1,"method":"initialize","params":${hello}}`,
      });
      sessions.push(opened.headers.get("mcp-session-id")!);
    }
    expect(new Set(sessions).size).toBe(4);
    // One id may be in flight once per session, so each session asks one after the other.
    const chains = sessions.map(async (_each, at) => {
      for (let i = at; i < 1000; i += sessions.length) {
        const { text } = await ask(i);
        expect(text).toBe(
          `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"for ${i}"}]}}`,
        );
      }
    });
    await Promise.all(chains);
  });

  it("nobody gets in without the token, with another Host, or from another Origin", async () => {
    const post = (more: Record<string, string>) =>
      fetch(url, { method: "POST", headers: { ...headers, ...more }, body: requestOf("1", "{}") }).then(
        (r) => r.status,
      );
    expect(await post({ authorization: "Bearer wrong" })).toBe(401);
    expect(await post({ authorization: "" })).toBe(401);
    expect(await post({ origin: "https://evil.example" })).toBe(403);
    expect(await post({ "mcp-session-id": "not-a-session" })).toBe(404);
    expect(await post({ "content-type": "text/plain" })).toBe(415);
    expect(await post({})).toBe(200);
  });
});
