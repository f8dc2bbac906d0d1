// What governing costs, end to end, with redaction on: the same calls directly, through a raw pipe, through what others
// offer that looks at nothing, and through Sallyport, interleaved in rounds. Prints Markdown tables; ratios are of medians
// of the same run. Ends with 1 when a target's answer is not the one expected.
//   node bench/overhead.mjs [--quick] [--json FILE] [--write]      --write: also the short tables in the README
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { problemWith } from "./answers.mjs";
import { CELLS } from "./overhead/cells.mjs";
import { printed, writeReadme } from "./overhead/report.mjs";
import { TARGETS } from "./overhead/targets.mjs";
import { cpuSeconds, proxies, residentMb } from "./procs.mjs";

const quick = process.argv.includes("--quick");
const jsonFile = process.argv.includes("--json")
  ? process.argv[process.argv.indexOf("--json") + 1]
  : undefined;
const ROUNDS = quick ? 1 : 5;
const SECONDS = quick ? 0.1 : 0.5;

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
  const clients = new Map();
  for (const [target, start] of Object.entries(targets)) {
    const from = performance.now();
    const client = await start();
    clients.set(target, client);
    starts.push({ transport, target, client, startMs: performance.now() - from });
  }
  for (const cell of CELLS) {
    const taking = [...clients].filter(([target]) => cell.only?.test(target) ?? true);
    const seen = new Map(taking.map(([target]) => [target, []]));
    for (const [target, client] of taking) {
      const problem = problemWith(await client.call(...cell.tool), cell.expected(target));
      if (problem !== undefined) wrong.push(`${transport}, ${cell.name}, ${target}: ${problem}`);
    }
    for (let round = -1; round < ROUNDS; round++)
      for (const [target, client] of taking) {
        const measured = await measure(client, cell);
        if (round >= 0) seen.get(target).push(measured); // the first round warms up
      }
    for (const [target, rounds] of seen) {
      const [p50, p99, perSecond, cpu] = ["p50", "p99", "perSecond", "cpu"].map((key) =>
        median(rounds.map((each) => each[key])),
      );
      results.push({ transport, cell: cell.name, target, p50, p99, perSecond, cpu });
    }
  }
  for (const begun of starts.filter((each) => each.transport === transport)) {
    begun.rssMb = residentMb(proxies(begun.client.pid));
    await begun.client.close();
    delete begun.client;
  }
}

const measured = { results, starts, rounds: ROUNDS };
console.log(printed(measured));
for (const problem of wrong) console.error(`wrong answer: ${problem}`);
if (wrong.length > 0) process.exit(1);
if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify({ results, starts }, null, 2)}\n`);
if (process.argv.includes("--write"))
  writeReadme(fileURLToPath(new URL("../README.md", import.meta.url)), measured);
