// What governing costs, end to end, with redaction on: the same calls directly, through a raw pipe and through
// Sallyport, interleaved in rounds. Prints a Markdown table; ratios are of medians of the same run.
//   node bench/overhead.mjs [--quick] [--json FILE] [--write]      --write: also the short table in the README
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, overHttp, overStdio } from "./clients.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const sallyport = here("../dist/cli/main.js");
const quick = process.argv.includes("--quick");
const jsonFile = process.argv.includes("--json")
  ? process.argv[process.argv.indexOf("--json") + 1]
  : undefined;
const ROUNDS = quick ? 2 : 5;
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
const CELLS = [
  { name: "echo 1 KB, 1 at a time", at: 1, call: (c) => c.call("echo", { text }) },
  { name: "echo 1 KB, 8 at a time", at: 8, call: (c) => c.call("echo", { text }) },
  { name: "echo 1 KB, 32 at a time", at: 32, call: (c) => c.call("echo", { text }) },
  { name: "text 100 KB", at: 1, call: (c) => c.call("text", { bytes: 100_000 }) },
  { name: "rows, 1 MB twice (text and structured)", at: 1, call: (c) => c.call("rows", { count: 9500 }) },
  {
    name: "people, 100 KB twice, each with e-mail and SSN",
    at: 1,
    only: /direct|raw|redacted/,
    call: (c) => c.call("people", { count: 720 }),
  },
];

async function measure(client, cell) {
  const times = [];
  const end = performance.now() + SECONDS * 1000;
  const cpu = cpuSeconds(client.pid);
  const started = performance.now();
  await Promise.all(
    Array.from({ length: cell.at }, async () => {
      do {
        const from = performance.now();
        await cell.call(client);
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
    cpu: ((cpuSeconds(client.pid) - cpu) * 1e6) / times.length,
  };
}

/** CPU of one process in seconds; NaN where there is no /proc. */
function cpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const results = [];
for (const [transport, targets] of Object.entries(TARGETS)) {
  const clients = {};
  for (const [name, start] of Object.entries(targets)) clients[name] = await start();
  for (const cell of CELLS) {
    const seen = Object.fromEntries(Object.keys(clients).map((name) => [name, []]));
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
  for (const client of Object.values(clients)) await client.close();
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
if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify(results, null, 2)}\n`);
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
