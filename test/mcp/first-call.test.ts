/** A legacy server over HTTP may ask about a call on its own stream: it must be open before the call is made. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { IDLE_SOCKET_MS } from "../../src/mcp/limits.js";
import { CALL, INITIALIZE, startFront, type Front } from "./auth/front.js";

let server: http.Server;
let front: Front;
const seen: string[] = [];
afterEach(async () => {
  await front.close();
  server.closeAllConnections();
  server.close();
});

/** A server that opens its stream after `openMs`, or never says that it has. */
async function serve(openMs: number | undefined): Promise<string> {
  seen.length = 0;
  server = http.createServer((request, response) => {
    if (request.method === "GET") {
      seen.push("stream");
      if (openMs !== undefined)
        setTimeout(() => {
          seen.push("open");
          response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
        }, openMs);
      return;
    }
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { id, method } = JSON.parse(body || "{}") as { id?: number; method?: string };
      seen.push(method ?? request.method!);
      if (id === undefined) return response.writeHead(202).end();
      const result =
        method === "initialize"
          ? {
              protocolVersion: "2025-11-25",
              capabilities: { tools: {} },
              serverInfo: { name: "s", version: "1" },
            }
          : method === "tools/list"
            ? { tools: [{ name: "echo", inputSchema: { type: "object" } }] }
            : { content: [] };
      response
        .writeHead(200, { "content-type": "application/json", "mcp-session-id": "s1" })
        .end(JSON.stringify({ jsonrpc: "2.0", id, result }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

describe("a connection to a server", () => {
  it("that has lain idle is not used again: the server may be closing it", async () => {
    const url = await serve(0);
    front = await startFront({ mcpServers: { s: { url } } });
    const hello = await front.post(INITIALIZE);
    const session = { "mcp-session-id": hello.headers.get("mcp-session-id")! };
    await front.post({ method: "notifications/initialized" }, session);
    await front.post(CALL, session);
    let opened = 0;
    server.on("connection", () => opened++);
    await front.post(CALL, session);
    expect(opened).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, IDLE_SOCKET_MS + 500));
    expect((await front.post(CALL, session)).status).toBe(200);
    expect(opened).toBe(1);
  });
});

async function call(url: string): Promise<number> {
  front = await startFront({ mcpServers: { s: { url } } });
  const hello = await front.post(INITIALIZE);
  const session = { "mcp-session-id": hello.headers.get("mcp-session-id")! };
  await front.post({ method: "notifications/initialized" }, session);
  return (await front.post(CALL, session)).status;
}

describe("the first call", () => {
  it("is made when the server's own stream is open", async () => {
    expect(await call(await serve(150))).toBe(200);
    expect(seen.indexOf("open")).toBeGreaterThan(-1);
    expect(seen.indexOf("open")).toBeLessThan(seen.indexOf("tools/call"));
  });

  it("does not wait for ever for a server that never says that it is", async () => {
    expect(await call(await serve(undefined))).toBe(200);
    expect(seen).toContain("tools/call");
  });
});
