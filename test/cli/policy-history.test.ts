/** What was in force, what would be, and the way back: with a running gate. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../src/audit/ids.js";
import { policyCommand } from "../../src/cli/policy.js";
import { loadEngine, start, type Started } from "../../src/cli/start.js";
import type { Call } from "../../src/model/call.js";
import { openStore } from "../../src/store/sqlite.js";

const engine = loadEngine();
const policy = (rules: string, more = ""): string => `policy: p\nowner: o\nrules:\n${rules}${more}`;
const OPEN = policy("  - { id: other, match: { tool: other }, decision: deny, reason: r } # open\n");
const SHUT = policy(
  "  - { id: other, match: { tool: other }, decision: deny, reason: r }\n" +
    "  - { id: shut, match: { tool: look }, decision: deny, reason: r }\n",
);

let dir: string;
let started: Started;
const begin = async (): Promise<void> => {
  started = await start(
    { file: "mcp.config.json", cwd: dir, env: { SALLYPORT_LOG_LEVEL: "silent" } },
    { id: "local:test", how: "os_user" },
  );
};
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-history-"));
  save(OPEN);
  const mcpServers = { it: { command: "node", connector: "generic" } };
  const file = { profile: "dev", mcpServers, policies: ["p.yaml"], audit: { path: "audit.db" } };
  writeFileSync(join(dir, "mcp.config.json"), JSON.stringify(file));
  await begin();
});
afterEach(async () => {
  await started.audit.close();
  rmSync(dir, { recursive: true, force: true });
});

const save = (text: string): void => writeFileSync(join(dir, "p.yaml"), text);
const saved = (name = "p.yaml"): string => readFileSync(join(dir, name), "utf8");

async function sallyport(...argv: string[]): Promise<{ code: number; out: string; talk: string }> {
  let [out, talk] = ["", ""];
  const code = await policyCommand(argv, {
    cwd: dir,
    env: {},
    now: Date.now(),
    engine: () => engine,
    version: "0.0.0",
    user: "maya",
    read: () => "",
    save: () => {},
    write: (text) => void (out += text),
    say: (text) => void (talk += text),
  });
  return { code, out, talk };
}

/** Whether a call gets through. */
async function runs(): Promise<boolean> {
  const call: Call = {
    id: newId("d"),
    principal: { id: "local:test", how: "os_user" },
    client: undefined,
    server: "it",
    connector: "generic",
    tool: "look",
    operation: "query",
    args: {},
    argsText: "{}",
  };
  const text = '{"content":[]}';
  const answer = { body: "result", text, value: JSON.parse(text), bytes: text.length } as const;
  return (await started.parts.gate.govern(call, async () => answer)).kind === "unchanged";
}

/** The first snapshot is OPEN's, the second SHUT's. */
async function shut(): Promise<{ open: string; closed: string }> {
  expect(await runs()).toBe(true);
  save(SHUT);
  await started.reload();
  expect(await runs()).toBe(false);
  const { out } = await sallyport("snapshots", "--json");
  const [closed, open] = (JSON.parse(out) as { snapshot: string }[]).map((each) => each.snapshot);
  return { open: open!, closed: closed! };
}

describe("snapshots", () => {
  it("are listed, the one in force first, with their policies", async () => {
    const { open, closed } = await shut();
    const { out } = await sallyport("snapshots");
    const [, first, second] = out.split("\n");
    expect(first).toMatch(new RegExp(`^${closed.slice(0, 12)} .*Z  p$`));
    expect(second).toMatch(new RegExp(`^${open.slice(0, 12)} .*Z  p$`));
  });
});

describe("diff", () => {
  it("tells the rules that differ, and the recorded calls that would be decided otherwise", async () => {
    const { open, closed } = await shut();
    const { out, code } = await sallyport("diff", open.slice(0, 8), closed.slice(0, 8));
    expect(code).toBe(0);
    expect(out).toContain("+ rule p/shut\n");
    expect(out).not.toContain("p/other");
    expect(out).toContain("of 2 recorded calls:\n        2  allow → deny\n");
    const back = JSON.parse((await sallyport("diff", closed, open, "--json")).out) as object;
    expect(back).toMatchObject({
      changes: [{ what: "rule", name: "p/shut", change: "removed" }],
      decisions: { deny: { allow: 2 } },
    });
  });

  it("compares what is in force with the configuration as it stands", async () => {
    await shut();
    expect((await sallyport("diff")).out).toContain("nothing that decides differs");
    save(SHUT.replace("tool: look", "tool: lo*"));
    const { out } = await sallyport("diff");
    expect(out).toContain("to   mcp.config.json as it stands");
    expect(out).toContain("~ rule p/shut: match\n");
    expect(out).toContain("0  would be decided otherwise");
  });

  it("says so when there is no such snapshot", async () => {
    const { code, talk } = await sallyport("diff", "ffffff");
    expect(code).toBe(1);
    expect(talk).toContain("no snapshot begins with ffffff");
  });
});

describe("explain", () => {
  it("tells of a decision on record, under the rules that were in force then", async () => {
    await shut();
    const store = openStore(join(dir, "audit.db"), { readonly: true });
    const [opened, closed] = store.read((tx) =>
      tx.all<{ id: string }>("SELECT id FROM records WHERE kind = 'decision' ORDER BY seq"),
    );
    await store.close();
    save("policy: [");
    const before = await sallyport("explain", opened!.id);
    expect(before.code).toBe(0);
    expect(before.out).toContain("allow: Nothing found.\n  local:test called it/look at ");
    expect(before.out).toContain("p/other → deny: did not match: tool\n");
    expect(before.out).not.toContain("p/shut");
    const after = await sallyport("explain", closed!.id);
    expect(after.out).toContain("decided by p/shut (policy p.yaml)\n");
    expect(after.out).toContain("p/shut → deny: spoke\n");
    expect((await sallyport("explain", `d_${"0".repeat(26)}`)).code).toBe(1);
  });
});

describe("rollback", () => {
  it("writes the files as they were, comments and all; a running proxy takes them up, and it is on record", async () => {
    const { open } = await shut();
    const { code, out, talk } = await sallyport("rollback", open.slice(0, 8), "--reason", "too strict");
    expect({ code, out }).toEqual({ code: 0, out: "wrote p.yaml\n" });
    expect(saved()).toBe(OPEN);
    expect(talk).toMatch(/Back: sallyport policy rollback [0-9a-f]{12}\n/);
    await started.reload();
    expect(await runs()).toBe(true);
    const store = openStore(join(dir, "audit.db"), { readonly: true });
    const [row] = store.read((tx) =>
      tx.all<{ body: string }>("SELECT body FROM records WHERE kind = 'control'"),
    );
    await store.close();
    expect(JSON.parse(row!.body)).toMatchObject({
      event: "policies_restored",
      by: { id: "local:maya" },
      snapshot: open,
      reason: "too strict",
    });
  });

  it("is the way out of a file that does not load, and keeps what stood there", async () => {
    const { closed } = await shut();
    save("policy: [");
    const { code, talk } = await sallyport("rollback", closed);
    expect(code).toBe(0);
    expect(saved()).toBe(SHUT);
    expect(saved("p.yaml.replaced")).toBe("policy: [");
    expect(talk).toContain("kept as p.yaml.replaced");
  });

  it("writes nothing when asked only what it would, or when all is as it was", async () => {
    const { open, closed } = await shut();
    expect((await sallyport("rollback", open, "--dry-run")).out).toBe("would write p.yaml\n");
    expect(saved()).toBe(SHUT);
    expect((await sallyport("rollback", closed)).talk).toContain("already");
  });

  it("is refused when a test of what it would restore fails", async () => {
    await started.audit.close();
    // A start takes what it is given; who goes back to it does so with open eyes.
    save(`${SHUT}tests: [{ name: t, call: { tool: look }, expect: { decision: allow } }]\n`);
    await begin();
    const { out } = await sallyport("snapshots", "--json");
    const [untested] = JSON.parse(out) as { snapshot: string }[];
    save(OPEN);
    const { code, talk } = await sallyport("rollback", untested!.snapshot);
    expect(code).toBe(1);
    expect(talk).toContain('the test "t" fails: expected allow, got deny');
    expect(saved()).toBe(OPEN);
  });

  it("is refused when files alone cannot bring it back", async () => {
    const { open } = await shut();
    const config = JSON.parse(saved("mcp.config.json")) as { policies: string[] };
    writeFileSync(join(dir, "q.yaml"), SHUT.replace("policy: p", "policy: q"));
    writeFileSync(
      join(dir, "mcp.config.json"),
      JSON.stringify({ ...config, policies: ["p.yaml", "q.yaml"] }),
    );
    const { code, talk } = await sallyport("rollback", open);
    expect(code).toBe(1);
    expect(talk).toContain("q.yaml came after snapshot");
    expect(saved()).toBe(SHUT);
  });
});
