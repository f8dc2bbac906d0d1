/** What servers tell of their own accord, across the eras and from several servers. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_SUBSCRIBED } from "../../src/mcp/limits.js";
import { Home, Proxy, type Message } from "../helpers/proxy.js";

/**
 * Speaks the era it is told. Its tool `touch` says that the resource and its tools have changed, to whoever has asked to be
 * told; `cut` ends all subscriptions; `die` ends the process. `asked` answers with the methods and filters it was sent.
 */
const SERVER = `
import { createInterface } from "node:readline";
const stateless = process.argv[2] === "stateless";
const refuses = process.argv[3];
const can = { tools: { listChanged: true }, resources: { subscribe: true, listChanged: true } };
const serverInfo = { name: "changing", version: "1" };
const TAG = "io.modelcontextprotocol/subscriptionId";
const say = (message) => console.log(JSON.stringify({ jsonrpc: "2.0", ...message }));
const listens = new Map(), subscribed = new Set(), asked = [];
const tell = (method, params, wants) => {
  if (!stateless) say({ method, params });
  else for (const [id, filter] of listens) if (wants(filter)) say({ method, params: { ...params, _meta: { [TAG]: id } } });
};
const tools = {
  touch: ({ uri }) => {
    tell("notifications/tools/list_changed", {}, (f) => f.toolsListChanged);
    if (stateless || subscribed.has(uri))
      tell("notifications/resources/updated", { uri }, (f) => f.resourceSubscriptions?.includes(uri));
  },
  cut: () => { for (const id of listens.keys()) say({ id, result: { resultType: "complete" } }); listens.clear(); },
  die: () => process.exit(3),
  asked: () => asked,
};
const handle = ({ id, method, params }) => {
  if (method === "notifications/cancelled") return void listens.delete(params.requestId);
  if (method === "subscriptions/listen") {
    asked.push(params.notifications);
    if (refuses === "listen") return say({ id, error: { code: -32000, message: "not today" } });
    listens.set(id, params.notifications);
    return say({ method: "notifications/subscriptions/acknowledged", params: { notifications: params.notifications, _meta: { [TAG]: id } } });
  }
  if (id === undefined) return;
  if (/subscribe$/.test(method)) {
    asked.push([method, params.uri]);
    if (refuses === "subscribe") return say({ id, error: { code: -32000, message: "not today" } });
    subscribed[method.endsWith("unsubscribe") ? "delete" : "add"](params.uri);
    return say({ id, result: {} });
  }
  const discovered = stateless && { resultType: "complete", supportedVersions: ["2026-07-28"], capabilities: can, serverInfo, ttlMs: 0, cacheScope: "private" };
  const result = {
    "server/discover": discovered,
    initialize: !stateless && { protocolVersion: "2025-11-25", capabilities: can, serverInfo },
    "tools/list": { tools: Object.keys(tools).map((name) => ({ name, inputSchema: { type: "object" } })), ...(stateless && { resultType: "complete", ttlMs: 0, cacheScope: "private" }) },
    "resources/list": { resources: [{ uri: "note:///" + process.argv[4], name: "n" }], ...(stateless && { resultType: "complete", ttlMs: 0, cacheScope: "private" }) },
    "resources/templates/list": { resourceTemplates: [], ...(stateless && { resultType: "complete", ttlMs: 0, cacheScope: "private" }) },
    "tools/call": method === "tools/call" && { content: [{ type: "text", text: JSON.stringify(tools[params.name](params.arguments) ?? "done") }], ...(stateless && { resultType: "complete" }) },
  }[method];
  say(result ? { id, result } : { id, error: { code: -32601, message: "Method not found" } });
};
createInterface({ input: process.stdin }).on("line", (line) => handle(JSON.parse(line)));`;

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const NOTE = "note:///a";

let home: Home;
let proxy: Proxy;
let script: string;
beforeEach(() => {
  home = new Home();
  script = join(home.dir, "server.mjs");
  writeFileSync(script, SERVER);
});
afterEach(async () => {
  proxy.child.kill("SIGKILL");
  await proxy.exited;
  home.remove();
});
const started = (...args: string[]): void => {
  const env = { SALLYPORT_PROFILE: "dev" };
  proxy = new Proxy(home, ["--", process.execPath, script, ...args], env);
};
/** Two servers, `old` and `new`, with one resource each. */
const several = (): void => {
  const command = process.execPath;
  const mcpServers = {
    old: { command, args: [script, "legacy", "-", "old"] },
    new: { command, args: [script, "stateless", "-", "new"] },
  };
  proxy = new Proxy(home, ["--config", home.config({ profile: "dev", mcpServers })]);
};

const call = async (name: string, args: object = {}, meta?: object): Promise<unknown> => {
  const { result } = await proxy.request("tools/call", {
    name,
    arguments: args,
    ...(meta !== undefined && { _meta: meta }),
  });
  return JSON.parse(result!.content![0]!.text!);
};
const told = (method: string): Message[] =>
  proxy.messages.filter((message) => message.method === `notifications/${method}`);
const listen = (id: string, notifications: object): void =>
  proxy.write(
    `${JSON.stringify({ jsonrpc: "2.0", id, method: "subscriptions/listen", params: { notifications, _meta: META } })}\n`,
  );

describe("a legacy client of a stateless server", () => {
  it("hears that lists have changed, as its own era says it", async () => {
    started("stateless");
    await proxy.initialize();
    await proxy.request("tools/list");
    await expect.poll(() => call("asked")).toHaveLength(1);
    await call("touch", { uri: NOTE });
    await expect.poll(() => told("tools/list_changed").map(({ params }) => params)).toEqual([{}]);
    expect(told("resources/updated")).toEqual([]);
    expect(told("subscriptions/acknowledged")).toEqual([]);
  });

  it("subscribes to resources, and hears of no others, until it unsubscribes", async () => {
    started("stateless");
    await proxy.initialize();
    expect((await proxy.request("resources/subscribe", { uri: NOTE })).result).toEqual({});
    expect((await proxy.request("resources/subscribe", { uri: NOTE })).result).toEqual({});
    await call("touch", { uri: "note:///other" });
    await call("touch", { uri: NOTE });
    await expect.poll(() => told("resources/updated").map(({ params }) => params)).toEqual([{ uri: NOTE }]);
    expect((await proxy.request("resources/unsubscribe", { uri: NOTE })).result).toEqual({});
    await expect
      .poll(async () => ((await call("asked")) as object[]).at(-1))
      .not.toHaveProperty("resourceSubscriptions");
    await call("touch", { uri: NOTE });
    await expect.poll(() => told("tools/list_changed").length).toBe(3);
    expect(told("resources/updated")).toHaveLength(1);
  });

  it("is subscribed again when the stream was cut, and when the server was started anew", async () => {
    started("stateless");
    await proxy.initialize();
    await proxy.request("resources/subscribe", { uri: NOTE });
    await call("cut");
    const heard = async (): Promise<number> => {
      await call("touch", { uri: NOTE });
      return told("resources/updated").length;
    };
    await expect.poll(heard, { timeout: 5_000, interval: 200 }).toBeGreaterThan(0);
    const before = told("resources/updated").length;
    await proxy.request("tools/call", { name: "die", arguments: {} });
    await expect
      .poll(async () => (await proxy.request("tools/list")).result, { timeout: 5_000 })
      .toBeDefined();
    await expect.poll(heard, { timeout: 5_000, interval: 200 }).toBeGreaterThan(before);
  });

  it("is told when the server refuses", async () => {
    started("stateless", "listen");
    await proxy.initialize();
    const { error } = await proxy.request("resources/subscribe", { uri: NOTE });
    expect(error?.message).toMatch(/refused the subscription.*not today/);
  });

  it("may subscribe to so many resources", async () => {
    started("stateless");
    await proxy.initialize();
    const replies = await Promise.all(
      Array.from({ length: MAX_SUBSCRIBED }, (_, at) =>
        proxy.request("resources/subscribe", { uri: `note:///${at}` }),
      ),
    );
    expect(replies.filter(({ result }) => result !== undefined)).toHaveLength(MAX_SUBSCRIBED);
    const { error } = await proxy.request("resources/subscribe", { uri: NOTE });
    expect(error?.message).toMatch(/too many resources/);
  });
});

describe("a stateless client of a legacy server", () => {
  it("hears of the resources it named, once the server was asked for them, and lets go of them", async () => {
    started("legacy");
    listen("s", { resourceSubscriptions: [NOTE], toolsListChanged: true });
    const ack = await proxy.next(({ method }) => method === "notifications/subscriptions/acknowledged");
    expect(ack.params!["notifications"]).toEqual({ toolsListChanged: true, resourceSubscriptions: [NOTE] });
    await call("touch", { uri: NOTE }, META);
    await expect
      .poll(() => told("resources/updated").map(({ params }) => params))
      .toEqual([{ uri: NOTE, _meta: { "io.modelcontextprotocol/subscriptionId": "s" } }]);
    proxy.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"s"}}\n');
    await expect
      .poll(() => call("asked", {}, META))
      .toEqual([
        ["resources/subscribe", NOTE],
        ["resources/unsubscribe", NOTE],
      ]);
  });

  it("is told which it will not hear of", async () => {
    started("legacy", "subscribe");
    listen("s", { resourceSubscriptions: [NOTE], toolsListChanged: true });
    const ack = await proxy.next(({ method }) => method === "notifications/subscriptions/acknowledged");
    expect(ack.params!["notifications"]).toEqual({ toolsListChanged: true });
  });
});

describe("of several servers", () => {
  it("a legacy client hears of the resources of each", async () => {
    several();
    await proxy.initialize();
    await proxy.request("resources/list");
    for (const name of ["old", "new"]) {
      expect((await proxy.request("resources/subscribe", { uri: `note:///${name}` })).result).toEqual({});
      await call(`${name}__touch`, { uri: `note:///${name}` });
    }
    await expect
      .poll(() => told("resources/updated").map(({ params }) => params))
      .toEqual([{ uri: "note:///old" }, { uri: "note:///new" }]);
  });

  it("a stateless client does, by one subscription", async () => {
    several();
    const uris = ["note:///old", "note:///new"];
    listen("all", { resourceSubscriptions: uris });
    const ack = await proxy.next(({ method }) => method === "notifications/subscriptions/acknowledged");
    expect(ack.params!["notifications"]).toEqual({ resourceSubscriptions: uris });
    for (const name of ["old", "new"]) await call(`${name}__touch`, { uri: `note:///${name}` }, META);
    await expect.poll(() => told("resources/updated").map(({ params }) => params!["uri"])).toEqual(uris);
    expect(told("resources/updated").map(({ params }) => params!["_meta"])).toEqual(
      uris.map(() => ({ "io.modelcontextprotocol/subscriptionId": "all" })),
    );
  });
});
