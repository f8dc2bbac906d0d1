/**
 * Real clients drive real servers, directly and through Sallyport, over stdio and over HTTP: what is not governed is
 * the same, and so is what is governed and allowed.
 */
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
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SALLYPORT } from "../helpers/proxy.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const bin = (name: string): string => join(root, "node_modules", name, "dist/index.js");
const TOKEN = "token-of-the-test";

interface Driver {
  listTools(): Promise<unknown>;
  callTool(call: { name: string; arguments: object }): Promise<unknown>;
  listResources(): Promise<unknown>;
  listResourceTemplates(): Promise<unknown>;
  readResource(request: { uri: string }): Promise<unknown>;
  listPrompts(): Promise<unknown>;
  getPrompt(request: { name: string; arguments?: object }): Promise<unknown>;
  complete(request: object): Promise<unknown>;
  getServerCapabilities(): unknown;
  getServerVersion(): unknown;
  getInstructions(): unknown;
  close(): Promise<void>;
}

let dir: string;
const children: ChildProcess[] = [];
beforeAll(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "sallyport-peers-")));
  mkdirSync(join(dir, "files"));
  writeFileSync(join(dir, "files/notes.txt"), "first line\nsecond line\n");
  const db = new Database(join(dir, "shop.db"));
  db.exec("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, price REAL)");
  db.exec("INSERT INTO items VALUES (1, 'kettle', 39.9), (2, 'lamp', 64.5), (9007199254740993, 'big', 1.10)");
  db.close();
});
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

type Command = readonly [command: string, ...args: string[]];

/** What each server is asked, beyond its lists. */
const SERVERS: Record<string, { command: () => Command; drive: (driver: Driver) => Promise<unknown> }> = {
  everything: {
    command: () => [process.execPath, bin("@modelcontextprotocol/server-everything")],
    drive: async (driver) => [
      await driver.callTool({ name: "echo", arguments: { message: "café 中 😀" } }),
      await driver.callTool({ name: "get-sum", arguments: { a: 2, b: 40 } }),
      await driver.callTool({ name: "get-structured-content", arguments: { location: "Chicago" } }),
      await driver.callTool({ name: "get-tiny-image", arguments: {} }),
      await driver.callTool({
        name: "get-annotated-message",
        arguments: { messageType: "error", includeImage: true },
      }),
      await driver.callTool({ name: "get-resource-links", arguments: { count: 3 } }),
      await failure(driver.callTool({ name: "no-such-tool", arguments: {} })),
      await driver.listResources(),
      await driver.listResourceTemplates(),
      await driver.readResource({ uri: "demo://resource/static/document/architecture.md" }),
      await failure(driver.readResource({ uri: "demo://nothing" })),
      await driver.listPrompts(),
      await driver.getPrompt({ name: "simple-prompt" }),
      await driver.getPrompt({ name: "args-prompt", arguments: { city: "Oslo", state: "Oslo" } }),
      await driver.complete({
        ref: { type: "ref/prompt", name: "completable-prompt" },
        argument: { name: "department", value: "E" },
      }),
    ],
  },
  filesystem: {
    command: () => [process.execPath, bin("@modelcontextprotocol/server-filesystem"), join(dir, "files")],
    drive: async (driver) => [
      await driver.callTool({ name: "read_text_file", arguments: { path: join(dir, "files/notes.txt") } }),
      await driver.callTool({ name: "list_directory", arguments: { path: join(dir, "files") } }),
      await driver.callTool({ name: "directory_tree", arguments: { path: join(dir, "files") } }),
      await driver.callTool({ name: "read_text_file", arguments: { path: join(dir, "files/none.txt") } }),
    ],
  },
  memory: {
    command: () => [process.execPath, bin("@modelcontextprotocol/server-memory")],
    drive: async (driver) => [
      await driver.callTool({
        name: "create_entities",
        arguments: { entities: [{ name: "kettle", entityType: "thing", observations: ["sings"] }] },
      }),
      await driver.callTool({ name: "read_graph", arguments: {} }),
      await driver.callTool({ name: "search_nodes", arguments: { query: "kettle" } }),
      await driver.callTool({ name: "delete_entities", arguments: { entityNames: ["kettle"] } }),
    ],
  },
  sqlite: {
    command: () => [process.execPath, bin("mcp-server-sqlite-npx"), join(dir, "shop.db")],
    drive: async (driver) => [
      await driver.callTool({ name: "list_tables", arguments: {} }),
      await driver.callTool({ name: "read_query", arguments: { query: "SELECT * FROM items ORDER BY id" } }),
      await driver.callTool({ name: "describe_table", arguments: { table_name: "items" } }),
      await driver.callTool({ name: "read_query", arguments: { query: "SELECT nothing FROM nowhere" } }),
    ],
  },
};

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: Error & { code?: unknown }) => ({ failed: error.message, code: error.code }));
}

const info = { name: "identity-test", version: "1.0.0" };
const env = (): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  MEMORY_FILE_PATH: join(dir, "memory.jsonl"),
  SALLYPORT_HOME: join(dir, "home"),
  SALLYPORT_LOG_LEVEL: "error",
});

/** Over stdio: the server itself, or Sallyport in front of it. */
const CLIENTS: Record<string, (command: Command) => Promise<Driver>> = {
  "SDK v1": async ([command, ...args]) => {
    const client = new ClientV1(info);
    await client.connect(new StdioV1({ command, args, env: env(), stderr: "ignore" }));
    return client as unknown as Driver;
  },
  "SDK v2": async ([command, ...args]) => {
    const client = new ClientV2(info);
    await client.connect(new StdioV2({ command, args, env: env(), stderr: "ignore" }));
    return client as unknown as Driver;
  },
};

const HTTP_CLIENTS: Record<string, (url: string) => Promise<Driver>> = {
  "SDK v1": async (url) => {
    const client = new ClientV1(info);
    const requestInit = { headers: { authorization: `Bearer ${TOKEN}` } };
    await client.connect(new HttpV1(new URL(url), { requestInit }) as never);
    return client as unknown as Driver;
  },
  "SDK v2": async (url) => {
    const client = new ClientV2(info);
    const requestInit = { headers: { authorization: `Bearer ${TOKEN}` } };
    await client.connect(new HttpV2(new URL(url), { requestInit }));
    return client as unknown as Driver;
  },
  "SDK v2 in the stateless era": async (url) => {
    const client = new ClientV2(info, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
    const requestInit = { headers: { authorization: `Bearer ${TOKEN}` } };
    await client.connect(new HttpV2(new URL(url), { requestInit }));
    return client as unknown as Driver;
  },
};

/** Starts `sallyport serve` in front of a server and resolves to its address. */
async function serve(command: Command): Promise<string> {
  const args = [SALLYPORT, "serve", "--listen", "127.0.0.1:0", "--", ...command];
  const child = spawn(process.execPath, args, {
    env: { ...env(), SALLYPORT_TOKEN: TOKEN },
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
      const url = /http:\/\/\S+\/mcp/.exec(said)?.[0];
      if (url !== undefined) resolve(url);
    });
    child.once("exit", (code) => reject(new Error(`serve ended with ${code}: ${said}`)));
  });
}

/** Everything a client can see of a server. */
async function story(driver: Driver, drive: (driver: Driver) => Promise<unknown>): Promise<unknown> {
  try {
    const face = [driver.getServerVersion(), driver.getServerCapabilities(), driver.getInstructions()];
    return JSON.parse(JSON.stringify([face, await driver.listTools(), await drive(driver)])) as unknown;
  } finally {
    await driver.close();
  }
}

/** Of a legacy server's story, what the stateless era adds to every result; nothing else may differ. */
function withoutEra(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEra);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).flatMap(([key, each]): [string, unknown][] => {
    if (key === "ttlMs" || key === "cacheScope" || key === "io.modelcontextprotocol/serverInfo") return [];
    if (key === "execution" || key === "tasks") return []; // the SDK drops both in the stateless era
    const inner = withoutEra(each);
    return key === "_meta" && Object.keys(inner as object).length === 0 ? [] : [[key, inner]];
  });
  return Object.fromEntries(kept);
}

for (const [name, { command, drive }] of Object.entries(SERVERS)) {
  describe(`server ${name}`, () => {
    for (const [sdk, connect] of Object.entries(CLIENTS)) {
      it(`looks the same to ${sdk} over stdio`, async () => {
        const direct = await story(await connect(command()), drive);
        const through = await story(
          await connect([process.execPath, SALLYPORT, "run", "--", ...command()]),
          drive,
        );
        expect(through).toEqual(direct);
      });
    }
    for (const [sdk, connect] of Object.entries(HTTP_CLIENTS)) {
      it(`looks the same to ${sdk} over HTTP`, async () => {
        const url = await serve(command());
        const direct = await story(await CLIENTS[sdk.slice(0, 6)]!(command()), drive);
        const through = await story(await connect(url), drive);
        expect(withoutEra(through)).toEqual(withoutEra(direct));
      });
    }
  });
}
