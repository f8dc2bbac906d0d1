// How well the detectors see, on the corpora at SALLYPORT_CORPORA (default: ../shared/corpora): recall, false positives,
// the goal, and the worst misses and false alarms per class with their values masked. `--json` prints data,
// `--only <part of a class name>` measures some. One file per subject in quality/, each exporting `measure(scan, corpus)`.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";

const { values: flags } = parseArgs({ options: { json: { type: "boolean" }, only: { type: "string" } } });
const root = fileURLToPath(new URL("../", import.meta.url));
const folder = process.env.SALLYPORT_CORPORA ?? `${root}../shared/corpora`;
if (!existsSync(folder)) {
  process.stderr.write(
    `no corpora at ${folder}: set SALLYPORT_CORPORA to a folder of gzipped JSON lines { text, label, type }\n`,
  );
  process.exit(2);
}
const dist = (path) => import(new URL(`../dist/${path}`, import.meta.url));
const { compileEngine } = await dist("detect/engine.js");
const { loadDetectors } = await dist("config/detectors.js");
const engine = compileEngine(loadDetectors().rules);

/** Findings of a text; with role json, of a document. */
function scan(text, { role = "text", phase = "output" } = {}) {
  if (role !== "json") return engine.scanText(text, { role, phase });
  return engine.scanJson(JSON.parse(text), { phase, text });
}

const read = new Map();
/** Rows of a corpus by its name, such as `secrets/kingfisher`. */
function corpus(name) {
  if (!read.has(name)) {
    const lines = gunzipSync(readFileSync(`${folder}/${name}.jsonl.gz`))
      .toString("utf8")
      .trim()
      .split("\n");
    read.set(
      name,
      lines.map((line) => JSON.parse(line)),
    );
  }
  return read.get(name);
}

/** Letters and digits of long words are masked: what a corpus holds may be somebody's. */
const masked = (text) =>
  text
    .replaceAll(/\s+/g, " ")
    .slice(0, 110)
    .replaceAll(/[\p{L}\p{N}+/=]{9,}/gu, (word) => `${word.slice(0, 3)}…${word.length}`);
const percent = (n) => (n === undefined ? "–" : `${(100 * n).toFixed(2)} %`);

const results = [];
for (const name of readdirSync(new URL("quality/", import.meta.url)).toSorted()) {
  if (!name.endsWith(".mjs")) continue;
  const { measure } = await import(new URL(`quality/${name}`, import.meta.url));
  for (const result of await measure(scan, corpus))
    if (flags.only === undefined || result.class.includes(flags.only)) results.push(result);
}
const short = results.map((r) => ({
  ...r,
  misses: r.misses.slice(0, 10).map(masked),
  alarms: r.alarms.slice(0, 10).map(masked),
}));
if (flags.json) process.stdout.write(`${JSON.stringify(short, null, 2)}\n`);
else
  for (const { class: name, recall, fp, goal, misses, alarms } of short) {
    process.stdout.write(
      `${name.padEnd(44)} recall ${percent(recall).padStart(9)}   false ${percent(fp).padStart(8)}`,
    );
    process.stdout.write(`   goal ${goal}\n`);
    for (const each of misses) process.stdout.write(`    missed  ${each}\n`);
    for (const each of alarms) process.stdout.write(`    alarm   ${each}\n`);
  }
