/** The keys of `audit` in mcp.config.json, as a running proxy follows them. */
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openAudit } from "../../src/audit/log.js";
import { splitNotes } from "../../src/audit/note.js";
import { decide, denied } from "../audit/sample.js";
import { FAKE, Home, Proxy } from "../helpers/proxy.js";

let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home.remove());

const kept = (): string[] => splitNotes(readFileSync(join(home.dir, "kept.txt"), "utf8"));

function configured(audit: object): string {
  const path = join(home.dir, "audit.db");
  return home.config({
    audit: { path, ...audit },
    mcpServers: { it: { command: process.execPath, args: [FAKE] } },
  });
}

async function oneCall(file: string, env: Record<string, string> = {}): Promise<Proxy> {
  const proxy = new Proxy(home, ["--config", file], env);
  await proxy.initialize();
  await proxy.call("echo", { text: "her number is 536-90-4399, her name is Ann" });
  return proxy;
}

it("checkpoints are published while it runs and when it ends, and verify finds them again", async () => {
  const file = configured({ checkpoint_every: "20ms", anchors: [{ file: "./kept.txt" }] });
  const proxy = await oneCall(file);
  await vi.waitFor(() => expect(kept().length).toBeGreaterThan(0), { timeout: 30_000 });
  await proxy.close();
  const said = JSON.parse(home.audit("verify", "--json", "--config", file)) as Record<string, unknown>;
  expect(said).toMatchObject({
    ok: true,
    anchored: kept().length,
    checkpoints: kept().length,
    covered: said["records"],
  });
  expect(proxy.stderr).toBe("");
});

it("an anchor that does not work stops no call, and is told", async () => {
  const file = configured({ anchors: [{ file: "./no/such/folder/kept.txt" }] });
  const proxy = await oneCall(file);
  await proxy.close();
  expect(proxy.stderr).toContain("could not be published to");
  expect(home.records()).toHaveLength(1);
});

it("previews show what was not found, and mask what was", async () => {
  await (await oneCall(configured({ previews: true }))).close();
  const shown = home.audit("show", home.records()[0]!.id);
  expect(shown).toContain("her name is Ann");
  expect(shown).toContain("[REDACTED:us_ssn]");
  expect(shown).not.toContain("536-90-4399");
  expect(JSON.parse(home.audit("search", "--json", "--text", "NAME IS ann"))).toHaveLength(1);
  expect(JSON.parse(home.audit("search", "--json", "--text", "536-90"))).toEqual([]);
});

it("without previews there are none", async () => {
  await (await oneCall(configured({}))).close();
  expect(home.audit("show", home.records()[0]!.id)).not.toContain("her name is");
});

it("with a retention, calls that are older are erased while it runs", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 3 * 86_400_000 });
  const old = await openAudit({ path: join(home.dir, "audit.db"), version: "1.0.0" });
  await decide(old, denied, { tool: "old" });
  await old.close();
  vi.useRealTimers();
  const file = configured({ retention: "2d" });
  const proxy = await oneCall(file);
  await vi.waitFor(() => expect(home.records().map(({ tool }) => tool)).toEqual(["echo"]), {
    timeout: 30_000,
  });
  await proxy.close();
  expect(JSON.parse(home.audit("verify", "--json", "--config", file))).toMatchObject({ ok: true, erased: 1 });
});

it("a key from elsewhere signs, and none is made", async () => {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  writeFileSync(join(home.dir, "mine.pem"), pem, { mode: 0o600 });
  await (await oneCall(configured({ key: "${file:./mine.pem}" }))).close();
  await (await oneCall(configured({ key: "${MY_PEM}" }), { MY_PEM: pem })).close();
  expect(existsSync(join(home.dir, "checkpoint.key"))).toBe(false);
  expect(home.audit("verify", "--config", configured({ key: "${file:./mine.pem}" }))).toMatch(
    /^ok: .*\n.*\nsigned: 2 /,
  );
});
