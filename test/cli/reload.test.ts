/** Policies that change while a proxy runs. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newId } from "../../src/audit/ids.js";
import { start, type Started } from "../../src/cli/start.js";
import type { Call } from "../../src/model/call.js";
import { openStore } from "../../src/store/sqlite.js";

const policy = (rule: string, more = ""): string => `policy: p\nowner: o\nrules:\n  - ${rule}\n${more}`;
const OPEN = policy("{ id: a, match: { tool: other }, decision: deny, reason: r }");
const SHUT = policy("{ id: a, decision: deny, reason: r }");

let dir: string;
let started: Started;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-reload-"));
  writeFileSync(join(dir, "p.yaml"), OPEN);
  const mcpServers = { it: { command: "node", connector: "generic" } };
  const file = { profile: "dev", mcpServers, policies: ["p.yaml"], audit: { path: "audit.db" } };
  writeFileSync(join(dir, "mcp.config.json"), JSON.stringify(file));
  started = await start(
    { file: "mcp.config.json", cwd: dir, env: { SALLYPORT_LOG_LEVEL: "silent" } },
    { id: "local:test", how: "os_user" },
  );
});
afterEach(async () => {
  await started.audit.close();
  rmSync(dir, { recursive: true, force: true });
});

const save = (text: string): void => writeFileSync(join(dir, "p.yaml"), text);

/** Whether a call gets through; `meanwhile` happens while its server works. */
async function runs(meanwhile: () => Promise<void> = async () => {}): Promise<boolean> {
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
  let ran = false;
  const governed = await started.parts.gate.govern(call, async () => {
    ran = true;
    await meanwhile();
    const text = '{"content":[]}';
    return { body: "result", text, value: JSON.parse(text), bytes: text.length };
  });
  return ran && governed.kind === "unchanged";
}

function snapshots(): string[] {
  const store = openStore(join(dir, "audit.db"), { readonly: true });
  const rows = store.read((tx) =>
    tx.all<{ body: string }>("SELECT body FROM records WHERE kind = 'posture' ORDER BY seq"),
  );
  void store.close();
  return rows.map(({ body }) => (JSON.parse(body) as { snapshot: string }).snapshot);
}

describe("a reload", () => {
  it("puts the new rules in force for the next call, and on record", async () => {
    expect(await runs()).toBe(true);
    save(SHUT);
    await started.reload();
    expect(await runs()).toBe(false);
    const [before, after] = snapshots();
    expect(after).not.toBe(before);
  });

  it("leaves a call in flight with what it began with", async () => {
    const shutting = policy("{ id: a, match: { phase: output }, decision: deny, reason: r }");
    const ran = await runs(async () => {
      save(shutting);
      await started.reload();
    });
    expect(ran).toBe(true);
    expect(await runs()).toBe(false);
  });

  it.each([
    ["that is not YAML", "policy: p\n  rules"],
    ["with an unknown key", SHUT.replace("reason", "reson")],
    [
      "with a condition that says nothing",
      policy("{ id: a, when: pricipal.id == '', decision: deny, reason: r }"),
    ],
    ["without a rule", "policy: p\nowner: o\n"],
    ["whose own test fails", `${SHUT}tests:\n  - { call: { tool: x }, expect: { decision: allow } }\n`],
  ])("of a file %s keeps the old rules, and says so", async (_what, text) => {
    const said: string[] = [];
    vi.spyOn(started.log, "error").mockImplementation(
      (...args: unknown[]) => void said.push(String(args[1])),
    );
    save(text);
    await started.reload();
    expect(await runs()).toBe(true);
    expect(said.at(-1)).toBe("the policies were NOT reloaded: the old ones are still in force");
    expect(said.length).toBeGreaterThan(1);
    expect(new Set(snapshots()).size).toBe(1);
  });

  it("keeps the old rules also when a test in a file beside fails", async () => {
    writeFileSync(join(dir, "p.test.yaml"), "tests: [{ call: { tool: x }, expect: { decision: allow } }]\n");
    save(SHUT);
    await started.reload();
    expect(await runs()).toBe(true);
    rmSync(join(dir, "p.test.yaml"));
    await started.reload();
    expect(await runs()).toBe(false);
  });

  it("comes by itself when a file is written or replaced", async () => {
    save(SHUT);
    await vi.waitFor(async () => expect(await runs()).toBe(false), { timeout: 15_000, interval: 50 });
    writeFileSync(join(dir, "next.yaml"), OPEN);
    renameSync(join(dir, "next.yaml"), join(dir, "p.yaml"));
    await vi.waitFor(async () => expect(await runs()).toBe(true), { timeout: 15_000, interval: 50 });
  });
});
