// The measurements as Markdown: everything for the terminal, the short tables for the README.
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { BUSY } from "./cells.mjs";

const ms = (value) => (value < 10 ? value.toFixed(2) : value.toFixed(0));
const whole = (value) => (value === undefined || Number.isNaN(value) ? "" : value.toFixed(0));
const find = (list, transport, target, cell) =>
  list.find((each) => each.transport === transport && each.target === target && each.cell === cell);
const table = (heads, left, lines) =>
  [heads, heads.map((_, i) => (i < left ? "---" : "---:")), ...lines]
    .map((line) => `| ${line.join(" | ")} |`)
    .join("\n");
const times = (each, base) => (each && base ? (each.p50 / base.p50).toFixed(1) : "");

export function printed({ results, starts, rounds }) {
  const lines = results.map((each) => {
    const base = (target) => find(results, each.transport, target, each.cell);
    const { transport, cell, target, p50, p99, perSecond, cpu } = each;
    const ratios = [times(each, base("direct")), times(each, base("raw pipe"))];
    const used = target === "direct" ? "" : whole(cpu);
    return [transport, cell, target, ms(p50), ...ratios, ms(p99), whole(perSecond), used];
  });
  const began = starts.map(({ transport, target, startMs, rssMb }) => [
    transport,
    target,
    whole(startMs),
    target === "direct" ? "" : whole(rssMb),
  ]);
  const heads = ["transport", "call", "through", "p50 ms", "× direct", "× raw", "p99 ms", "calls/s"];
  return [
    `Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? "CPU"}; medians of ${rounds} rounds; client, proxy and server share the cores.`,
    table([...heads, "proxy CPU µs"], 3, lines),
    table(["transport", "through", "first answer ms", "proxy RSS MB at the end"], 2, began),
  ].join("\n\n");
}

/** Puts the short tables between the marks in the README. */
export function writeReadme(file, measured) {
  const text = readFileSync(file, "utf8");
  const put = `<!-- bench -->\n${short(measured)}\n<!-- /bench -->`;
  writeFileSync(file, text.replace(/<!-- bench -->[^]*<!-- \/bench -->/, put));
}

const OTHERS = ["direct", "raw pipe", "SDK v1", "mcp-proxy"];
const OURS = ["Sallyport, strict", "Sallyport, strict, PII redacted"];

function short({ results, starts, rounds }) {
  const cells = [...new Set(results.map(({ transport, cell }) => `${transport}\n${cell}`))];
  const lines = cells.map((key) => {
    const [transport, cell] = key.split("\n");
    const of = (target) => find(results, transport, target, cell);
    const others = OTHERS.map((target) => (of(target) ? ms(of(target).p50) : ""));
    const ours = OURS.map((target) =>
      of(target) ? `${ms(of(target).p50)} (× ${times(of(target), of("raw pipe"))})` : "refused",
    );
    return [transport, cell, ...others, ...ours];
  });
  const proxies = ["raw pipe", "SDK v1", "SDK v2", "mcp-proxy", "Sallyport, strict"];
  const each = starts
    .filter(({ target }) => proxies.includes(target))
    .map(({ transport, target, startMs, rssMb }) => {
      const { perSecond, cpu } = find(results, transport, target, BUSY);
      return [transport, target, whole(perSecond), whole(cpu), whole(startMs), whole(rssMb)];
    });
  const sizes = ["calls/s", "proxy CPU µs a call", "first answer ms", "RSS MB at the end"];
  return [
    table(["transport", "call", ...OTHERS, "strict (× raw)", "strict, PII redacted (× raw)"], 2, lines),
    `p50 in milliseconds, medians of ${rounds} rounds, Node ${process.version}; \`npm run bench:overhead -- --write\` made these tables. The next one is of 1 KB calls, 8 at a time.`,
    table(["transport", "through", ...sizes], 2, each),
  ].join("\n\n");
}
