// Runs the official server suite against the fixture, directly and through Sallyport, and compares every check.
// Exit codes: 0 identical and all passing, 1 not.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { count, differences } from "./compare.mjs";
import { REVISIONS, installSuite, runSuite } from "./suite.mjs";
import { WAYS, open } from "./ways.mjs";

/** Scenarios of what only HTTP has: a server over stdio has no stream that it could close in the middle of a call. */
const HTTP_ONLY = new Set(["server-sse-polling"]);

const say = (line) => process.stdout.write(`${line}\n`);
const suite = await installSuite();
const work = mkdtempSync(join(tmpdir(), "sallyport-conformance-"));
const direct = new Map();
let wrong = 0;

for (const way of Object.keys(WAYS)) {
  const folder = join(work, way.replaceAll(" ", "-"));
  mkdirSync(folder);
  const { url, stop } = await open(way, folder);
  try {
    for (const revision of REVISIONS)
      report(way, revision, await runSuite(suite, url, revision, join(folder, revision)));
  } finally {
    await stop();
  }
}
say(`Not compared over stdio: ${[...HTTP_ONLY].join(", ")}`);

if (wrong === 0) rmSync(work, { recursive: true });
else say(`\n${wrong} to look into; results and logs are in ${work}`);
process.exitCode = wrong === 0 ? 0 : 1;

function report(way, revision, scenarios) {
  if (way === "direct") direct.set(revision, scenarios);
  const rows = way === "direct" ? failures(scenarios) : differences(direct.get(revision), scenarios);
  const counted = rows.filter(([scenario]) => way !== "HTTP to stdio" || !HTTP_ONLY.has(scenario));
  const verdict = `${counted.length} ${way === "direct" ? "failing" : "different from direct"}`;
  say(`${revision}  ${way.padEnd(13)}  ${scenarios.size} scenarios, ${count(scenarios)}: ${verdict}`);
  for (const [scenario, check, ...rest] of counted)
    say(`    ${scenario} · ${check}: ${rest.join(" → ").slice(0, 300)}`);
  wrong += counted.length;
}

/** What the fixture itself does not pass cannot show whether the proxy would. */
function failures(scenarios) {
  return [...scenarios].flatMap(([scenario, checks]) =>
    checks
      .filter(({ status }) => status === "FAILURE" || status === "WARNING")
      .map((c) => [scenario, c.key, c.status, c.why]),
  );
}
