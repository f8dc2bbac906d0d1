import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-admin-config-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const TOKEN = "0123456789abcdef";
const ENV = { MAYA: TOKEN, ZOE: `${TOKEN}-zoe`, SHORT: "short", SALLYPORT_TOKEN: `${TOKEN}-agents` };

function load(more: object, env: Record<string, string> = ENV) {
  const file = { mcpServers: { it: { command: "node" } }, ...more };
  writeFileSync(join(dir, "c.json"), JSON.stringify(file));
  return loadConfig({ file: "c.json", cwd: dir, env });
}

describe("admin", () => {
  it("gives each person a token, and listens where it is told", () => {
    const people = { maya: "${MAYA}", zoe: "${ZOE}" };
    expect(load({ admin: { people } }).config?.admin).toEqual({
      listen: { host: "127.0.0.1", port: 7421 },
      people: [
        { name: "maya", token: ENV.MAYA },
        { name: "zoe", token: ENV.ZOE },
      ],
    });
    expect(load({ admin: { listen: "[::1]:9", people } }).config?.admin?.listen).toEqual({
      host: "::1",
      port: 9,
    });
  });

  it("reads a token from a file that nobody else can read", () => {
    writeFileSync(join(dir, "maya"), `${TOKEN}\n`, { mode: 0o600 });
    expect(load({ admin: { people: { maya: "${file:maya}" } } }).config?.admin?.people[0]?.token).toBe(TOKEN);
    writeFileSync(join(dir, "open"), TOKEN, { mode: 0o644 });
    const [problem] = load({ admin: { people: { maya: "${file:open}" } } }).problems;
    expect(problem?.message).toContain("others can read");
  });

  it.each([
    [{ people: {} }, "admin.people", "nobody may answer"],
    [{ listn: "x", people: { maya: "${MAYA}" } }, "admin.listn", "unknown key"],
    [{ listen: "0.0.0.0:80", people: { maya: "${MAYA}" } }, "admin.listen", "cannot listen"],
    [{ people: { maya: TOKEN } }, "admin.people.maya", "a secret as it is"],
    [{ people: { maya: "${SHORT}" } }, "admin.people.maya", "less than 16 characters"],
    [{ people: { maya: "${NOBODY}" } }, "admin.people.maya", "NOBODY is not set"],
    [{ people: { maya: "${MAYA}", zoe: "${MAYA}" } }, "admin.people.zoe", "somebody else's"],
    [{ people: { "a b": "${MAYA}" } }, 'admin.people["a b"]', "names nobody"],
    [{ people: { maya: "${SALLYPORT_TOKEN}" } }, "admin.people", "token of agents"],
  ])("is refused: %j", (admin, path, says) => {
    const { config, problems } = load({ admin });
    expect(config).toBeUndefined();
    expect(problems.map((each) => each.path)).toContain(path);
    expect(problems.map((each) => each.message).join()).toContain(says);
  });
});

describe("approvals.webhook", () => {
  it("is an address and the key of its signatures", () => {
    const webhook = { url: "https://hooks.example/x", secret: "${MAYA}" };
    expect(load({ approvals: { webhook } }).config?.webhook).toEqual({ ...webhook, secret: TOKEN });
  });

  it.each([
    [{ webhok: {} }, "approvals.webhok", "unknown key"],
    [{ webhook: { url: "https://a.example" } }, "approvals.webhook", "an address and a secret"],
    [{ webhook: { url: "http://a.example", secret: "${MAYA}" } }, "approvals.webhook.url", "plain http"],
    [{ webhook: { url: "ftp://a.example", secret: "${MAYA}" } }, "approvals.webhook.url", "no web address"],
    [{ webhook: { url: "https://a.example", secret: "s" } }, "approvals.webhook.secret", "a secret as it is"],
    [
      { webhook: { url: "https://a.example", secret: "${MAYA}", to: 1 } },
      "approvals.webhook.to",
      "unknown key",
    ],
  ])("is refused: %j", (approvals, path, says) => {
    const { config, problems } = load({ approvals });
    expect(config).toBeUndefined();
    expect(problems.map((each) => each.path)).toContain(path);
    expect(problems.map((each) => each.message).join()).toContain(says);
  });
});
