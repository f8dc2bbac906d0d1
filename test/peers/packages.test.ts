/**
 * Servers and a client that others wrote, of three eras, directly and through Sallyport: @executeautomation/database-server
 * (2024-11-05), @bytebase/dbhub (2026-07-28) and the Inspector's command line (2025-11-25, and 2026-07-28 when told).
 */
import { execFile, execFileSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
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
import { Home, Proxy } from "../helpers/proxy.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const EVERYTHING = here("../../node_modules/@modelcontextprotocol/server-everything/dist/index.js");
/** Installing takes half a minute, once. */
const INSTALL_MS = 5 * 60_000;
/** Each run of the Inspector lingers for two seconds before it ends. */
const INSPECT_MS = 3 * 60_000;

type Packages = Readonly<Record<"node" | "database" | "dbhub" | "inspector", string>>;

let packages: Packages;
let dir: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  packages = JSON.parse(
    execFileSync(process.execPath, [here("packages.mjs")], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    }),
  ) as Packages;
  dir = realpathSync(mkdtempSync(join(tmpdir(), "sallyport-packages-")));
  const db = new Database(join(dir, "shop.db"));
  db.exec("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL)");
  db.exec("INSERT INTO items VALUES (1, 'kettle', 39.9), (2, 'café 中', 64.5), (4294967297, 'big', 1.10)");
  db.close();
}, INSTALL_MS);
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

const env = (): Env => ({
  PATH: process.env["PATH"] ?? "",
  HOME: dir,
  SALLYPORT_HOME: join(dir, "home"),
  SALLYPORT_LOG_LEVEL: "error",
});

const database = (): Command => [process.execPath, packages.database, join(dir, "shop.db")];
const dbhub = (): Command => {
  const dsn = `sqlite://${join(dir, "shop.db")}`;
  return [packages.node, packages.dbhub, "--transport", "stdio", "--dsn", dsn];
};

const driveDatabase = async (driver: Driver): Promise<unknown> => [
  await driver.callTool({ name: "list_tables", arguments: {} }),
  await driver.callTool({ name: "describe_table", arguments: { table_name: "items" } }),
  await driver.callTool({ name: "read_query", arguments: { query: "SELECT * FROM items ORDER BY id" } }),
  await driver.callTool({
    name: "export_query",
    arguments: { query: "SELECT name, price FROM items", format: "csv" },
  }),
  await driver.callTool({ name: "read_query", arguments: { query: "SELECT nothing FROM nowhere" } }),
  await failure(driver.callTool({ name: "no_such_tool", arguments: {} })),
  await driver.listResources(),
];

const driveDbhub = async (driver: Driver): Promise<unknown> => [
  await driver.callTool({ name: "execute_sql", arguments: { sql: "SELECT * FROM items ORDER BY id" } }),
  await driver.callTool({ name: "execute_sql", arguments: { sql: "SELECT nothing FROM nowhere" } }),
  await driver.callTool({
    name: "search_objects",
    arguments: { object_type: "column", detail_level: "full" },
  }),
  await failure(driver.callTool({ name: "no_such_tool", arguments: {} })),
];

describe("a server of 2024-11-05", () => {
  it("answers with its own revision, and the client hears it", async () => {
    const home = new Home();
    const proxy = new Proxy(home, ["--", ...database()]);
    try {
      const { result } = await proxy.initialize();
      expect(result).toMatchObject({ protocolVersion: "2024-11-05" });
    } finally {
      await proxy.close();
      home.remove();
    }
  });

  for (const sdk of ["SDK v1", "SDK v2"] as const)
    it(`looks the same to ${sdk} over stdio`, async () => {
      const direct = await story(await CLIENTS[sdk](database(), env()), driveDatabase);
      expect(JSON.stringify(direct)).toContain("kettle");
      const through = await story(await CLIENTS[sdk](wrapped(database()), env()), driveDatabase);
      expect(through).toEqual(direct);
    });

  for (const [sdk, connect] of Object.entries(HTTP_CLIENTS))
    it(`looks the same to ${sdk} over HTTP`, async () => {
      const { url, child } = await serve(database(), env());
      children.push(child);
      const era = sdk === "SDK v1" ? "SDK v1" : "SDK v2"; // the server itself speaks the legacy era only
      const direct = await story(await CLIENTS[era](database(), env()), driveDatabase);
      const through = await story(await connect(url), driveDatabase);
      expect(withoutEra(through)).toEqual(withoutEra(direct));
    });
});

describe("a server of 2026-07-28", () => {
  for (const [sdk, connect] of Object.entries(CLIENTS))
    it(`looks the same to ${sdk} over stdio`, async () => {
      const direct = await story(await connect(dbhub(), env()), driveDbhub);
      expect(JSON.stringify(direct)).toContain("kettle");
      const through = await story(await connect(wrapped(dbhub()), env()), driveDbhub);
      expect(through).toEqual(direct);
    });

  for (const sdk of ["SDK v1", "SDK v2", "SDK v2 in the stateless era"] as const)
    it(`looks the same to ${sdk} over HTTP`, async () => {
      const { url, child } = await serve(dbhub(), env());
      children.push(child);
      const direct = await story(await CLIENTS[sdk](dbhub(), env()), driveDbhub);
      const through = await story(await HTTP_CLIENTS[sdk](url), driveDbhub);
      expect(through).toEqual(direct);
    });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the Inspector's command line once. */
function inspect(target: readonly string[], request: readonly string[]): Promise<Ended> {
  const args = [packages.inspector, "--cli", "--quiet", ...target, ...request];
  return new Promise((resolve) => {
    const child = execFile(packages.node, args, { env: env() }, (error, out, err) =>
      resolve({ code: error === null ? 0 : child.exitCode, out, err }),
    );
    children.push(child);
  });
}

/** Its options for a server over stdio. */
function overStdio(name: string, [command, ...args]: Command): string[] {
  const file = join(dir, `${name}.json`);
  writeFileSync(file, JSON.stringify({ mcpServers: { [name]: { command, args, env: env() } } }));
  return ["--config", file, "--server", name];
}

describe("the Inspector's command line", () => {
  const call = (tool: string, args: object): string[] => [
    "--method",
    "tools/call",
    "--tool-name",
    tool,
    "--tool-args-json",
    JSON.stringify(args),
  ];
  const ASKED: Record<string, readonly string[]> = {
    "the tools": ["--method", "tools/list"],
    "a call": call("get-structured-content", { location: "Chicago" }),
    "a tool that is not there": call("no-such-tool", {}),
    "the resources": ["--method", "resources/list"],
    "a resource": ["--method", "resources/read", "--uri", "demo://resource/static/document/architecture.md"],
    "a prompt": ["--method", "prompts/get", "--prompt-name", "args-prompt", "--prompt-args", "city=Oslo"],
  };

  it(
    "prints the same of a server of 2025-11-25 directly, through us over stdio and over HTTP",
    async () => {
      const server: Command = [process.execPath, EVERYTHING];
      const { url, token, child } = await serve(server, env());
      children.push(child);
      const direct = overStdio("direct", server);
      const stdio = overStdio("stdio", wrapped(server));
      const http = ["--server-url", url, "--transport", "http", "--header", `Authorization: Bearer ${token}`];
      for (const [what, request] of Object.entries(ASKED)) {
        const [alone, ...through] = await Promise.all(
          [direct, stdio, http].map((target) => inspect(target, request)),
        );
        expect(alone!.code === 0, what).toBe(what !== "a tool that is not there");
        expect(through, what).toEqual([alone, alone]);
      }
    },
    INSPECT_MS,
  );

  it(
    "prints the same of a server of 2026-07-28, in that era",
    async () => {
      const { url, token, child } = await serve(dbhub(), env());
      children.push(child);
      const modern = ["--protocol-era", "modern"];
      const targets = [
        overStdio("direct", dbhub()),
        overStdio("stdio", wrapped(dbhub())),
        ["--server-url", url, "--transport", "http", "--header", `Authorization: Bearer ${token}`],
      ];
      for (const request of [
        ["--method", "tools/list"],
        call("execute_sql", { sql: "SELECT * FROM items" }),
      ]) {
        const [alone, ...through] = await Promise.all(
          targets.map((target) => inspect([...target, ...modern], request)),
        );
        expect(alone).toMatchObject({ code: 0 });
        expect(through).toEqual([alone, alone]);
      }
    },
    INSPECT_MS,
  );
});
