import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CheckIo } from "../../src/cli/check.js";
import { checkCommand } from "../../src/cli/check.js";
import { SallyportError } from "../../src/model/errors.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-check-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function check(config: unknown, argv: readonly string[] = [], part: Partial<CheckIo> = {}) {
  if (config !== undefined) writeFileSync(join(dir, "mcp.config.json"), JSON.stringify(config));
  let out = "";
  const code = await checkCommand(argv, {
    write: (text) => (out += text),
    cwd: dir,
    env: { HOME: "/home/ann" },
    compileDetectors: () => 12,
    connect: () => Promise.resolve([]),
    ...part,
  });
  return { code, out };
}

const good = {
  mcpServers: {
    crm: {
      command: "npx",
      args: ["-y", "@modelcontextprotocol/server-postgres", "postgresql://u:pw@db/crm"],
    },
    own: { command: "node", args: ["own.js"], env: { KEY: "k3y-value" } },
  },
};

describe("sallyport check", () => {
  it("prints the profile, the servers and how each was recognised, and ends with 0", async () => {
    const { code, out } = await check(good);
    expect(code).toBe(0);
    expect(out).toContain("[Profile] sallyport active: default — PII=warn");
    expect(out).toContain("crm  stdio  postgres (by package)");
    expect(out).toContain("1000 rows; 1 MiB; over: truncate; per hour: 20000 rows, 50 MiB");
    expect(out).toContain("own  stdio  generic unless its tools tell");
    expect(out).toContain(
      "repeats 10/40, repeated_reads 60/240, errors 10/30, denials 5/20, within 600 s: warn",
    );
    expect(out).toContain("records in /home/ann/.sallyport/audit.db");
  });
  it("prints each problem with file, path and fix, and ends with 2", async () => {
    const { code, out } = await check({
      mcpServers: { crm: { comand: "npx", command: "x" } },
      profil: "dev",
    });
    expect(code).toBe(2);
    expect(out).toBe(
      '✗ unknown key "profil"\n  at mcp.config.json profil\n  fix: did you mean profile? valid keys: $schema, profile, ' +
        "enforce, actions, mcpServers, servers, audit, listen, auth, exceptions, detectors, loops, policies, approvers, admin, approvals\n" +
        '✗ unknown key "comand"\n  at mcp.config.json mcpServers.crm.comand\n  fix: did you mean command? valid keys: ' +
        "type, command, args, env, cwd, url, headers, auth, disabled, connector, environment, limits, timeout\n\n" +
        "2 problems: a start would be refused.\n",
    );
  });
  it("names a bad variable", async () => {
    const { code, out } = await check(good, [], { env: { HOME: "/h", PII_ACTION: "deny" } });
    expect(code).toBe(2);
    expect(out).toContain('✗ unknown action "deny"\n  at PII_ACTION');
  });
  it("refuses detectors that do not compile, and having none at all", async () => {
    const broken = () => {
      throw new SallyportError("data_invalid", "bad pattern", {
        file: "policies/detectors/pii.yaml",
        path: "rules[3]",
      });
    };
    expect((await check(good, [], { compileDetectors: broken })).out).toContain(
      "at policies/detectors/pii.yaml rules[3]",
    );
    expect((await check(good, [], { compileDetectors: () => 0 })).code).toBe(2);
  });
  it("reaches the servers only with --connect", async () => {
    const connect = () => Promise.resolve([{ message: "crm does not answer", path: "mcpServers.crm" }]);
    expect((await check(good, [], { connect })).code).toBe(0);
    const { code, out } = await check(good, ["--connect"], { connect });
    expect(code).toBe(2);
    expect(out).toContain("✗ crm does not answer");
  });
  it("gives the same as JSON, without commands, arguments or variables", async () => {
    const { code, out } = await check(good, ["--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      problems: [],
      profile: "default",
      servers: [
        { name: "crm", connector: "postgres", by: "package" },
        { name: "own", connector: null },
      ],
    });
    expect(out).not.toMatch(/u:pw|k3y-value/);
    const refused = await check({}, ["--json"]);
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.out)).toMatchObject({
      ok: false,
      problems: [{ message: "no server to guard" }],
    });
  });
  it("takes another file, and names an argument it does not know", async () => {
    writeFileSync(join(dir, "other.json"), JSON.stringify(good));
    expect((await check(undefined, ["--config", "other.json"])).code).toBe(0);
    expect((await check(undefined, ["--config=other.json"])).code).toBe(0);
    expect((await check(undefined, ["--config"])).out).toContain("--config without a file");
    expect((await check(good, ["--conect"])).out).toContain("did you mean --connect?");
  });
});
