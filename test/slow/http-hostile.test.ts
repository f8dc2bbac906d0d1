/** Hostile clients over HTTP, in both eras: each gets an error, and nothing reaches the downstream that was not judged. */
import { spawn, type ChildProcess } from "node:child_process";
import http from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FAKE, Home, SALLYPORT } from "../helpers/proxy.js";

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
let home: Home;
let serve: ChildProcess;
let url: string;
let session: string;
let seen: number;

const basic = {
  authorization: "Bearer t",
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};
type Headers = Record<string, string>;

beforeAll(async () => {
  home = new Home();
  const env = { ...process.env, SALLYPORT_HOME: home.dir, SALLYPORT_TOKEN: "t", FAKE_LOG: home.log };
  const args = [SALLYPORT, "serve", "--listen", "127.0.0.1:0", "--", process.execPath, FAKE];
  serve = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "ignore"] });
  url = await new Promise((resolve) =>
    serve.stdout!.setEncoding("utf8").once("data", (said: string) => resolve(/http:\S+/.exec(said)![0])),
  );
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params });
  const hello = await fetch(url, { method: "POST", headers: basic, body });
  session = hello.headers.get("mcp-session-id")!;
  await hello.text();
});
afterAll(async () => {
  const gone = new Promise((resolve) => serve.once("exit", resolve));
  serve.kill("SIGTERM");
  await gone;
  home.remove();
});

const received = (): number => home.received().filter(({ method }) => method !== "initialize").length;
beforeEach(() => {
  seen = received();
});

const post = (body: string | Buffer<ArrayBuffer>, headers: Headers): Promise<Response> =>
  fetch(url, { method: "POST", headers: { ...basic, ...headers }, body });

const ERAS: Record<string, { headers: () => Headers; meta: string }> = {
  "of the legacy era": { headers: () => ({ "mcp-session-id": session }), meta: "{}" },
  "of the stateless era": {
    headers: () => ({
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "echo",
    }),
    meta: JSON.stringify(META),
  },
};

for (const [era, { headers, meta }] of Object.entries(ERAS))
  describe(`a client ${era} that sends`, () => {
    const params = `"params":{"_meta":${meta},"name":"echo","arguments":{"text":"x"}}`;
    const whole = `{"jsonrpc":"2.0","id":7,"method":"tools/call",${params}}`;
    const alive = async (): Promise<void> => {
      const text = await (await post(whole, headers())).text();
      expect(text).toContain('"text":"x"');
    };
    const cases: Record<string, string> = {
      "a batch array": `[${whole}]`,
      "a duplicate key": whole.replace('"id":7', '"id":7,"id":8'),
      "a duplicate key in arguments": whole.replace('"text":"x"', '"text":"x","te\\u0078t":"y"'),
      "a case variant": whole.replace('"method"', '"Method":"tools/list","method"'),
      "a case variant in params": whole.replace('"arguments"', '"Arguments":{},"arguments"'),
      "a call without an id": whole.replace('"id":7,', ""),
      "a null id": whole.replace('"id":7', '"id":null'),
      "an id that is an object": whole.replace('"id":7', '"id":{}'),
      "no version": whole.replace('"jsonrpc":"2.0",', ""),
      "half a message": whole.slice(0, -1),
      "a number": "42",
      nothing: "",
      "arguments nested beyond any reason": whole.replace('"x"', "[".repeat(5000) + "]".repeat(5000)),
    };
    for (const [name, body] of Object.entries(cases))
      it(`${name} is refused with 400`, async () => {
        const response = await post(body, headers());
        expect(response.status).toBe(400);
        expect(await response.json()).toMatchObject({ id: null, error: { code: expect.any(Number) } });
        expect(received()).toBe(seen);
        await alive();
      });

    it("invalid UTF-8 is refused", async () => {
      const bytes = Buffer.from(whole);
      bytes[bytes.indexOf('"x"') + 1] = 0xff;
      const response = await post(bytes, headers());
      expect(response.status).toBe(400);
      expect(await response.text()).toContain("UTF-8");
      expect(received()).toBe(seen);
    });

    it("100 MB, without saying so before, is cut off", async () => {
      const status = await new Promise<number>((resolve, reject) => {
        const request = http.request(url, { method: "POST", headers: { ...basic, ...headers() } });
        let answered = false;
        request.once("response", (response) => {
          answered = true;
          resolve(response.statusCode ?? 0);
          response.resume();
        });
        // The socket is closed under us, which may overtake the answer: either way it is cut off.
        request.on("error", (error: NodeJS.ErrnoException) => {
          if (answered) return;
          if (error.code === "EPIPE" || error.code === "ECONNRESET") resolve(413);
          else reject(error);
        });
        const piece = Buffer.alloc(1 << 20, 0x61);
        let left = 100;
        const more = (): void => {
          while (left-- > 0 && !answered) if (!request.write(piece)) return void request.once("drain", more);
          request.end();
        };
        more();
      });
      expect(status).toBe(413);
      expect(received()).toBe(seen);
      await alive();
    });
  });

describe("a client of the stateless era whose headers", () => {
  const { headers, meta } = ERAS["of the stateless era"]!;
  const body = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"_meta":${meta},"name":"echo","arguments":{}}}`;
  const wrong: Record<string, Headers> = {
    "name another method": { "mcp-method": "tools/list" },
    "name another tool": { "mcp-name": "die" },
    "name the tool in broken base64": { "mcp-name": "=?base64?!!?=" },
    "name another version": { "mcp-protocol-version": "2026-07-29" },
    "name an older version": { "mcp-protocol-version": "2025-11-25" },
  };
  for (const [name, more] of Object.entries(wrong))
    it(`${name} is refused: two hops would judge two calls`, async () => {
      const response = await post(body, { ...headers(), ...more });
      expect(response.status).toBe(400);
      expect(received()).toBe(seen);
    });

  it("are missing is refused", async () => {
    expect((await post(body, {})).status).toBe(400);
    const { "mcp-method": _, ...less } = headers();
    expect((await post(body, less)).status).toBe(400);
    expect(received()).toBe(seen);
  });

  it("are right, but posts an answer that nobody asked for, is refused", async () => {
    const response = await post('{"jsonrpc":"2.0","id":1,"result":{}}', {
      "mcp-protocol-version": "2026-07-28",
    });
    expect(response.status).toBe(400);
  });
});

describe("a client of the legacy era", () => {
  it("that answers what nobody asked is heard by nobody", async () => {
    const response = await post('{"jsonrpc":"2.0","id":1,"result":{}}', { "mcp-session-id": session });
    expect(response.status).toBe(202);
    expect(received()).toBe(seen);
  });

  it("without a session, or with one that has ended, is told so", async () => {
    const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{}}}';
    expect((await post(call, {})).status).toBe(400);
    const params = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "y", version: "1" },
    };
    const hello = await post(JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }), {});
    const own = { "mcp-session-id": hello.headers.get("mcp-session-id")! };
    const end = (): Promise<Response> => fetch(url, { method: "DELETE", headers: { ...basic, ...own } });
    expect((await end()).status).toBe(200);
    expect((await end()).status).toBe(404);
    expect((await post(call, own)).status).toBe(404);
    expect(received()).toBe(seen);
  });
});
