/** What one era has and the other has not, bridged: the conformance fixture, held to one era, behind a client of the other. */
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Home, Proxy } from "../helpers/proxy.js";

const FIXTURE = fileURLToPath(new URL("../conformance/fixture.mjs", import.meta.url));
const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

describe("a server of the other era", () => {
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

  const start = (era: string): void => {
    proxy = new Proxy(home, ["--", process.execPath, FIXTURE, "--era", era]);
  };

  it("that knows no ping and no log level leaves both to us, and logs as the legacy client wants", async () => {
    start("stateless");
    await proxy.initialize();
    expect((await proxy.request("ping")).result).toEqual({});
    const call = { name: "test_tool_with_logging", arguments: {} };
    await proxy.request("tools/call", call);
    expect(proxy.messages.filter(({ method }) => method === "notifications/message")).toHaveLength(0);
    expect((await proxy.request("logging/setLevel", { level: "info" })).result).toEqual({});
    await proxy.request("tools/call", call);
    expect(proxy.messages.filter(({ method }) => method === "notifications/message")).toHaveLength(3);
  });

  it("that has a session is not reached by a stateless client with what would change it for others", async () => {
    start("legacy");
    expect((await proxy.request("tools/list", { _meta: META })).result).toMatchObject({
      resultType: "complete",
    });
    for (const method of ["initialize", "ping", "logging/setLevel", "resources/subscribe"])
      expect((await proxy.request(method, { _meta: META })).error, method).toMatchObject({ code: -32601 });
  });

  it("that logs to its session is heard by a stateless client only as far as the request asked for it", async () => {
    start("legacy");
    const logs = (): number =>
      proxy.messages.filter(({ method }) => method === "notifications/message").length;
    const call = { name: "test_tool_with_logging", arguments: {} };
    const level = "io.modelcontextprotocol/logLevel";
    await proxy.request("tools/call", { ...call, _meta: META });
    await proxy.request("tools/call", { ...call, _meta: { ...META, [level]: "error" } });
    expect(logs()).toBe(0);
    await proxy.request("tools/call", { ...call, _meta: { ...META, [level]: "info" } });
    expect(logs()).toBe(3);
  });

  it("says that there is no such resource in the words of the client's era", async () => {
    start("legacy");
    const { error } = await proxy.request("resources/read", { uri: "test://none", _meta: META });
    expect(error).toEqual({ code: -32602, message: "Resource not found", data: { uri: "test://none" } });
  });
});
