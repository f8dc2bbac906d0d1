/** Starts that are refused, and the command line as a shell sees it. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FAKE, Home, Proxy, SALLYPORT, textOf } from "../helpers/proxy.js";

let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home.remove());

function sallyport(args: readonly string[], env: Record<string, string> = {}, input = "") {
  const all = { ...process.env, SALLYPORT_HOME: home.dir, ...env };
  return spawnSync(process.execPath, [SALLYPORT, ...args], {
    cwd: home.dir,
    env: all,
    input,
    encoding: "utf8",
  });
}

describe("a bad value anywhere refuses the start with exit code 2, naming the token, the place and the valid ones", () => {
  const wrap = ["run", "--", process.execPath, FAKE];
  const cases: [name: string, args: string[], env: Record<string, string>, says: RegExp][] = [
    ["an unknown profile", wrap, { SALLYPORT_PROFILE: "stirct" }, /stirct.*SALLYPORT_PROFILE.*strict/],
    ["an unknown category", wrap, { SALLYPORT_ENFORCE: "pii,sql" }, /sql.*SALLYPORT_ENFORCE.*sqli/],
    ["an unknown action", wrap, { PII_ACTION: "mask" }, /mask.*PII_ACTION.*redact/],
    ["a misspelt variable", wrap, { SALLYPORT_PROFLE: "strict" }, /SALLYPORT_PROFLE.*SALLYPORT_PROFILE/],
    [
      "two aliases that disagree",
      wrap,
      { SALLYPORT_PROFILE: "strict", AXONFLOW_PROFILE: "dev" },
      /AXONFLOW_PROFILE/,
    ],
    ["no file", ["run", "--config", "none.json"], {}, /no such file.*none\.json/],
    ["an unknown command", ["rnu"], {}, /unknown command "rnu"; did you mean run/],
    ["an unknown flag", ["run", "--confg", "x"], {}, /--confg/],
    [
      "a listener that is not loopback",
      ["serve", "--listen", "0.0.0.0:7420", "--", "x"],
      {},
      /0\.0\.0\.0.*loopback/,
    ],
  ];
  for (const [name, args, env, says] of cases) {
    it(name, () => {
      const { status, stderr, stdout } = sallyport(args, env);
      expect(status).toBe(2);
      expect(stderr.replaceAll("\n", " ")).toMatch(says);
      expect(stdout).toBe("");
    });
  }

  it("an unknown key in the file, all problems at once", () => {
    const file = join(home.dir, "c.json");
    writeFileSync(
      file,
      JSON.stringify({
        profle: "strict",
        mcpServers: { a: { comand: "x" }, b: { command: "y", limits: { max_rows: -1 } } },
      }),
    );
    const { status, stderr } = sallyport(["run", "--config", file]);
    expect(status).toBe(2);
    for (const token of ["profle", "comand", "max_rows"]) expect(stderr).toContain(token);
    const check = sallyport(["check", "--config", file]);
    expect(check.status).toBe(2);
    expect(check.stdout).toMatch(/did you mean "?profile/);
  });

  it("an audit store that is no such thing", () => {
    mkdirSync(join(home.dir, "data"));
    writeFileSync(
      join(home.dir, "data/audit.db"),
      "this is not a database, but it is long enough to look at".repeat(40),
    );
    const { status, stderr } = sallyport(wrap, { SALLYPORT_HOME: join(home.dir, "data") });
    expect(status).toBe(2);
    expect(stderr).toContain("audit.db");
  });
});

it("the boot line gives the profile, every action and where each comes from, on stderr", () => {
  const { stderr, stdout, status } = sallyport(["run", "--", process.execPath, FAKE], {
    SALLYPORT_PROFILE: "strict",
    SALLYPORT_ENFORCE: "high_risk",
    PII_ACTION: "redact",
  });
  expect(status).toBe(0);
  expect(stdout).toBe("");
  expect(stderr).toContain(
    "[Profile] sallyport active: strict — PII=redact, SQLI=block, SensitiveData=block, HighRisk=block, DangerousQuery=block, DangerousCommand=block",
  );
  expect(stderr).toMatch(/pii from PII_ACTION/);
  expect(stderr).toMatch(/high_risk from SALLYPORT_ENFORCE/);
});

it("the token is made once, kept for its owner alone, and refused when others can read it", () => {
  const { SALLYPORT_TOKEN: _, ...env } = process.env;
  const serve = () =>
    spawnSync(
      process.execPath,
      [SALLYPORT, "serve", "--listen", "127.0.0.1:0", "--", process.execPath, FAKE],
      {
        env: { ...env, SALLYPORT_HOME: home.dir },
        encoding: "utf8",
        timeout: 2_500,
      },
    );
  const token = /: (sp_\S+)/.exec(serve().stdout)?.[1];
  expect(token).toMatch(/^sp_[\w-]{40,}$/);
  expect(statSync(join(home.dir, "token")).mode & 0o777).toBe(0o600);
  expect(serve().stdout).not.toContain(token);
  chmodSync(join(home.dir, "token"), 0o644);
  const refused = serve();
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain("chmod 600");
});

it("each action does what it says, end to end: log, warn, redact, block", async () => {
  const seen: Record<string, string> = {};
  for (const action of ["log", "warn", "redact", "block"]) {
    const proxy = new Proxy(home, undefined, { PII_ACTION: action });
    await proxy.initialize();
    const reply = await proxy.call("raw", {
      raw: JSON.stringify({ content: [{ type: "text", text: "SSN 536-90-4399" }] }),
    });
    seen[action] = `${textOf(reply).slice(0, 24)}|${reply.result?.["_meta"] === undefined ? "" : "told"}`;
    await proxy.close();
  }
  expect(seen).toEqual({
    log: "SSN 536-90-4399|",
    warn: "SSN 536-90-4399|told",
    redact: "SSN [REDACTED:us_ssn]|told",
    block: "[Sallyport] The call to |told",
  });
});
