// Runs the official suites directly and through Sallyport, and compares every check: the server suite against the fixture,
// the client suite with our client, whose logins are Sallyport's own.
// Exit codes: 0 identical and all passing, 1 not.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLIENT_WAYS, NO_SUCH_GRANT, applies, runClientSuite } from "./client-suite.mjs";
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
say(`Not compared over stdio, which has no streams to close: ${[...HTTP_ONLY].join(", ")}`);

say("\nThe client suite: the same client, directly and through Sallyport");
direct.clear();
for (const way of Object.keys(CLIENT_WAYS))
  for (const revision of REVISIONS) {
    const results = join(work, `client-${CLIENT_WAYS[way]}-${revision}`);
    const scenarios = await runClientSuite(suite, way, revision, results);
    // A scenario that left no result through us is one that differs, so only what cannot apply is taken away.
    const known = new Map([...(direct.get(revision) ?? [])].filter(([name]) => applies(name, way)));
    reportClient(way, revision, known, scenarios);
    if (way === "direct") direct.set(revision, scenarios);
  }
for (const [scenario, what] of Object.entries(NO_SUCH_GRANT))
  say(`Not run: ${scenario}, an optional extension (${what})`);
say("Not run over HTTP: auth/*, which is between Sallyport and the server");

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

function reportClient(way, revision, known, scenarios) {
  const rows = way === "direct" ? failures(scenarios) : differences(known, scenarios);
  const verdict = `${rows.length} ${way === "direct" ? "failing" : "different from direct"}`;
  say(`${revision}  ${way.padEnd(19)}  ${scenarios.size} scenarios, ${count(scenarios)}: ${verdict}`);
  for (const [scenario, check, ...rest] of rows)
    say(`    ${scenario} · ${check}: ${rest.join(" → ").slice(0, 300)}`);
  wrong += rows.length;
}

/** What the fixture itself does not pass cannot show whether the proxy would. */
function failures(scenarios) {
  return [...scenarios].flatMap(([scenario, checks]) =>
    checks
      .filter(({ status }) => status === "FAILURE" || status === "WARNING")
      .map((c) => [scenario, c.key, c.status, c.why]),
  );
}
