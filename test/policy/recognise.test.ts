import { describe, expect, it } from "vitest";
import { loadBuiltin } from "../../src/config/builtin.js";
import type { Connector } from "../../src/model/posture.js";
import { compileGlob } from "../../src/policy/glob.js";
import { operationOf, roleOf } from "../../src/policy/operations.js";
import { recognise, recogniseByTools, serverLabel } from "../../src/policy/recognise.js";

const { connectors } = loadBuiltin();
const connector = (name: string): Connector => connectors.find((c) => c.connector === name) as Connector;
const by = (line: string): string | undefined => {
  const [command = "", ...args] = line.split(" ");
  return recognise(connectors, { command, args })?.connector.connector;
};

describe("a server is recognised", () => {
  it.each([
    ["npx -y @modelcontextprotocol/server-postgres@0.6.2 postgresql://db/crm", "postgres"],
    ["npx --yes --package=@bytebase/dbhub dbhub --dsn x", "postgres"],
    ["npm exec -- mcp-server-sqlite-npx a.db", "sqlite"],
    ["cmd /c npx -y @modelcontextprotocol/server-memory", "memory"],
    ["env NODE_ENV=production npx -y @modelcontextprotocol/server-slack", "slack"],
    ["uv --directory /srv/tools run mcp-server-git", "git"],
    ["uv run --with mcp-server-fetch==2025.4.7 mcp_server_fetch", "fetch"],
    ["C:\\apps\\node_modules\\@playwright\\mcp\\cli.js", "browser"],
    [
      "node --enable-source-maps /app/node_modules/@modelcontextprotocol/server-github/dist/index.js",
      "github",
    ],
    ["docker run -i --rm -e TOKEN ghcr.io/github/github-mcp-server:v1.0", "github"],
  ])("%s", (line, name) => expect(by(line)).toBe(name));

  it("in a shell's script too", () => {
    const sign = { command: "sh", args: ["-c", "npx -y @modelcontextprotocol/server-filesystem /srv"] };
    expect(recognise(connectors, sign)?.connector.connector).toBe("filesystem");
  });
  it("by what starts it, never by its arguments", () => {
    expect(by("npx -y my-own-server /srv/mcp-server-git")).toBeUndefined();
    expect(by("node server.js mcp-server-fetch")).toBeUndefined();
  });
  it("by the whole name, not a part of it", () => {
    expect(by("npx -y evil-mcp-server-git")).toBeUndefined();
    expect(by("npx -y @evil/mcp-server-git")).toBeUndefined();
    expect(recognise(connectors, { url: "https://mcp.notion.com.evil.example/mcp" })).toBeUndefined();
  });
  it("by its tools, when most of a connector's are there", () => {
    const tools = ["create_entities", "read_graph", "search_nodes", "open_nodes", "add_observations"];
    expect(recogniseByTools(connectors, tools).connector).toBe("memory");
  });
  it("as generic, when two connectors know its tools equally well", () => {
    const tools = ["one", "two"];
    const twins = ["redis", "slack"].map((name) => ({ ...connector(name), recognise: { tools } }));
    expect(recogniseByTools([...twins, connector("generic")], tools).connector).toBe("generic");
  });
  it("as generic, when a tool name or two could be anybody's", () => {
    expect(recogniseByTools(connectors, ["query"]).connector).toBe("generic");
    expect(recogniseByTools(connectors, ["search", "fetch"]).connector).toBe("generic");
    expect(recogniseByTools(connectors, []).connector).toBe("generic");
  });
});

describe("a wrapped server is called", () => {
  it.each([
    ["npx -y @modelcontextprotocol/server-postgres@0.6.2 postgresql://db/crm", "server-postgres"],
    ["uvx mcp-server-git", "mcp-server-git"],
    ["node /app/node_modules/@playwright/mcp/cli.js", "mcp"],
    ["./my server.sh", "my"],
    ["/usr/bin/python3", "server"],
  ])("%s → %s", (line, label) => {
    const [command = "", ...args] = line.split(" ");
    expect(serverLabel(command, args)).toMatch(/^[A-Za-z0-9_-]{1,32}$/);
    if (label !== "server") expect(serverLabel(command, args)).toBe(label);
  });
});

describe("an operation", () => {
  it("is a query only where the connector says so", () => {
    expect(operationOf(connector("sqlite"), "read_query")).toBe("query");
    expect(operationOf(connector("sqlite"), "READ_QUERY")).toBe("query");
    expect(operationOf(connector("sqlite"), "write_query")).toBe("execute");
    expect(operationOf(connector("sqlite"), "a_new_tool")).toBe("execute");
    expect(operationOf(connector("generic"), "get_invoice")).toBe("execute");
    const readOnly: Connector = { ...connector("generic"), operations: { query: { tools: ["get_*"] } } };
    expect(operationOf(readOnly, "anything_else")).toBe("execute");
  });
});

describe("an argument's role", () => {
  it("is the one its connector gives its name, at any depth and in any case", () => {
    const role = roleOf(connector("sqlite"), "read_query");
    expect(role("/query", "query")).toBe("sql");
    expect(role("/Query", "Query")).toBe("sql");
    expect(role("/options/sql", "sql")).toBe("sql");
    expect(role("/comment", "comment")).toBeUndefined();
  });
  it("reaches down into lists and objects", () => {
    const role = roleOf(connector("filesystem"), "read_multiple_files");
    expect(role("/paths/0", undefined)).toBe("path");
    expect(role("/paths/0", "0")).toBe("path");
    expect(role("/head/0", undefined)).toBeUndefined();
  });
  it("may be given by a pointer, exactly", () => {
    const custom: Connector = {
      ...connector("generic"),
      operations: { execute: { tools: ["*"], arguments: { "/a/b": "shell", b: "text" } } },
    };
    const role = roleOf(custom, "x");
    expect(role("/a/b", "b")).toBe("shell");
    expect(role("/a/b/0", undefined)).toBe("shell");
    expect(role("/c/b", "b")).toBe("text");
  });
});

describe("a glob", () => {
  it("matches whole names", () => {
    const cases = [
      ["list_*", "list_tables", true],
      ["list_*", "playlist_add", false],
      ["*select*", "run_select_now", true],
      ["a*a", "a", false],
      ["a*b*c", "aXbYc", true],
      ["a*b*c", "acb", false],
      ["*", "", true],
      ["a.c", "abc", false],
    ] as const;
    for (const [glob, name, expected] of cases)
      expect(compileGlob(glob)(name), `${glob} ${name}`).toBe(expected);
  });
});
