// The official conformance suite, pinned, in a cache folder outside the tree: it needs a newer Node than we do.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { execute, install } from "./install.mjs";

const SUITE = "0.2.0-alpha.12";
const NODE = "24.21.0";
export const REVISIONS = ["2025-11-25", "2026-07-28"];

/** Resolves to the folder of the installation, whose node_modules/.bin/node is the newer Node. */
export function installSuite() {
  const packages = [`@modelcontextprotocol/conformance@${SUITE}`, `node@${NODE}`];
  return install(`conformance-${SUITE}-node-${NODE}`, packages, { allowScripts: { node: true } });
}

/** Runs the server scenarios of one revision; resolves to scenario → its checks, in order: { key, status, why, seen }. */
export async function runSuite(folder, url, revision, results) {
  const script = join(folder, "node_modules/@modelcontextprotocol/conformance/dist/index.js");
  const args = [script, "server", "--url", url, "--requirements", revision, "--output-dir", results];
  const { output } = await execute(join(folder, "node_modules/.bin/node"), args);
  const scenarios = new Map();
  for (const name of existsSync(results) ? readdirSync(results).toSorted() : []) {
    const scenario = name.replace(/^server-/, "").replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, "");
    const checks = JSON.parse(readFileSync(join(results, name, "checks.json"), "utf8"));
    scenarios.set(
      scenario,
      checks.map(({ id, name: label, status, errorMessage = "", details }) => ({
        key: `${id} (${label})`,
        status,
        why: errorMessage,
        seen: settled(details),
      })),
    );
  }
  // A run that read nothing would be identical to any other that did.
  if (scenarios.size === 0) throw new Error(`the suite left no results:\n${output.slice(-4000)}`);
  return scenarios;
}

/** What differs between any two runs: names that were made up, times, addresses, signatures. */
const UNSETTLED = [
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g,
  /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g,
  /\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/g,
  /127\.0\.0\.1:\d+/g,
  /[\w-]{2,}\.[\w-]{43}(?![\w-])/g,
  /\b1\d{12}\b/g,
];

/** What a check says it saw, as text that is equal for two runs in which the same was seen. */
function settled(details = {}) {
  const text = JSON.stringify(details, (key, value) => {
    // The suite polls, so how many messages it saw is a matter of time.
    if (key === "messagesValidated") return undefined;
    if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
    // What is malformed is refused by whoever reads it first, in words of its own: the code is what counts.
    if (key === "error" && value.code !== undefined) return value.code;
    // Other headers are each hop's own.
    if (key === "headers") return { "content-type": value["content-type"] };
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
  return UNSETTLED.reduce((rest, pattern) => rest.replaceAll(pattern, "…"), text);
}
