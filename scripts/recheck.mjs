// Proves the built-in patterns against super-linear backtracking. What is proved once is kept by its hash beside the rules,
// so that a new or changed pattern is proved and the others are not proved again.
//   node scripts/recheck.mjs [--all]      proves what is new (or everything), and writes test/detect/recheck.json
//   node scripts/recheck.mjs --check      proves what is new and a sample of the rest; writes nothing
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.env.RECHECK_BACKEND = "pure";
const { check } = await import("recheck");
const { readBuiltin } = await import(new URL("../dist/config/builtin.js", import.meta.url));

const root = fileURLToPath(new URL("../", import.meta.url));
const file = `${root}test/detect/recheck.json`;
const checking = process.argv.includes("--check");
const SAMPLE = 15;
/** A pattern takes milliseconds or for ever. */
const TIMEOUT_MS = 1000;

const builtin = readBuiltin(root);
const patterns = builtin.detectorFiles.flatMap(({ value }) =>
  value.rules
    .filter(({ pattern }) => pattern !== undefined)
    .map(({ id, pattern, flags = "" }) => ({
      id,
      pattern,
      flags,
      hash: createHash("sha256").update(`${flags}/${pattern}`).digest("hex").slice(0, 16),
    })),
);
let known = { proved: [], undecided: {} };
try {
  if (!process.argv.includes("--all")) known = JSON.parse(readFileSync(file, "utf8"));
} catch (error) {
  if (error.code !== "ENOENT") throw error;
}
const proved = new Set(known.proved);
const undecided = new Map(Object.entries(known.undecided));
const isNew = ({ hash }) => !proved.has(hash) && !undecided.has(hash);
const old = patterns.filter(({ hash }) => proved.has(hash));
// Another sample each day, the same all day long.
const day = Math.floor(Date.now() / 86_400_000);
const sample =
  checking && old.length > 0
    ? Array.from({ length: SAMPLE }, (_, at) => old[(day * SAMPLE + at) % old.length])
    : [];

const vulnerable = [];
for (const each of [...patterns.filter(isNew), ...sample]) {
  const { status, complexity } = await check(each.pattern, each.flags, { timeout: TIMEOUT_MS });
  if (status === "vulnerable") vulnerable.push(`${each.id}: ${complexity?.summary}`);
  else if (status === "safe") proved.add(each.hash);
  else if (!proved.has(each.hash)) undecided.set(each.hash, each.id);
}
const here = new Set(patterns.map(({ hash }) => hash));
const [kept, open] = [
  [...proved].filter((hash) => here.has(hash)).toSorted((a, b) => (a < b ? -1 : 1)),
  [...undecided].filter(([hash]) => here.has(hash)),
];
process.stdout.write(
  `${patterns.length} patterns: ${kept.length} proved, ${open.length} not decided within ${TIMEOUT_MS} ms (held to the rules of src/detect/pattern.ts), ${vulnerable.length} vulnerable\n`,
);
for (const line of vulnerable) process.stdout.write(`  ${line}\n`);
if (!checking)
  writeFileSync(
    file,
    `${JSON.stringify({ proved: kept, undecided: Object.fromEntries(open.toSorted((a, b) => (a[1] < b[1] ? -1 : 1))) }, null, 1)}\n`,
  );
process.exit(vulnerable.length > 0 ? 1 : 0);
