/** Clients that are slow, greedy or too many, over raw sockets. Each limit is a small one of the test's own. */
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AddressInfo } from "node:net";
import { MAX_QUEUED_EVENTS } from "../../src/mcp/limits.js";
import { HTTP_LIMITS, createListener, writeEvent, type HttpLimits } from "../../src/mcp/listener.js";
import { startDownstream, type Downstream } from "./auth/downstream.js";
import { CALL, INITIALIZE, TOKEN, startFront, statelessCall, type Front } from "./auth/front.js";

let down: Downstream;
let front: Front;
const sockets: Socket[] = [];
const start = async (limits: Partial<HttpLimits>): Promise<void> => {
  front = await startFront({ mcpServers: { down: { url: down.url } } }, limits);
};
beforeEach(async () => {
  down = await startDownstream();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await front.close();
  down.close();
});

/** Sends the text as it is; resolves to all that came back when the server hangs up. */
function raw(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(front.port, "127.0.0.1", () => socket.write(text));
    sockets.push(socket);
    let got = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (got += chunk));
    socket.on("error", () => {}).once("close", () => resolve(got));
  });
}

const HEAD = `Host: localhost\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\n`;
const health = async (): Promise<{ sessions: number; slowClients: number }> => {
  const url = new URL("/health", front.url);
  const response = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}`, connection: "close" } });
  return (await response.json()) as { sessions: number; slowClients: number };
};
const open = async (): Promise<Record<string, string>> => ({
  "mcp-session-id": (await front.post(INITIALIZE)).headers.get("mcp-session-id")!,
});

describe("a request", () => {
  it("whose head does not end is hung up on", async () => {
    await start({ headersMs: 100, checkMs: 50 });
    expect(await raw("POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")).toMatch(/^HTTP\/1.1 408/);
  });

  it("whose body does not end is hung up on", async () => {
    await start({ headersMs: 100, requestMs: 200, checkMs: 50 });
    const got = await raw(`POST /mcp HTTP/1.1\r\n${HEAD}Content-Length: 100\r\n\r\n{"jsonrpc"`);
    expect(got === "" || got.startsWith("HTTP/1.1 4")).toBe(true);
    expect(down.seen).toEqual([]);
  });

  it("with too large a head is refused", async () => {
    await start({ headerBytes: 2_000 });
    expect(await raw(`POST /mcp HTTP/1.1\r\n${HEAD}X-Big: ${"x".repeat(3_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431/,
    );
  });

  it("with too many headers is refused, instead of being read without the last", async () => {
    await start({ headers: 10 });
    const many = Array.from({ length: 12 }, (_, at) => `X-${at}: 1\r\n`).join("");
    expect(await raw(`POST /mcp HTTP/1.1\r\n${HEAD}${many}\r\n`)).toMatch(/^HTTP\/1.1 431/);
  });

  it("that says it is too large is refused before it is sent", async () => {
    await start({ message: 1_000 });
    const got = await raw(`POST /mcp HTTP/1.1\r\n${HEAD}Content-Length: 1001\r\n\r\n`);
    expect(got).toMatch(/^HTTP\/1.1 413[^]*a message may hold 1000 bytes/);
  });

  it("that asks first is told not to send a body that is too large, and nothing without a token", async () => {
    await start({ message: 1_000 });
    const ask = (head: string): Promise<string> =>
      raw(
        `POST /mcp HTTP/1.1\r\n${head}Expect: 100-continue\r\nConnection: close\r\nContent-Length: 1001\r\n\r\n`,
      );
    expect(await ask(HEAD)).toMatch(/^HTTP\/1.1 413/);
    expect(await ask("Host: localhost\r\n")).toMatch(/^HTTP\/1.1 401/);
  });

  it("that asks first, and is fine, may go on", async () => {
    await start({});
    const body = JSON.stringify({ jsonrpc: "2.0", ...INITIALIZE });
    const status = await new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${TOKEN}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        expect: "100-continue",
      };
      const asking = request(front.url, { method: "POST", headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asking.once("error", reject).once("continue", () => asking.end(body));
      asking.flushHeaders();
    });
    expect(status).toBe(200);
  });

  it("that is larger than it may be, without saying so, is answered all the same", async () => {
    await start({ message: 1_000 });
    const chunk = `${(600).toString(16)}\r\n${"x".repeat(600)}\r\n`;
    const got = await raw(`POST /mcp HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`);
    expect(got).toMatch(/^HTTP\/1.1 413/);
  });
});

describe("connections", () => {
  it("beyond the limit are refused, and there is room again when one goes", async () => {
    await start({ sockets: 2 });
    const quiet = await Promise.all(
      [1, 2].map(
        () =>
          new Promise<Socket>((resolve) => {
            const socket = connect(front.port, "127.0.0.1", () => resolve(socket));
            sockets.push(socket);
          }),
      ),
    );
    // Both are counted by the server once it has answered on one of them.
    await new Promise((resolve) => {
      quiet[1]!.once("data", resolve).write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    });
    expect(await raw("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")).toBe("");
    quiet[0]!.destroy();
    await expect
      .poll(() => raw(`GET /health HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`))
      .toMatch(/200 OK/);
  });

  it("that are idle between requests are ended", async () => {
    await start({ keepAliveMs: 50 });
    expect(await raw(`GET /health HTTP/1.1\r\n${HEAD}\r\n`)).toMatch(/^HTTP\/1.1 200/);
  });
});

describe("a client that does not read", () => {
  /** Asks on a socket that nobody reads. */
  const ask = (text: string): Promise<Socket> =>
    new Promise((resolve) => {
      const socket = connect(front.port, "127.0.0.1", () => {
        socket.pause();
        socket.write(text, () => resolve(socket));
      });
      socket.on("error", () => {});
      sockets.push(socket);
    });

  it("an answer is let go, and counted", async () => {
    await start({ stallMs: 150 });
    // More than the buffers of both ends hold.
    down.text = "x".repeat(12_000_000);
    const headers = await open();
    const body = JSON.stringify({ jsonrpc: "2.0", ...CALL });
    await ask(
      `POST /mcp HTTP/1.1\r\n${HEAD}Mcp-Session-Id: ${headers["mcp-session-id"]}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    await expect.poll(async () => (await health()).slowClients, { timeout: 10_000 }).toBe(1);
    down.text = "done";
    expect((await front.post({ ...CALL, id: 3 }, headers)).body.result.content[0].text).toBe("done");
  });

  it("its event stream is let go once too much is waiting, and what is written later goes nowhere", async () => {
    await start({});
    let written = 0;
    const over = new Promise<void>((resolve) => {
      const limits = { ...HTTP_LIMITS, backlog: 100_000 };
      const log = { info: () => {}, warn: () => {}, error: () => {} };
      const flood = createListener(
        (_, response) => {
          response.writeHead(200, { "content-type": "text/event-stream" });
          const more = (): void => {
            writeEvent(response, Buffer.alloc(50_000, "x"));
            written += 50_000;
            if (!response.destroyed) return void setImmediate(more);
            writeEvent(response, Buffer.from("late"));
            response.once("close", () =>
              setImmediate(() => {
                expect(flood.slowClients).toBe(1);
                flood.server.close(() => resolve());
              }),
            );
          };
          more();
        },
        limits,
        log,
      );
      flood.server.listen(0, "127.0.0.1", () => {
        const { port } = flood.server.address() as AddressInfo;
        const socket = connect(port, "127.0.0.1", () =>
          socket.pause().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        );
        socket.on("error", () => {});
        sockets.push(socket);
      });
    });
    await over;
    // What the buffers of the system hold, and the limit: not all that there was to say.
    expect(written).toBeLessThan(50_000_000);
  });

  it("what it has missed is kept up to a bound, the newest of it", async () => {
    const chatty = `
      const say = (message) => console.log(JSON.stringify({ jsonrpc: "2.0", ...message }));
      const serverInfo = { name: "chatty", version: "1" };
      require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
        const { id, method } = JSON.parse(line);
        if (method === "initialize")
          return say({ id, result: { protocolVersion: "2025-11-25", capabilities: { resources: {} }, serverInfo } });
        if (method === "tools/list") return say({ id, result: { tools: [] } });
        for (let at = 0; at < ${MAX_QUEUED_EVENTS + 50}; at++)
          say({ method: "notifications/resources/updated", params: { uri: "note:///" + at } });
      });`;
    front = await startFront({ mcpServers: { chatty: { command: process.execPath, args: ["-e", chatty] } } });
    const headers = await open();
    await front.post({ method: "notifications/initialized" }, headers);
    // Answered when all before it has been heard.
    await front.post({ id: 2, method: "tools/list" }, headers);
    const stream = await fetch(front.url, {
      headers: { authorization: `Bearer ${TOKEN}`, accept: "text/event-stream", ...headers },
    });
    const notes: number[] = [];
    const decoder = new TextDecoder();
    for await (const chunk of stream.body!) {
      for (const [, at] of decoder.decode(chunk, { stream: true }).matchAll(/"note:\/\/\/(\d+)"/g))
        notes.push(Number(at));
      if (notes.at(-1) === MAX_QUEUED_EVENTS + 49) break;
    }
    expect(notes).toEqual(Array.from({ length: MAX_QUEUED_EVENTS }, (_, at) => at + 50));
  });

  it("a quiet stream is nobody's fault: it stays", async () => {
    await start({ stallMs: 50 });
    const { "mcp-session-id": id } = await open();
    const stream = await fetch(front.url, {
      headers: { authorization: `Bearer ${TOKEN}`, accept: "text/event-stream", "mcp-session-id": id! },
    });
    await new Promise((resolve) => setTimeout(resolve, 250));
    const again = await fetch(front.url, {
      headers: { authorization: `Bearer ${TOKEN}`, accept: "text/event-stream", "mcp-session-id": id! },
    });
    expect([stream.status, again.status]).toEqual([200, 409]);
    expect((await health()).slowClients).toBe(0);
    await stream.body!.cancel();
  });
});

describe("sessions", () => {
  it("beyond the limit are refused with a time to come back", async () => {
    await start({ sessions: 2 });
    await open();
    const second = await open();
    const third = await front.post(INITIALIZE);
    expect([third.status, third.headers.get("retry-after")]).toEqual([503, "30"]);
    await fetch(front.url, { method: "DELETE", headers: { authorization: `Bearer ${TOKEN}`, ...second } });
    expect((await front.post(INITIALIZE)).status).toBe(200);
  });

  it("that nobody uses are ended", async () => {
    await start({ idleMs: 50, sweepMs: 20 });
    const headers = await open();
    await expect.poll(async () => (await health()).sessions).toBe(0);
    expect((await front.post(CALL, headers)).status).toBe(404);
  });

  it("of the stateless era are ended likewise, and begun anew", async () => {
    await start({ idleMs: 20, sweepMs: 10 });
    const hellos = async (): Promise<number> => {
      const { message, headers } = statelessCall(1);
      expect((await front.post(message, headers)).status).toBe(200);
      return down.seen.filter(({ method }) => method === "initialize").length;
    };
    expect(await hellos()).toBe(1);
    await expect.poll(hellos, { interval: 100 }).toBeGreaterThan(1);
  });

  it("of the stateless era make room for each other when they are idle", async () => {
    await start({ statelessSessions: 1 });
    const call = async (capabilities: object, id: number): Promise<number> => {
      const { message, headers } = statelessCall(id);
      const { params } = message as { params: { _meta: Record<string, object> } };
      params._meta["io.modelcontextprotocol/clientCapabilities"] = capabilities;
      return (await front.post(message, headers)).status;
    };
    expect(await call({}, 1)).toBe(200);
    expect(await call({ elicitation: { form: {} } }, 2)).toBe(200);
    expect(await call({}, 3)).toBe(200);
    expect(down.seen.filter(({ method }) => method === "initialize")).toHaveLength(3);
  });
});
