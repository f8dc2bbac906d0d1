// How fast values are scanned, all rules on: ordinary ones beside JSON.parse of the same text in the same run, and the
// worst that can be found, at one size and at twice that.
//   node bench/scan.mjs [--json] [--quick]
import { cpus } from "node:os";
import { loadDetectors } from "../dist/config/detectors.js";
import { compileEngine } from "../dist/detect/engine.js";
import { hostile, repeated } from "./scan/hostile.mjs";
import { ORDINARY } from "./scan/inputs.mjs";

const quick = process.argv.includes("--quick");
const { rules } = loadDetectors();
const engine = compileEngine(rules);
const KB = 1024;

/** Fastest of several rounds, milliseconds; what else the machine does only ever adds. */
function fastest(once, rounds, atLeast) {
  once();
  let best = Infinity;
  for (let n = 0; n < rounds; n++) {
    let times = 0;
    const from = performance.now();
    do {
      once();
      times++;
    } while (performance.now() - from < atLeast);
    best = Math.min(best, (performance.now() - from) / times);
  }
  return best;
}

const rounds = quick ? 3 : 7;
const ordinary = Object.entries(ORDINARY).flatMap(([name, make]) =>
  [100 * KB, 1024 * KB].map((size) => {
    const value = make(size);
    const text = JSON.stringify(value);
    const found = engine.scanJson(value, { phase: "output" }).length;
    const parse = fastest(() => JSON.parse(text), rounds, 20);
    const scan = fastest(() => engine.scanJson(value, { phase: "output" }), rounds, 60);
    const perSecond = (ms) => text.length / 1000 / ms;
    return {
      name,
      bytes: text.length,
      found,
      mb_per_s: perSecond(scan),
      parse_mb_per_s: perSecond(parse),
      ratio: scan / parse,
    };
  }),
);

const scanText = ({ role }, text) => {
  const phase = role === "text" ? "output" : "input";
  return () => engine.scanText(text, { role, phase });
};
const SMALL = 8 * KB;
const tried = [...hostile(rules)]
  .filter((_, n) => !quick || n % 7 === 0)
  .map((kind) => ({
    ...kind,
    ms: fastest(scanText(kind, repeated(kind.unit, SMALL)), 1, 0),
  }));
const suspects = tried.toSorted((a, b) => b.ms - a.ms).slice(0, quick ? 5 : 12);
const worst = suspects
  .map((kind) => {
    const size = 256 * KB;
    const [one, two] = [size, 2 * size].map((n) => scanText(kind, repeated(kind.unit, n)));
    // In turns, so that a neighbour's work does not look like growth.
    let [first, second] = [Infinity, Infinity];
    for (let n = 0; n < rounds; n++) {
      first = Math.min(first, fastest(one, 1, 0));
      second = Math.min(second, fastest(two, 1, 0));
    }
    return {
      name: kind.name,
      unit: kind.unit,
      role: kind.role,
      mb_per_s: size / 1000 / first,
      doubling: second / first / 2,
    };
  })
  .toSorted((a, b) => a.mb_per_s - b.mb_per_s);

if (process.argv.includes("--json"))
  process.stdout.write(`${JSON.stringify({ rules: rules.length, ordinary, tried: tried.length, worst })}\n`);
else {
  const say = (line) => process.stdout.write(`${line}\n`);
  say(`${rules.length} rules, Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}`);
  say("\nvalue                          KB   findings    MB/s   × JSON.parse");
  for (const r of ordinary)
    say(
      `${r.name.padEnd(28)}${String(Math.round(r.bytes / KB)).padStart(5)}${String(r.found).padStart(11)}${r.mb_per_s.toFixed(1).padStart(8)}${r.ratio.toFixed(1).padStart(11)}`,
    );
  say(
    `\nthe slowest of ${tried.length} hostile texts, at 256 KB; and the time of 512 KB by twice that of 256`,
  );
  for (const w of worst)
    say(
      `${JSON.stringify(w.unit).slice(0, 34).padEnd(36)}${w.role.padEnd(9)}${w.mb_per_s.toFixed(1).padStart(8)} MB/s   ${w.doubling.toFixed(2)}`,
    );
}
