/** Whose a resource is, with several servers. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_OWNERS, MAX_PAGES } from "../../src/mcp/limits.js";
import { FAKE, Home, Proxy } from "../helpers/proxy.js";

/** Lists as many resources as it is told, or one a page without end, and answers a read with the address and how often its list was asked for. */
const LIBRARY = `
import { createInterface } from "node:readline";
let lists = 0;
const uris = Array.from({ length: Number(process.argv[2]) }, (_, at) => ({ uri: "book:///" + at, name: "b" }));
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  const results = {
    initialize: { protocolVersion: "2025-11-25", capabilities: { resources: {} }, serverInfo: { name: "l", version: "1" } },
    "resources/list":
      process.argv[2] === "endless"
        ? { resources: [{ uri: "page:///" + lists, name: "p" }], nextCursor: "after " + lists }
        : { resources: uris },
    "resources/templates/list": { resourceTemplates: [] },
    "resources/read": { contents: [{ uri: params?.uri, text: String(lists) }] },
  };
  if (method === "resources/list") lists++;
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, result: results[method] ?? {} }));
});`;

let home: Home;
let proxy: Proxy;
beforeEach(() => {
  home = new Home();
});
afterEach(async () => {
  proxy.child.kill("SIGKILL");
  await proxy.exited;
  home.remove();
});

/** Starts the library beside another server, and lists the resources of both. */
async function listed(resources: number | "endless"): Promise<unknown[]> {
  const script = join(home.dir, "library.mjs");
  writeFileSync(script, LIBRARY);
  const command = process.execPath;
  const mcpServers = {
    library: { command, args: [script, String(resources)] },
    other: { command, args: [FAKE] },
  };
  proxy = new Proxy(home, ["--config", home.config({ profile: "dev", mcpServers })]);
  await proxy.initialize();
  return (await proxy.request("resources/list")).result!["resources"] as unknown[];
}

describe("a list", () => {
  it("that never ends is read up to a bound", async () => {
    expect(await listed("endless")).toHaveLength(MAX_PAGES);
  });
});

describe("the owners of resources", () => {
  const lists = async (resources: number, uri: string): Promise<unknown> => {
    await listed(resources);
    return read(uri);
  };
  const read = async (uri: string): Promise<unknown> => {
    const { result } = await proxy.request("resources/read", { uri });
    return (result!["contents"] as { text: string }[])[0]!.text;
  };

  it("are known from the list", async () => {
    expect(await lists(10, "book:///0")).toBe("1");
  });

  it("are remembered up to a bound; then the oldest are looked for again, and found", async () => {
    expect(await lists(MAX_OWNERS + 1, "book:///1")).toBe("1");
    expect(await read("book:///0")).toBe("2");
    expect(await read("book:///0")).toBe("2");
  });
});
