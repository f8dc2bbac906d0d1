// What governing costs, end to end, with redaction on: the same calls directly, through a raw pipe and through
// Sallyport, interleaved in rounds; over stdio also through the official SDK. Prints Markdown tables; ratios are of
// medians of the same run. Ends with 1 when a target's answer is not the one expected.
//   node bench/overhead.mjs [--quick] [--json FILE] [--write]      --write: also the short table in the README
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { problemWith } from "./answers.mjs";
import { freePort, overHttp, overStdio } from "./clients.mjs";
import { cpuSeconds, proxies, residentMb } from "./procs.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const sallyport = here("../dist/cli/main.js");
const quick = process.argv.includes("--quick");
const jsonFile = process.argv.includes("--json")
  ? process.argv[process.argv.indexOf("--json") + 1]
  : undefined;
const ROUNDS = quick ? 1 : 5;
const SECONDS = quick ? 0.15 : 0.6;

const home = mkdtempSync(join(tmpdir(), "sallyport-bench-"));
const node = process.execPath;
const server = [node, here("server.mjs")];
const governed = (profile, more = {}) => ({
  SALLYPORT_HOME: join(home, `${profile}${Object.keys(more).join("")}`),
  SALLYPORT_PROFILE: profile,
  SALLYPORT_LOG_LEVEL: "error",
  SALLYPORT_TOKEN: "bench",
  ...more,
});
const headers = { authorization: "Bearer bench" };

async function httpTarget(middle, options) {
  const [back, front] = [await freePort(), await freePort()];
  const url = (port) => `http://127.0.0.1:${port}/mcp`;
  const down = [...server, "--http", String(back)];
  if (middle === undefined) return overHttp([down], url(back), options);
  return overHttp([down, middle(front, url(back))], url(front), options);
}
const serve = (front, target) => {
  const file = join(home, `${front}.json`);
  writeFileSync(
    file,
    JSON.stringify({ mcpServers: { bench: { url: target } }, audit: { path: join(home, `${front}.db`) } }),
  );
  return [node, sallyport, "serve", "--listen", `127.0.0.1:${front}`, "--config", file];
};

const TARGETS = {
  stdio: {
    direct: () => overStdio(server),
    "raw pipe": () => overStdio([node, here("raw.mjs"), "--", ...server]),
    "SDK v1": () => overStdio([node, "--no-warnings", here("sdk.mjs"), "v1", "--", ...server]),
    "SDK v2": () => overStdio([node, "--no-warnings", here("sdk.mjs"), "v2", "--", ...server]),
    "Sallyport, dev": () => overStdio([node, sallyport, "run", "--", ...server], governed("dev")),
    "Sallyport, strict": () => overStdio([node, sallyport, "run", "--", ...server], governed("strict")),
    "Sallyport, strict, PII redacted": () =>
      overStdio([node, sallyport, "run", "--", ...server], governed("strict", { PII_ACTION: "redact" })),
  },
  HTTP: {
    direct: () => httpTarget(),
    "raw pipe": () => httpTarget((front, target) => [node, here("raw.mjs"), "--http", String(front), target]),
    "Sallyport, dev": () => httpTarget(serve, { env: governed("dev"), headers }),
    "Sallyport, strict": () => httpTarget(serve, { env: governed("strict"), headers }),
    "Sallyport, strict, PII redacted": () =>
      httpTarget(serve, { env: governed("strict", { PII_ACTION: "redact" }), headers }),
  },
};

const text = "The quick brown fox jumps over the lazy dog 0123456789 ".repeat(19).slice(0, 1024);
const echo = (at) => ({
  name: `echo 1 KB, ${at} at a time`,
  at,
  tool: ["echo", { text }],
  expected: () => ({ text }),
});
const words = (name, bytes) => ({
  name,
  at: 1,
  tool: ["text", { bytes }],
  expected: () => ({ text: "plain words and 42 numbers ".repeat(bytes / 27) }),
});
const CELLS = [
  ...[1, 8, 32, 128].map(echo),
  words("text 100 KB", 100_000),
  words("text 1 MB", 1_000_000),
  {
    name: "rows, 1 MB twice (text and structured)",
    at: 1,
    tool: ["rows", { count: 9500 }],
    expected: () => ({ rows: 9500 }),
  },
  {
    name: "people, 100 KB twice, each with e-mail and SSN",
    at: 1,
    only: /direct|raw|SDK|redacted/,
    tool: ["people", { count: 720 }],
    expected: (target) => ({ rows: 720, redacted: target.includes("redacted") }),
  },
];

async function measure(client, cell) {
  const times = [];
  const end = performance.now() + SECONDS * 1000;
  const pids = proxies(client.pid);
  const cpu = cpuSeconds(pids);
  const started = performance.now();
  await Promise.all(
    Array.from({ length: cell.at }, async () => {
      do {
        const from = performance.now();
        await client.call(...cell.tool);
        times.push(performance.now() - from);
      } while (performance.now() < end);
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  const of = (part) => times[Math.min(times.length - 1, Math.floor(times.length * part))];
  return {
    p50: of(0.5),
    p99: of(0.99),
    perSecond: times.length / seconds,
    cpu: ((cpuSeconds(pids) - cpu) * 1e6) / times.length,
  };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const results = [];
const starts = [];
const wrong = [];
for (const [transport, targets] of Object.entries(TARGETS)) {
  const clients = {};
  for (const [name, start] of Object.entries(targets)) {
    const from = performance.now();
    clients[name] = await start();
    starts.push({ transport, target: name, startMs: performance.now() - from });
  }
  for (const cell of CELLS) {
    const seen = Object.fromEntries(Object.keys(clients).map((name) => [name, []]));
    for (const [name, client] of Object.entries(clients)) {
      if (cell.only !== undefined && !cell.only.test(name)) continue;
      const problem = problemWith(await client.call(...cell.tool), cell.expected(name));
      if (problem !== undefined) wrong.push(`${transport}, ${cell.name}, ${name}: ${problem}`);
    }
    for (let round = -1; round < ROUNDS; round++)
      for (const [name, client] of Object.entries(clients)) {
        if (cell.only !== undefined && !cell.only.test(name)) continue;
        const measured = await measure(client, cell);
        if (round >= 0) seen[name].push(measured); // the first round warms up
      }
    for (const [name, rounds] of Object.entries(seen)) {
      if (rounds.length === 0) continue;
      const middle = (key) => median(rounds.map((each) => each[key]));
      results.push({
        transport,
        cell: cell.name,
        target: name,
        p50: middle("p50"),
        p99: middle("p99"),
        perSecond: middle("perSecond"),
        cpu: middle("cpu"),
      });
    }
  }
  for (const [name, client] of Object.entries(clients)) {
    const found = starts.find((each) => each.transport === transport && each.target === name);
    found.rssMb = residentMb(proxies(client.pid));
    await client.close();
  }
}
rmSync(home, { recursive: true, force: true });

const ms = (value) => (value < 10 ? value.toFixed(2) : value.toFixed(0));
console.log(
  `Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? "CPU"}; medians of ${ROUNDS} rounds; client, proxy and server share the cores.\n`,
);
console.log("| transport | call | through | p50 ms | × direct | × raw | p99 ms | calls/s | proxy CPU µs |");
console.log("|---|---|---|---:|---:|---:|---:|---:|---:|");
for (const each of results) {
  const same = (target) =>
    results.find(
      (other) => other.transport === each.transport && other.cell === each.cell && other.target === target,
    );
  const ratio = (target) => (each.p50 / same(target).p50).toFixed(1);
  const cpu = each.target === "direct" || Number.isNaN(each.cpu) ? "" : each.cpu.toFixed(0);
  console.log(
    `| ${each.transport} | ${each.cell} | ${each.target} | ${ms(each.p50)} | ${ratio("direct")} | ${ratio("raw pipe")} | ${ms(each.p99)} | ${each.perSecond.toFixed(0)} | ${cpu} |`,
  );
}
console.log("\n| transport | through | first answer ms | proxy RSS MB at the end |");
console.log("|---|---|---:|---:|");
for (const { transport, target, startMs, rssMb } of starts)
  console.log(
    `| ${transport} | ${target} | ${startMs.toFixed(0)} | ${target === "direct" ? "" : rssMb.toFixed(0)} |`,
  );
for (const problem of wrong) console.error(`wrong answer: ${problem}`);
if (wrong.length > 0) process.exit(1);
if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify({ results, starts }, null, 2)}\n`);
if (process.argv.includes("--write")) {
  const readme = here("../README.md");
  const text = readFileSync(readme, "utf8");
  const of = (transport, cell, target) =>
    results.find((each) => each.transport === transport && each.cell === cell && each.target === target);
  const cells = [...new Set(results.map(({ transport, cell }) => `${transport}\n${cell}`))].map((key) =>
    key.split("\n"),
  );
  const line = ([transport, cell]) => {
    const [direct, raw, strict, redacted] = [
      "direct",
      "raw pipe",
      "Sallyport, strict",
      "Sallyport, strict, PII redacted",
    ].map((target) => of(transport, cell, target));
    const shown = (each) =>
      each === undefined ? "" : `${ms(each.p50)} (× ${(each.p50 / raw.p50).toFixed(1)})`;
    return `| ${transport} | ${cell} | ${ms(direct.p50)} | ${ms(raw.p50)} | ${shown(strict)} | ${shown(redacted)} |`;
  };
  const table = [
    "| transport | call | direct | raw pipe | strict (× raw) | strict, PII redacted (× raw) |",
    "|---|---|---:|---:|---:|---:|",
    ...cells.map(line),
    "",
    `p50 in milliseconds, medians of ${ROUNDS} rounds, Node ${process.version}; \`npm run bench:overhead -- --write\` made this table.`,
  ].join("\n");
  writeFileSync(
    readme,
    text.replace(/<!-- bench -->[^]*<!-- \/bench -->/, `<!-- bench -->\n${table}\n<!-- /bench -->`),
  );
}
