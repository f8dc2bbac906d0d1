// V8 gives an object that is spread and then given further members a shape of its own, and looks up anew whatever is read
// from it: a quarter of what a small call took. Its log says where that happens.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { SALLYPORT } from "../helpers/proxy.js";

const SERVER = fileURLToPath(new URL("../../bench/server.mjs", import.meta.url));
const CALLS = 600;
const TABLES = 20;

/** Reads and writes that found a shape unknown though many were known, by place and name: how often. */
function misses(log: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of log.split("\n")) {
    const [kind = "", , , row, column, before, after, , name] = line.split(",");
    if (!kind.endsWith("IC") || before !== "N" || after !== "N") continue;
    const place = `${kind} ${row}:${column} ${name}`;
    found.set(place, (found.get(place) ?? 0) + 1);
  }
  return found;
}

test("what is read at every call, and of every finding, has a shape that is known", async () => {
  const home = mkdtempSync(join(tmpdir(), "sallyport-shapes-"));
  const log = join(home, "v8.log");
  const flags = ["--log-ic", `--logfile=${log}`, "--no-logfile-per-isolate"];
  const proxy = spawn(process.execPath, [...flags, SALLYPORT, "run", "--", process.execPath, SERVER], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, SALLYPORT_HOME: home, SALLYPORT_PROFILE: "strict", PII_ACTION: "redact" },
  });
  const lines = createInterface({ input: proxy.stdout })[Symbol.asyncIterator]();
  let id = 0;
  const ask = async (method: string, params: unknown): Promise<string> => {
    proxy.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params })}\n`);
    return String((await lines.next()).value);
  };
  await ask("initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  });
  proxy.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  for (let i = 0; i < CALLS; i++) {
    // The same again, so that loops are counted.
    const said = await ask("tools/call", { name: "echo", arguments: { text: "one of many" } });
    expect(said).toContain("one of many");
  }
  for (let i = 0; i < TABLES; i++)
    expect(await ask("tools/call", { name: "people", arguments: { count: 40 } })).toContain(
      "[REDACTED:us_ssn]",
    );
  proxy.stdin.end();
  await once(proxy, "exit");
  const known = misses(readFileSync(log, "utf8"));
  rmSync(home, { recursive: true });
  // A start reads some hundred rules of different shapes.
  expect(known.size).toBeGreaterThan(0);
  expect([...known].filter(([, times]) => times >= CALLS / 2)).toEqual([]);
});
