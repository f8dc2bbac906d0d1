/** Event streams that end before the answer and are taken up again, on either side of us. Real HTTP throughout. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { exchangeOver } from "../../src/mcp/exchange-http.js";
import { MAX_REPLAY_BYTES, MAX_RESUME_MS, MIN_RESUME_MS } from "../../src/mcp/limits.js";
import { createReplay } from "../../src/mcp/replay.js";
import { openHttp } from "../../src/mcp/wire-http.js";

const EVENTS = { "content-type": "text/event-stream" };
const REPLY = '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}';
const open: http.Server[] = [];

afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function listen(handler: http.RequestListener): Promise<string> {
  const server = http.createServer(handler);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

/** Sends one request to a server over our wire; resolves to the answer, or to the reason why there is none. */
async function ask(url: string, stateless = false): Promise<{ got: string; pauses: number[] }> {
  const pauses: number[] = [];
  let answered = false;
  const got = await new Promise<string>((resolve) => {
    const settle = (text: string): void => {
      answered = true;
      resolve(text);
    };
    const wire = openHttp(
      { url, headers: {} },
      {
        message: (bytes) => settle(bytes.toString()),
        failed: (_, error) => settle(error.message),
        waiting: () => !answered,
        paused: (_, retryMs) => pauses.push(retryMs),
        closed: (error) => settle(error.message),
      },
      stateless,
    );
    wire.send({ id: 1, method: "tools/call", text: '{"jsonrpc":"2.0","id":1,"method":"tools/call"}' });
  });
  return { got, pauses };
}

describe("a server that closes its stream before it has answered", () => {
  it("is asked for the rest, with the last event's id and after the time it named", async () => {
    const asked: unknown[] = [];
    const url = await listen((request, response) => {
      asked.push([request.method, request.headers["last-event-id"]]);
      response.writeHead(200, EVENTS);
      if (request.method === "POST") response.end("id: a1\ndata: \n\nretry: 30\n\n");
      else if (asked.length === 2) response.end("id: a2\ndata:\n\n");
      else response.end(`id: a3\ndata: ${REPLY}\n\n`);
    });
    expect(await ask(url)).toEqual({ got: REPLY, pauses: [30, 30] });
    expect(asked).toEqual([
      ["POST", undefined],
      ["GET", "a1"],
      ["GET", "a2"],
    ]);
  });

  it.each([
    ["1", MIN_RESUME_MS],
    ["99999999", MAX_RESUME_MS],
  ])("is not asked at once, nor after hours: %s is %s ms", async (retry, expected) => {
    const url = await listen((_, response) => {
      response.writeHead(200, EVENTS).end(`id: a1\nretry: ${retry}\ndata: \n\n`);
    });
    const paused = await new Promise<number>((resolve) => {
      const nothing = (): void => {};
      const wire = openHttp(
        { url, headers: {} },
        {
          message: nothing,
          failed: nothing,
          closed: nothing,
          waiting: () => true,
          paused: (_, retryMs) => {
            void wire.close();
            resolve(retryMs);
          },
        },
        false,
      );
      wire.send({ id: 1, method: "tools/call", text: '{"jsonrpc":"2.0","id":1,"method":"tools/call"}' });
    });
    expect(paused).toBe(expected);
  });

  it("has failed when it gave no id to come back with, or does not know us any more", async () => {
    const silent = await listen((_, response) => response.writeHead(200, EVENTS).end(": hello\n\n"));
    expect((await ask(silent)).got).toMatch(/ended its answer early/);
    const forgetful = await listen((request, response) => {
      if (request.method === "GET") response.writeHead(404).end();
      else response.writeHead(200, EVENTS).end("id: a1\nretry: 20\ndata: \n\n");
    });
    expect((await ask(forgetful)).got).toMatch(/ended its answer early/);
  });

  it("has failed in the stateless era, which knows no coming back", async () => {
    const url = await listen((_, response) => response.writeHead(200, EVENTS).end("id: a1\ndata: \n\n"));
    expect(await ask(url, true)).toEqual({
      got: expect.stringMatching(/ended its answer early/),
      pauses: [],
    });
  });

  it("may ping, and prime, without that being taken for a message", async () => {
    const url = await listen((_, response) => {
      response.writeHead(200, EVENTS).end(`event: ping\ndata: {}\n\nid: a1\ndata: \n\ndata: ${REPLY}\n\n`);
    });
    expect((await ask(url)).got).toBe(REPLY);
  });
});

describe("a client that loses its stream", () => {
  const NOTE = Buffer.from('{"jsonrpc":"2.0","method":"notifications/progress"}');

  it("gets what came since the last event it saw, and the answer", async () => {
    const replay = createReplay();
    const url = await listen((request, response) => {
      const last = request.headers["last-event-id"];
      if (typeof last === "string") {
        replay.find(last)!(response.writeHead(200, EVENTS));
        return;
      }
      const exchange = exchangeOver(response, {}, false, replay);
      exchange.related([NOTE]);
      exchange.pause!(25);
      exchange.related([NOTE]);
      exchange.reply([Buffer.from(REPLY)]);
    });
    const first = await (await fetch(url, { method: "POST" })).text();
    expect(first).toMatch(/^id: \S+_0\ndata: \n\nid: \S+_1\n.*progress.*\n\nretry: 25\n\n$/s);
    const last = /id: (\S+_1)\n/.exec(first)![1]!;
    const rest = await (await fetch(url, { headers: { "last-event-id": last } })).text();
    expect(rest.match(/^data: .*$/gm)).toEqual([`data: ${NOTE.toString()}`, `data: ${REPLY}`]);
    expect(rest).not.toContain("_1\n");
  });

  it("finds nothing under an id that was not given to it, or whose stream grew too large to keep", async () => {
    const replay = createReplay();
    expect(replay.find("nonsense")).toBeUndefined();
    expect(replay.find("00000000-0000-4000-8000-000000000000_0")).toBeUndefined();
    const url = await listen((_, response) => {
      const exchange = exchangeOver(response, {}, false, replay);
      exchange.related([NOTE]);
      exchange.reply([Buffer.alloc(MAX_REPLAY_BYTES, "x")]);
    });
    const text = await (await fetch(url, { method: "POST" })).text();
    expect(text.length).toBeGreaterThan(MAX_REPLAY_BYTES);
    expect(replay.find(/id: (\S+_0)\n/.exec(text)![1]!)).toBeUndefined();
  });
});

describe("the HTTP status of an answer", () => {
  it("is the error's own in the stateless era, and 200 before it", async () => {
    const error = (code: number): Buffer =>
      Buffer.from(`{"jsonrpc":"2.0","id":1,"error":{"code":${code},"message":"m"}}`);
    const url = await listen((request, response) => {
      const [, era, code] = request.url!.split("/");
      exchangeOver(response, {}, era === "stateless").reply([error(Number(code))]);
    });
    const status = async (path: string): Promise<number> => (await fetch(new URL(path, url))).status;
    expect(await status("/stateless/-32601")).toBe(404);
    expect(await status("/stateless/-32020")).toBe(400);
    expect(await status("/stateless/-32021")).toBe(400);
    expect(await status("/stateless/-32602")).toBe(200);
    expect(await status("/legacy/-32601")).toBe(200);
  });
});
