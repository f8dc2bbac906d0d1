import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limitSource, loadConfig, resolveAudit, withConnector } from "../../src/config/load.js";
import type { Problem } from "../../src/policy/problem.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-config-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const HOME = "/home/ann";
type Env = Record<string, string>;

function load(value: unknown, env: Env = {}) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  writeFileSync(join(dir, "mcp.config.json"), text);
  return loadConfig({ cwd: dir, env: { HOME, ...env } });
}
function good(value: unknown, env: Env = {}) {
  const { config, problems } = load(value, env);
  expect(problems).toEqual([]);
  if (config === undefined) throw new Error("no config");
  return config;
}
function bad(value: unknown, env: Env = {}): readonly Problem[] {
  const { config, problems } = load(value, env);
  expect(config).toBeUndefined();
  return problems;
}
const server = (entry: object) => ({ mcpServers: { crm: entry } });
const limited = (limits: object) => server({ ...crm, limits });
const day = { per: "day", max_calls: 1 };
const crm = { command: "npx", args: ["-y", "@modelcontextprotocol/server-postgres", "postgresql://db"] };

describe("a pasted client config", () => {
  it("works as it is", () => {
    const config = good(server(crm));
    expect(config.servers[0]).toMatchObject({
      name: "crm",
      transport: { kind: "stdio", command: "npx", args: crm.args, cwd: dir },
      connector: { connector: "postgres" },
      connectorBy: "package",
      limits: { max_rows: 1000, max_bytes: 1024 ** 2, on_exceed: "truncate" },
    });
    expect(config.posture.profile).toBe("default");
    expect(config.auditPath).toBe("/home/ann/.sallyport/audit.db");
    expect(config.dataDir).toBe("/home/ann/.sallyport");
  });
  it("may be VS Code's, with servers and type", () => {
    const config = good({ servers: { wiki: { type: "http", url: "https://wiki.example/mcp" } } });
    expect(config.servers[0]?.transport).toEqual({
      kind: "http",
      url: "https://wiki.example/mcp",
      headers: {},
    });
  });
  it("may have a byte order mark, as Windows editors write", () => {
    good(`\uFEFF${JSON.stringify(server(crm))}`);
  });
  it("leaves out a disabled server, whose variables need not be set", () => {
    const off = { command: "x", args: ["${NOT_SET}"], disabled: true };
    expect(good({ mcpServers: { crm, off } }).servers.map((s) => s.name)).toEqual(["crm"]);
  });
  it("leaves the connector open when nothing but the tools can tell, under generic limits until then", () => {
    const config = good(server({ command: "node", args: ["own.js"], limits: { max_rows: 5 } }));
    const [own] = config.servers;
    expect(own?.connector).toBeUndefined();
    expect(own?.limits).toEqual({ max_rows: 5, max_bytes: 16 * 1024 ** 2 });
    const postgres = config.connectors.find((c) => c.connector === "postgres");
    if (own === undefined || postgres === undefined) throw new Error("missing");
    const known = withConnector(own, postgres, config.posture);
    expect(known.limits).toMatchObject({ max_rows: 5, max_bytes: 1024 ** 2, on_exceed: "truncate" });
    expect(limitSource(known, "max_rows")).toBe("server crm");
    expect(limitSource(known, "max_bytes")).toBe("connector postgres");
  });
});

describe("variables", () => {
  it("are filled into command, arguments, env, address, headers and cwd", () => {
    const env = { CMD: "npx", DB: "postgresql://x", TOKEN: "t0", SUB: "sub", HOST: "wiki.example" };
    const config = good(
      {
        mcpServers: {
          a: {
            command: "${CMD}",
            args: ["${DB}", "${PORT:-5432}", "~/x"],
            env: { K: "a-${env:TOKEN}" },
            cwd: "${SUB}",
          },
          b: { url: "https://${HOST}/mcp", headers: { Authorization: "Bearer ${TOKEN}" } },
        },
      },
      env,
    );
    const [a, b] = config.servers;
    expect(a?.transport).toMatchObject({
      command: "npx",
      args: ["postgresql://x", "5432", "/home/ann/x"],
      cwd: join(dir, "sub"),
    });
    expect(a?.transport).toHaveProperty("env.K", "a-t0");
    expect(b?.transport).toMatchObject({
      url: "https://wiki.example/mcp",
      headers: { Authorization: "Bearer t0" },
    });
  });
  it("that are not set are problems, each with its place", () => {
    const problems = bad(server({ command: "x", args: ["a", "${NOPE}"], env: { K: "${NOR_THIS}" } }));
    expect(problems.map((p) => [p.message, p.path])).toEqual([
      ["variable NOPE is not set", "mcpServers.crm.args[1]"],
      ["variable NOR_THIS is not set", "mcpServers.crm.env.K"],
    ]);
  });
  it("of one server, and of Sallyport, do not reach another", () => {
    const base = { PATH: "/bin", LC_ALL: "C", npm_config_cache: "/c" };
    const secrets = {
      CRM_TOKEN: "s",
      SALLYPORT_TOKEN: "s",
      "npm_config_//registry.example/:_authToken": "s",
    };
    const config = good(server({ command: "x" }), { ...base, ...secrets });
    expect(config.servers[0]?.transport).toHaveProperty("env", { HOME, ...base });
  });
});

describe("every problem names its place, and all are told at once", () => {
  it("an unknown key, at the top, in a server and in limits", () => {
    const problems = bad({
      profil: "strict",
      mcpServers: {
        crm: { ...crm, conector: "postgres", limits: { max_row: 5, window: { per: "hour", rows: 1 } } },
      },
    });
    expect(problems.map((p) => p.path)).toEqual([
      "profil",
      "mcpServers.crm.conector",
      "mcpServers.crm.limits.max_row",
      "mcpServers.crm.limits.window.rows",
      "mcpServers.crm.limits.window",
    ]);
    expect(problems[0]?.fix).toContain("did you mean profile?");
    expect(problems[1]?.fix).toContain("did you mean connector?");
    expect(problems.every((p) => p.file === "mcp.config.json")).toBe(true);
  });
  it.each([
    [{ policies: [], ...server(crm) }, "policies", "name a file"],
    [{ inputs: [], ...server(crm) }, "inputs", "environment variables"],
    [{}, "mcpServers", "add one"],
    [{ mcpServers: {} }, "mcpServers", "add one"],
    [{ mcpServers: { a: { ...crm, disabled: true } } }, "mcpServers", "enable one"],
    [{ mcpServers: [] }, "mcpServers", undefined],
    [{ ...server(crm), servers: {} }, "servers", "under mcpServers"],
    [{ mcpServers: { "my crm": crm } }, 'mcpServers["my crm"]', "dashes"],
    [{ mcpServers: { ["x".repeat(33)]: crm } }, `mcpServers.${"x".repeat(33)}`, "1 to 32"],
    [server({}), "mcpServers.crm", "give command"],
    [server({ ...crm, url: "https://x" }), "mcpServers.crm", "keep one"],
    [server({ ...crm, type: "http" }), "mcpServers.crm.type", "remove type"],
    [server({ url: "https://x", type: "sse" }), "mcpServers.crm.type", "Streamable HTTP"],
    [server({ ...crm, type: "websocket" }), "mcpServers.crm.type", "stdio, http, streamable-http"],
    [server({ ...crm, headers: {} }), "mcpServers.crm.headers", "remove it"],
    [server({ url: "ftp://x" }), "mcpServers.crm.url", "https://host/path"],
    [server({ url: "https://user:pw@x/mcp" }), "mcpServers.crm.url", "headers"],
    [server({ url: "https://x", headers: { "a b": "c" } }), 'mcpServers.crm.headers["a b"]', "letters"],
    [server({ ...crm, autoApprove: ["query"] }), "mcpServers.crm.autoApprove", "client's setting"],
    [server({ ...crm, args: "x" }), "mcpServers.crm.args", undefined],
    [server({ ...crm, env: { A: 1 } }), "mcpServers.crm.env.A", "quotes"],
    [server({ ...crm, connector: "postgress" }), "mcpServers.crm.connector", "did you mean postgres?"],
    [server({ ...crm, timeout: "30" }), "mcpServers.crm.timeout", '"30s"'],
    [server({ ...crm, limits: { max_rows: 0 } }), "mcpServers.crm.limits.max_rows", "at least 1"],
    [server({ ...crm, limits: { max_rows: "10" } }), "mcpServers.crm.limits.max_rows", "whole number"],
    [server({ ...crm, limits: { max_bytes: "1 megabyte" } }), "mcpServers.crm.limits.max_bytes", "64KiB"],
    [server({ ...crm, limits: { on_exceed: "cut" } }), "mcpServers.crm.limits.on_exceed", "truncate, block"],
    [server({ ...crm, limits: { window: { max_rows: 1 } } }), "mcpServers.crm.limits.window.per", "hour"],
    [limited({ window: { per: "day" } }), "mcpServers.crm.limits.window", "max_cost"],
    [
      limited({ window: [{ per: "day", max_calls: 1, max: 2 }] }),
      "mcpServers.crm.limits.window[0].max",
      "max_",
    ],
    [limited({ window: [day, day] }), "mcpServers.crm.limits.window", "into one"],
    [limited({ rate: { burst: 2 } }), "mcpServers.crm.limits.rate.per_minute", "calls a minute"],
    [limited({ rate: { per_minute: 0 } }), "mcpServers.crm.limits.rate.per_minute", "at least 1"],
    [
      limited({ tool_rates: { "a*": { per_minute: 1, bursts: 1 } } }),
      'mcpServers.crm.limits.tool_rates["a*"].bursts',
      "per_minute",
    ],
    [limited({ costs: { read: "2" } }), "mcpServers.crm.limits.costs.read", "whole number"],
    [limited({ concurrency: 0.5 }), "mcpServers.crm.limits.concurrency", "at least 1"],
    [limited({ show_left: "sometimes" }), "mcpServers.crm.limits.show_left", "always, low, never"],
    [{ ...server(crm), audit: { file: "x" } }, "audit.file", "path"],
    [{ ...server(crm), listen: "0.0.0.0:7420" }, "listen", "127.0.0.1"],
    [{ ...server(crm), listen: "127.0.0.1:99999" }, "listen", "PORT"],
    [{ ...server(crm), profile: "stric" }, "profile", "did you mean strict?"],
    [{ ...server(crm), actions: { pii: true } }, "actions.pii", "quotes"],
  ])("%j", (value, path, fix) => {
    const problems = bad(value);
    expect(problems.map((p) => p.path)).toEqual([path]);
    if (fix !== undefined) expect(problems[0]?.fix).toContain(fix);
  });
  it("posture, servers and variables together", () => {
    const problems = bad({ profile: "x", ...server({}) }, { PII_ACTION: "y", SALLYPORT_LOG_LEVEL: "loud" });
    expect(problems).toHaveLength(4);
  });
  it("a line break that a variable would put into a header, without showing the value", () => {
    const entry = { url: "https://x", headers: { Authorization: "${T}" } };
    const problems = bad(server(entry), { T: "abc\r\nX-Admin: 1" });
    expect(problems[0]?.path).toBe("mcpServers.crm.headers.Authorization");
    expect(JSON.stringify(problems)).not.toContain("X-Admin");
  });
});

describe("text that is not JSON is refused with line and column", () => {
  it.each([
    ['{\n  // servers\n  "mcpServers": {}\n}', "comments are not JSON at line 2 column 3"],
    ['{\n  "profile": "dev", /* x */\n}', "comments are not JSON at line 2 column 21"],
    ['{\n  "profile": "dev" // x\n}', "comments are not JSON at line 2 column 20"],
    ['{\n  "profile": "dev",\n}', "trailing comma at line 3 column 1"],
    ['{"enforce": ["pii",]}', "trailing comma at line 1 column 20"],
    ['{"profile": "dev", "profile": "strict"}', 'duplicate key "profile" at line 1'],
    ['{"profile": ', "unexpected character at line 1 column 13"],
    ["", "unexpected character at line 1 column 1"],
    ["[]", "not a JSON object"],
  ])("%j", (text, message) => {
    const problems = bad(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(message);
  });
  it("and a missing file says how to do without", () => {
    const { problems } = loadConfig({ cwd: dir, env: { HOME } });
    expect(problems[0]).toMatchObject({ message: "no such file", file: "mcp.config.json" });
    expect(problems[0]?.fix).toContain("sallyport run -- <command>");
  });
});

describe("limits and times", () => {
  it("of a server stand over its connector's, key by key", () => {
    const config = good(
      server({
        ...crm,
        limits: { max_rows: 200, max_bytes: "64KiB", window: { per: "day", max_calls: 9 } },
        timeout: "30s",
      }),
    );
    expect(config.servers[0]).toMatchObject({
      limits: {
        max_rows: 200,
        max_bytes: 65536,
        on_exceed: "truncate",
        window: [{ per: "day", max_calls: 9 }],
      },
      timeoutMs: 30_000,
    });
  });
  it("that a connector would enforce are only recorded under dev, unless the file asks", () => {
    expect(good({ profile: "dev", ...server(crm) }).servers[0]?.limits).not.toHaveProperty("on_exceed");
    const asked = server({ ...crm, limits: { on_exceed: "block" } });
    expect(good({ profile: "dev", ...asked }).servers[0]?.limits.on_exceed).toBe("block");
  });
});

describe("the data directory", () => {
  it("is SALLYPORT_HOME, or the folder of the file's audit path, relative to the file", () => {
    expect(good(server(crm), { SALLYPORT_HOME: "/var/s" })).toMatchObject({
      dataDir: "/var/s",
      auditPath: "/var/s/audit.db",
    });
    expect(good({ ...server(crm), audit: { path: "data/a.db" } })).toMatchObject({
      dataDir: join(dir, "data"),
      auditPath: join(dir, "data", "a.db"),
    });
    expect(good({ ...server(crm), audit: { path: "~/a.db" } }).auditPath).toBe("/home/ann/a.db");
  });
  it("can have a key by reference, anchors, an age of retention; and is told what is wrong with them", () => {
    const pem = join(dir, "key.pem");
    writeFileSync(pem, "PEM", { mode: 0o600 });
    const audit = {
      key: "${file:key.pem}",
      checkpoint_every: "10s",
      anchors: [
        { file: "kept.txt" },
        { command: ["logger", "-t", "x"] },
        { url: "https://log.example/${NAME}", headers: { authorization: "Bearer ${TOKEN}" } },
      ],
      retention: "90d",
      previews: true,
    };
    expect(good({ ...server(crm), audit }, { NAME: "a", TOKEN: "t" }).audit).toEqual({
      signingPem: "PEM",
      checkpointMs: 10_000,
      anchors: [
        { kind: "file", path: join(dir, "kept.txt") },
        { kind: "command", command: ["logger", "-t", "x"] },
        { kind: "http", url: "https://log.example/a", headers: { authorization: "Bearer t" } },
      ],
      retentionMs: 90 * 86_400_000,
      previews: true,
    });
    expect(good({ ...server(crm), audit: { key: "${PEM}" } }, { PEM: "k" }).audit).toMatchObject({
      signingPem: "k",
    });
    const wrong = {
      key: "MC4CAQAwBQ",
      checkpoint_every: "often",
      anchors: [
        { file: "a", url: "https://b" },
        {},
        { url: "http://log.example/" },
        { file: "a", headers: {} },
        { fil: "a" },
        { command: [] },
        "x",
      ],
      retention: 90,
      previews: "yes",
    };
    expect(bad({ ...server(crm), audit: wrong }).map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'audit.checkpoint_every: "often" is not valid here',
      "audit.retention: 90 is not valid here",
      "audit.key: a key by value",
      "audit.anchors[0]: an anchor is one of file, command and url",
      "audit.anchors[1]: an anchor is one of file, command and url",
      "audit.anchors[2].url: not an https address",
      "audit.anchors[3].headers: headers are for an anchor with a url",
      'audit.anchors[4].fil: unknown key "fil"',
      "audit.anchors[4]: an anchor is one of file, command and url",
      "audit.anchors[5].command: no command",
      "audit.anchors[6]: expected an object, found a string",
      "audit.previews: expected true or false, found a string",
    ]);
  });
  it("is found by the audit commands although a server's variable is not set", () => {
    const text = JSON.stringify({ ...server({ command: "${NOPE}" }), audit: { path: "a.db" } });
    writeFileSync(join(dir, "mcp.config.json"), text);
    expect(resolveAudit({ cwd: dir, env: { HOME } })).toMatchObject({
      path: join(dir, "a.db"),
      problems: [],
    });
  });
  it("is the default without a file, but not when the named file is missing", () => {
    expect(resolveAudit({ cwd: dir, env: { HOME } }).path).toBe("/home/ann/.sallyport/audit.db");
    expect(resolveAudit({ file: "other.json", cwd: dir, env: { HOME } }).problems).toHaveLength(1);
  });
});

describe("a wrapped command", () => {
  const wrap = (command: readonly string[], env: Env = {}) =>
    loadConfig({ command, cwd: dir, env: { HOME, ...env } });
  it("is one server, named after its package, with the environment the client meant for it", () => {
    const { config } = wrap(["npx", "-y", "mcp-server-sqlite-npx", "a.db"], {
      KEY: "k",
      SALLYPORT_TOKEN: "t",
    });
    expect(config).toMatchObject({
      source: "command line",
      token: "t",
      servers: [
        {
          name: "mcp-server-sqlite-npx",
          connector: { connector: "sqlite" },
          transport: { kind: "stdio", command: "npx", cwd: dir, env: { HOME, KEY: "k" } },
        },
      ],
    });
    expect(config?.servers[0]?.transport).not.toHaveProperty("env.SALLYPORT_TOKEN");
  });
  it("needs no file, and reads none", () => {
    mkdirSync(join(dir, "x"));
    writeFileSync(join(dir, "mcp.config.json"), "broken");
    expect(wrap(["node", "x.js"]).problems).toEqual([]);
  });
  it("must be one, and the environment is judged as ever", () => {
    expect(wrap([], { SALLYPORT_PROFILE: "x" }).problems).toHaveLength(2);
  });
});
