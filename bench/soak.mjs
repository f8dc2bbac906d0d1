// 100 000 calls through eight servers that are killed at random: memory stays flat, nothing is left behind, the record
// verifies.   node bench/soak.mjs [--calls N]
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const sallyport = here("../dist/cli/main.js");
const CALLS = process.argv.includes("--calls")
  ? Number(process.argv[process.argv.indexOf("--calls") + 1])
  : 100_000;
const SERVERS = 8;
const AT_ONCE = 32;
const KILL_EVERY = 4_000;

const home = mkdtempSync(join(tmpdir(), "sallyport-soak-"));
const config = join(home, "config.json");
const mcpServers = Object.fromEntries(
  Array.from({ length: SERVERS }, (_, i) => [
    `s${i}`,
    { command: process.execPath, args: [here("server.mjs")], timeout: "20s" },
  ]),
);
writeFileSync(
  config,
  JSON.stringify({ profile: "strict", mcpServers, audit: { path: join(home, "audit.db") } }),
);

const child = spawn(process.execPath, [sallyport, "run", "--config", config], {
  stdio: ["pipe", "pipe", "ignore"],
  env: { ...process.env, SALLYPORT_LOG_LEVEL: "silent" },
});
const waiting = new Map();
let rest = "";
child.stdout.setEncoding("utf8").on("data", (chunk) => {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop();
  for (const line of lines) {
    const message = JSON.parse(line);
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  }
});
let lastId = 0;
const request = (method, params) =>
  new Promise((resolve) => {
    waiting.set(++lastId, resolve);
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: lastId, method, params })}\n`);
  });
const status = (pid, key) =>
  Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
const rss = () => Math.round(status(child.pid, "VmRSS") / 1024);
const files = () => readdirSync(`/proc/${child.pid}/fd`).length;
const servers = () =>
  readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number);

await request("initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "soak", version: "1" },
});
const text = "The quick brown fox jumps over the lazy dog ".repeat(10);
let done = 0;
let failed = 0;
let killed = 0;
const memory = [];
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (done < CALLS) {
      const number = ++done;
      if (number % KILL_EVERY === 0) {
        const all = servers();
        process.kill(all[number % all.length], "SIGKILL");
        killed++;
      }
      if (number % Math.ceil(CALLS / 10) === 0) memory.push({ calls: number, rss: rss(), files: files() });
      const { result } = await request("tools/call", {
        name: `s${number % SERVERS}__echo`,
        arguments: { text },
      });
      if (result?.isError === true) failed++;
      else if (result?.content?.[0]?.text !== text)
        throw new Error(`a wrong answer: ${JSON.stringify(result)}`);
    }
  }),
);
const left = servers().length;
child.stdin.end();
const code = await new Promise((resolve) => child.once("exit", resolve));
const verified = JSON.parse(
  execFileSync(process.execPath, [sallyport, "audit", "verify", "--json", "--config", config], {
    encoding: "utf8",
  }),
);
rmSync(home, { recursive: true, force: true });

console.log("| calls | RSS MB | open files |\n|---:|---:|---:|");
for (const at of memory) console.log(`| ${at.calls} | ${at.rss} | ${at.files} |`);
console.log(
  `\n${CALLS} calls, ${killed} servers killed, ${failed} calls failed with words, ${left} servers at the end, exit ${code}`,
);
console.log(`record: ${JSON.stringify(verified)}`);
const flat = memory.at(-1).rss <= memory[1].rss * 1.3 + 20;
if (!flat || code !== 0 || !verified.ok || verified.open !== 0 || left > SERVERS) {
  console.log(`NOT GOOD: flat=${flat}`);
  process.exit(1);
}
