/**
 * Real clients drive real servers, directly and through Sallyport, over stdio and over HTTP: what is not governed is
 * the same, and so is what is governed and allowed.
 */
import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  CLIENTS,
  HTTP_CLIENTS,
  failure,
  serve,
  story,
  withoutEra,
  wrapped,
  type Command,
  type Driver,
  type Env,
} from "../helpers/drivers.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const bin = (name: string): string => join(root, "node_modules", name, "dist/index.js");

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

const env = (): Env => ({
  PATH: process.env["PATH"] ?? "",
  MEMORY_FILE_PATH: join(dir, "memory.jsonl"),
  SALLYPORT_HOME: join(dir, "home"),
  SALLYPORT_LOG_LEVEL: "error",
});

for (const [name, { command, drive }] of Object.entries(SERVERS)) {
  describe(`server ${name}`, () => {
    for (const sdk of ["SDK v1", "SDK v2"] as const) {
      it(`looks the same to ${sdk} over stdio`, async () => {
        const connect = CLIENTS[sdk];
        const direct = await story(await connect(command(), env()), drive);
        const through = await story(await connect(wrapped(command()), env()), drive);
        expect(through).toEqual(direct);
      });
    }
    for (const [sdk, connect] of Object.entries(HTTP_CLIENTS)) {
      it(`looks the same to ${sdk} over HTTP`, async () => {
        const { url, child } = await serve(command(), env());
        children.push(child);
        const era = sdk === "SDK v1" ? "SDK v1" : "SDK v2"; // the server itself speaks the legacy era only
        const direct = await story(await CLIENTS[era](command(), env()), drive);
        const through = await story(await connect(url), drive);
        expect(withoutEra(through)).toEqual(withoutEra(direct));
      });
    }
  });
}
