/** A downstream over HTTP that breaks the rules: a clear error, nothing believed that is not an answer, and life goes on. */
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Home, Proxy, textOf } from "../helpers/proxy.js";

const JSON_TYPE = { "content-type": "application/json" };
const EVENTS = { "content-type": "text/event-stream" };

interface Request {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly arguments?: { readonly text?: string } };
}
type Behaviour = (response: ServerResponse, answer: (said: string, id?: unknown) => string) => void;

/** What each tool does instead of answering. */
const FAULTS: Record<string, Behaviour> = {
  dies_in_the_head: (response) => response.socket!.destroy(),
  dies_in_the_answer: (response, answer) => {
    response.writeHead(200, { ...JSON_TYPE, "content-length": 5000 });
    response.write(answer("half of it").slice(0, 40), () => response.socket!.destroy());
  },
  dies_in_the_stream: (response) => {
    response.writeHead(200, EVENTS);
    response.write('data: {"jsonrpc":"2.0",', () => response.socket!.destroy());
  },
  page: (response, answer) => response.writeHead(500, { "content-type": "text/html" }).end(answer("a page")),
  redirect: (response) => response.writeHead(307, { location: "http://127.0.0.1:9/elsewhere" }).end(),
  empty: (response) => response.writeHead(200, JSON_TYPE).end(),
  accepted: (response) => response.writeHead(202).end(),
  batch: (response, answer) => response.writeHead(200, JSON_TYPE).end(`[${answer("in a batch")}]`),
  not_json: (response) => response.writeHead(200, JSON_TYPE).end("not JSON"),
  not_utf8: (response, answer) => {
    const bytes = Buffer.from(answer("xx"));
    bytes[bytes.indexOf("xx")] = 0xff;
    response.writeHead(200, JSON_TYPE).end(bytes);
  },
  both: (response, answer) =>
    response
      .writeHead(200, JSON_TYPE)
      .end(answer("both").replace(/\}$/, ',"error":{"code":1,"message":"x"}}')),
  another_id: (response, answer) => response.writeHead(200, JSON_TYPE).end(answer("not yours", 999_999)),
  another_id_in_the_stream: (response, answer) =>
    response.writeHead(200, EVENTS).end(`data: ${answer("not yours", 999_999)}\n\n`),
  headers_without_end: (response, answer) =>
    response.writeHead(200, { ...JSON_TYPE, "x-flood": "x".repeat(40_000) }).end(answer("after a flood")),
  junk_before_its_answer: (response, answer) =>
    response.writeHead(200, EVENTS).end(`data: junk\n\ndata: ${answer("not yours")}\n\n`),
  flood: (response) => flood(response.writeHead(200, JSON_TYPE), "x".repeat(1 << 20)),
  flood_of_one_event: (response) => flood(response.writeHead(200, EVENTS), `data: ${"x".repeat(1 << 20)}\n`),
};

/** Over the hard cap, as fast as they are taken. */
function flood(response: ServerResponse, piece: string): void {
  let left = 80;
  const more = (): void => {
    while (left-- > 0) if (!response.write(piece)) return void response.once("drain", more);
    response.end();
  };
  more();
}

const HONEST: Record<string, Behaviour> = {
  hang: () => {},
  pings_first: (response, answer) =>
    response
      .writeHead(200, EVENTS)
      .end(`: hello\r\nevent: ping\r\ndata: {}\r\n\r\nid: 7\r\ndata: ${answer("after pings")}\r\n\r\n`),
  twice: (response, answer) =>
    response.writeHead(200, EVENTS).end(`data: ${answer("first")}\n\ndata: ${answer("second")}\n\n`),
  bit_by_bit: (response, answer) => {
    const bytes = Buffer.from(`data: ${answer("é中😀")}\n\n`);
    response.writeHead(200, EVENTS);
    let at = 0;
    const next = (): void => {
      if (at === bytes.length) response.end();
      else response.write(bytes.subarray(at, ++at), () => setImmediate(next));
    };
    next();
  },
  parse_error: (response) =>
    response
      .writeHead(400, JSON_TYPE)
      .end('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}'),
};

let home: Home;
let proxy: Proxy;
let server: http.Server;
let sessions: number;
let knows: string | undefined;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk as string;
  return body;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "POST") return void response.writeHead(405).end();
  const message = JSON.parse(await bodyOf(request)) as Request;
  const reply = (result: object): void =>
    void response.writeHead(200, JSON_TYPE).end(JSON.stringify({ jsonrpc: "2.0", id: message.id, result }));
  if (message.method === "initialize") {
    knows = `session-${++sessions}`;
    response.setHeader("mcp-session-id", knows);
    const capabilities = { tools: {} };
    return reply({
      protocolVersion: "2025-11-25",
      capabilities,
      serverInfo: { name: "faulty", version: "1" },
    });
  }
  if (request.headers["mcp-session-id"] !== knows) return void response.writeHead(404).end();
  if (message.id === undefined) return void response.writeHead(202).end();
  const name = message.params?.name ?? "";
  const answer = (said: string, id = message.id): string =>
    JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: said }] } });
  const behave = FAULTS[name] ?? HONEST[name];
  if (behave !== undefined) return behave(response, answer);
  if (name === "forget") knows = undefined;
  response.writeHead(200, JSON_TYPE).end(answer(message.params?.arguments?.text ?? ""));
}

beforeEach(async () => {
  sessions = 0;
  home = new Home();
  server = http.createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  const config = home.config({ mcpServers: { faulty: { url, timeout: "2s" } } });
  proxy = new Proxy(home, ["--config", config]);
  await proxy.initialize();
});
afterEach(async () => {
  proxy.child.kill("SIGKILL");
  await proxy.exited;
  server.closeAllConnections();
  server.close();
  home.remove();
});

const alive = async (): Promise<void> =>
  expect(textOf(await proxy.call("echo", { text: "still here" }))).toBe("still here");

describe("an HTTP server that breaks the rules", () => {
  for (const name of Object.keys(FAULTS))
    it(`with ${name.replaceAll("_", " ")}: the call fails with words, and the next one is served`, async () => {
      const reply = await proxy.call(name);
      expect(reply.result?.isError).toBe(true);
      expect(textOf(reply)).toMatch(/^\[Sallyport\] The call to \S+ failed\. The server "faulty" /);
      expect(reply.line).not.toMatch(/not yours|in a batch|half of it|a page/);
      await alive();
      const recorded = JSON.parse(home.audit("search", "--json", "--config", `${home.dir}/config.json`)) as {
        tool: string;
        outcome: string;
      }[];
      expect(recorded.find(({ tool }) => tool === name)?.outcome).toMatch(/failed|timed_out/);
    });

  it("that never answers: the call ends at its deadline, others meanwhile are served", async () => {
    const hung = proxy.call("hang");
    await alive();
    expect(textOf(await hung)).toMatch(/did not answer in time/);
  });
});

describe("an HTTP server that is odd but honest", () => {
  it("is heard with CRLF, comments and pings around its answer", async () => {
    expect(textOf(await proxy.call("pings_first"))).toBe("after pings");
  });

  it("is heard once when it answers twice", async () => {
    expect(textOf(await proxy.call("twice"))).toBe("first");
    await alive();
    expect(proxy.messages.some(({ line }) => line.includes("second"))).toBe(false);
  });

  it("is heard byte by byte", async () => {
    expect(textOf(await proxy.call("bit_by_bit"))).toBe("é中😀");
  });

  it("may answer with an error under no id: the stream tells whose it is", async () => {
    expect((await proxy.call("parse_error")).error).toMatchObject({ code: -32700 });
  });

  it("may forget its session: it is greeted anew", async () => {
    await proxy.call("forget");
    await proxy.call("echo", { text: "lost" });
    await alive();
    expect(sessions).toBe(2);
  });
});
