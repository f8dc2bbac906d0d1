/**
 * Bent messages over HTTP, from both sides: bodies, headers, statuses and event streams that are almost right. Nothing
 * crashes or hangs, nothing reaches a server without a decision on record, no secret passes. FUZZ_CASES and FUZZ_SEED: see
 * `npm run fuzz`.
 */
import { execFileSync } from "node:child_process";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { clientLine, lie } from "../fuzz/arbitraries.js";
import { FAKE, Home, SALLYPORT } from "../helpers/proxy.js";
import { INITIALIZE, startFront, statelessCall, TOKEN, type Front } from "../mcp/auth/front.js";

const CASES = Number(process.env["FUZZ_CASES"] ?? 600);
const SEED = Number(process.env["FUZZ_SEED"] ?? 1);
const SSN = "536-90-4399";

let front: Front;
let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(async () => {
  await front.close();
  home.remove();
});

/** Sends bytes that need not be a message; resolves to what came back, "" where the connection was cut. */
function send(body: Buffer, headers: Record<string, string>, method = "POST"): Promise<string> {
  return new Promise((resolve) => {
    const request = http.request(front.url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("close", () => resolve(`${response.statusCode} ${Buffer.concat(chunks).toString()}`));
    });
    request.on("error", () => resolve(""));
    request.end(body);
  });
}

it(
  `a client's bent messages: what the server saw is what was decided (seed ${SEED})`,
  { timeout: 600_000 },
  async () => {
    const env = { FAKE_LOG: home.log };
    front = await startFront({ mcpServers: { fake: { command: process.execPath, args: [FAKE], env } } });
    const session = { "mcp-session-id": (await front.post(INITIALIZE)).headers.get("mcp-session-id")! };
    const stateless = statelessCall(1).headers;
    const headers = fc
      .tuple(
        fc.constantFrom(session, session, stateless, {}, { "mcp-session-id": "x" }),
        fc.constantFrom("application/json", "application/json", "text/plain", "application/json; charset=x"),
        fc.constantFrom("2025-11-25", "2026-07-28", "2024-11-05", "x", ""),
        fc.constantFrom("application/json, text/event-stream", "text/event-stream", "*/*", ""),
      )
      .map(([who, type, version, accept]) => ({
        authorization: `Bearer ${TOKEN}`,
        "content-type": type,
        accept,
        ...who,
        ...(version !== "" && { "mcp-protocol-version": version }),
      }));
    const cases = fc.sample(fc.tuple(clientLine("echo"), headers), { numRuns: CASES, seed: SEED });
    const alive = async (text: string): Promise<void> => {
      const call = { id: 5, method: "tools/call", params: { name: "echo", arguments: { text } } };
      expect((await front.post(call, session)).body.result.content[0].text).toBe(text);
    };
    for (const [at, [body, given]] of cases.entries()) {
      expect(await send(body, given)).not.toMatch(/^500| at .*\.js:/);
      if (at % 100 === 99) await alive(`${at}`);
    }
    await alive("the last");
    const records = JSON.parse(
      execFileSync(
        process.execPath,
        [
          SALLYPORT,
          "audit",
          "search",
          "--json",
          "--limit",
          "100000",
          "--config",
          join(front.dir, "config.json"),
        ],
        {
          cwd: front.dir,
          encoding: "utf8",
        },
      ),
    ) as { outcome: string }[];
    const seen = home.received().filter(({ method }) => method === "tools/call");
    expect(seen).toHaveLength(records.filter(({ outcome }) => outcome !== "refused").length);
    expect(seen.length).toBeGreaterThan(CASES / 100 + 1);
  },
);

it(
  `a lying server's answers: none carries what must be masked, and each call gets one (seed ${SEED})`,
  { timeout: 600_000 },
  async () => {
    const lies = fc.sample(
      fc.record({
        text: lie(SSN),
        status: fc.constantFrom(200, 200, 200, 200, 202, 404, 500, 302),
        type: fc.constantFrom("application/json", "text/event-stream", "text/html", ""),
        form: fc.constantFrom("whole", "cut", "slow", "twice"),
      }),
      { numRuns: Math.ceil(CASES / 2), seed: SEED },
    );
    let next = 0;
    const server = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        if (request.method !== "POST") return response.writeHead(405).end();
        const { id, method } = JSON.parse(Buffer.concat(chunks).toString()) as {
          id?: number;
          method: string;
        };
        const reply = (result: object): void =>
          void response
            .writeHead(200, { "content-type": "application/json" })
            .end(JSON.stringify({ jsonrpc: "2.0", id, result }));
        if (id === undefined) return response.writeHead(202).end();
        if (method === "initialize") {
          const serverInfo = { name: "liar", version: "1" };
          return reply({ protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo });
        }
        if (method === "tools/list")
          return reply({ tools: [{ name: "echo", inputSchema: { type: "object" } }] });
        const each = lies[next++ % lies.length]!;
        const said = each.text.replaceAll("$ID", String(id));
        const honest = `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"honest"}]}}`;
        const body =
          each.type === "text/event-stream" ? `data: ${said}\n\ndata: ${honest}\n\n` : said || honest;
        response.writeHead(each.status, each.type === "" ? {} : { "content-type": each.type });
        if (each.form === "cut") response.write(body.slice(0, body.length / 2), () => response.destroy());
        else if (each.form === "slow") response.write(body.slice(0, 9), () => response.end(body.slice(9)));
        else response.end(each.form === "twice" ? body + body : body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
    front = await startFront({
      // In `dev` nobody is slowed down for failing again and again.
      actions: { pii: "redact" },
      mcpServers: { liar: { url, timeout: "1s" } },
    });
    try {
      const session = { "mcp-session-id": (await front.post(INITIALIZE)).headers.get("mcp-session-id")! };
      for (let at = 0; at < lies.length; at++) {
        const call = { id: at + 10, method: "tools/call", params: { name: "echo", arguments: { at } } };
        const reply = await front.post(call, session);
        const text = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body);
        expect(text).not.toContain(SSN);
        expect(text.split(`"id":${at + 10}`).length - 1).toBe(1);
      }
    } finally {
      server.close();
      server.closeAllConnections();
    }
  },
);
