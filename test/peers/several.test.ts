/** Several servers of both eras and transports behind one proxy: each says what it says alone. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SALLYPORT } from "../helpers/proxy.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const bin = (name: string): string => join(root, "node_modules/@modelcontextprotocol", name, "dist/index.js");
const STATELESS = join(root, "test/peers/servers/stateless.mjs");
const TOKEN = "token-of-the-test";
const PIN = { versionNegotiation: { mode: { pin: "2026-07-28" } } } as const;
const info = { name: "several-test", version: "1" };

interface Tool {
  readonly name: string;
}
interface Driver {
  listTools(): Promise<{ tools: Tool[] }>;
  listPrompts(): Promise<{ prompts: Tool[] }>;
  listResources(): Promise<{ resources: unknown[] }>;
  readResource(request: { uri: string }): Promise<object>;
  getPrompt(request: { name: string }): Promise<object>;
  callTool(call: { name: string; arguments: object }): Promise<object>;
  close(): Promise<void>;
}

let dir: string;
let config: string;
let url: string;
let modern: string;
const children: ChildProcess[] = [];

const env = (): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  SALLYPORT_HOME: dir,
  SALLYPORT_LOG_LEVEL: "error",
  SALLYPORT_TOKEN: TOKEN,
});

/** Starts something that prints its address. */
async function address(args: string[]): Promise<string> {
  const child = spawn(process.execPath, args, { env: env(), stdio: ["ignore", "pipe", "ignore"] });
  children.push(child);
  return new Promise((resolve) =>
    child.stdout.setEncoding("utf8").once("data", (said: string) => resolve(/http:\S+/.exec(said)![0])),
  );
}

beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "sallyport-several-")));
  mkdirSync(join(dir, "files"));
  writeFileSync(join(dir, "files/notes.txt"), "first line\nsecond line\n");
  modern = await address([STATELESS, "--http"]);
  const node = (...args: string[]) => ({ command: process.execPath, args });
  const mcpServers = {
    every: node(bin("server-everything")),
    files: node(bin("server-filesystem"), join(dir, "files")),
    memory: { ...node(bin("server-memory")), env: { MEMORY_FILE_PATH: join(dir, "memory.jsonl") } },
    modern: node(STATELESS),
    web: { url: modern },
  };
  config = join(dir, "config.json");
  writeFileSync(config, JSON.stringify({ audit: { path: join(dir, "audit.db") }, mcpServers }));
  url = await address([SALLYPORT, "serve", "--listen", "127.0.0.1:0", "--config", config]);
});
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

const spec = (args: string[]) => ({
  command: process.execPath,
  args,
  env: env(),
  stderr: "ignore" as const,
});
const THROUGH = (): string[] => [SALLYPORT, "run", "--config", config];
const requestInit = { headers: { authorization: `Bearer ${TOKEN}` } };

async function v1(transport: unknown): Promise<Driver> {
  const client = new ClientV1(info);
  await client.connect(transport as never);
  return client as unknown as Driver;
}
async function v2(transport: unknown, options: object = {}): Promise<Driver> {
  const client = new ClientV2(info, options);
  await client.connect(transport as never);
  return client as unknown as Driver;
}

const CLIENTS: Record<string, () => Promise<Driver>> = {
  "SDK v1 over stdio": () => v1(new StdioV1(spec(THROUGH()))),
  "SDK v1 over HTTP": () => v1(new HttpV1(new URL(url), { requestInit })),
  "SDK v2 over stdio": () => v2(new StdioV2(spec(THROUGH()))),
  "SDK v2, stateless, over stdio": () => v2(new StdioV2(spec(THROUGH())), PIN),
  "SDK v2, stateless, over HTTP": () => v2(new HttpV2(new URL(url), { requestInit }), PIN),
};
/** Each server alone. */
const DIRECT: Record<string, () => Promise<Driver>> = {
  every: () => v1(new StdioV1(spec([bin("server-everything")]))),
  files: () => v1(new StdioV1(spec([bin("server-filesystem"), join(dir, "files")]))),
  modern: () => v2(new StdioV2(spec([STATELESS])), PIN),
  web: () => v2(new HttpV2(new URL(modern)), PIN),
};

const CALLS: readonly (readonly [server: string, tool: string, args: () => object])[] = [
  ["every", "echo", () => ({ message: "café 中 😀" })],
  ["every", "get-structured-content", () => ({ location: "Chicago" })],
  ["files", "read_text_file", () => ({ path: join(dir, "files/notes.txt") })],
  ["modern", "echo", () => ({ message: "to the modern one" })],
  ["web", "echo", () => ({ message: "over HTTP" })],
];

/** What an era adds to every result says nothing of the server. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const ERA = ["ttlMs", "cacheScope", "resultType", "_meta", "execution"];
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => (ERA.includes(key) ? [] : [[key, plain(each)]])),
  );
}

describe("five servers behind one proxy", () => {
  let alone: { calls: unknown[]; tools: Record<string, unknown[]>; prompt: unknown; resource: unknown };
  const uri = "demo://resource/static/document/architecture.md";
  beforeAll(async () => {
    const drivers: Record<string, Driver> = {};
    for (const [name, connect] of Object.entries(DIRECT)) drivers[name] = await connect();
    const tools: Record<string, unknown[]> = {};
    for (const [name, driver] of Object.entries(drivers)) tools[name] = (await driver.listTools()).tools;
    const calls: unknown[] = [];
    for (const [server, name, args] of CALLS)
      calls.push(plain(await drivers[server]!.callTool({ name, arguments: args() })));
    const prompt = plain(await drivers["every"]!.getPrompt({ name: "simple-prompt" }));
    const resource = plain(await drivers["every"]!.readResource({ uri }));
    alone = { calls, tools, prompt, resource };
    for (const driver of Object.values(drivers)) await driver.close();
  });

  for (const [name, connect] of Object.entries(CLIENTS))
    it(`look to ${name} as they look alone, under their names`, async () => {
      const driver = await connect();
      try {
        const { tools } = await driver.listTools();
        for (const [server, own] of Object.entries(alone.tools)) {
          const shown = tools.filter((tool) => tool.name.startsWith(`${server}__`));
          const named = shown.map((tool) => ({ ...tool, name: tool.name.slice(server.length + 2) }));
          expect(plain(named)).toEqual(plain(own));
        }
        expect(tools.some((tool) => tool.name.startsWith("memory__"))).toBe(true);
        const results: unknown[] = [];
        for (const [server, tool, args] of CALLS)
          results.push(plain(await driver.callTool({ name: `${server}__${tool}`, arguments: args() })));
        expect(results).toEqual(alone.calls);
        expect(plain(await driver.getPrompt({ name: "every__simple-prompt" }))).toEqual(alone.prompt);
        expect(plain(await driver.readResource({ uri }))).toEqual(alone.resource);
      } finally {
        await driver.close();
      }
    });
});
