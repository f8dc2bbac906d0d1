// The client suite: each scenario is a server of the suite's, and our client talks to it directly and through Sallyport.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execute } from "./install.mjs";

const CLIENT = fileURLToPath(new URL("client.mjs", import.meta.url));

/** The client's way to the suite's server. */
export const CLIENT_WAYS = { direct: "direct", "through, over stdio": "stdio", "through, over HTTP": "http" };

/** Optional ways to get a token that Sallyport does not have, nor the client it is compared with. */
export const NO_SUCH_GRANT = {
  "auth/client-credentials-jwt": "a client that signs its token requests",
  "auth/enterprise-managed-authorization": "identity assertion grants",
  "auth/dpop": "tokens bound to a key",
  "auth/dpop-nonce": "tokens bound to a key",
  "auth/wif-jwt-bearer": "workload identity assertions",
};

/** Whether a scenario can be run this way: logins are Sallyport's own, whichever transport its client uses. */
export function applies(scenario, way) {
  return (
    NO_SUCH_GRANT[scenario] === undefined && !(CLIENT_WAYS[way] === "http" && scenario.startsWith("auth/"))
  );
}

/** Runs the client scenarios of one revision; resolves to scenario → its checks, each once: { key, status, why }. */
export async function runClientSuite(folder, way, revision, results) {
  const script = join(folder, "node_modules/@modelcontextprotocol/conformance/dist/index.js");
  const command = `"${process.execPath}" "${CLIENT}"`;
  const args = [script, "client", "--command", command, "--requirements", revision, "--output-dir", results];
  const { output } = await execute(join(folder, "node_modules/.bin/node"), [...args, "--timeout", "60000"], {
    env: { ...process.env, CONFORMANCE_WAY: CLIENT_WAYS[way] },
  });
  const scenarios = new Map();
  const files = existsSync(results) ? readdirSync(results, { recursive: true }) : [];
  for (const file of files.filter((name) => name.endsWith("checks.json"))) {
    const scenario = file.replace(/-\d{4}-\d\d-\d\dT[\d-]+Z.checks\.json$/, "").replaceAll("\\", "/");
    if (applies(scenario, way))
      scenarios.set(scenario, worst(JSON.parse(readFileSync(join(results, file), "utf8"))));
  }
  if (scenarios.size === 0) throw new Error(`the suite left no results:\n${output.slice(-4000)}`);
  return scenarios;
}

const ORDER = ["FAILURE", "WARNING", "SKIPPED", "SUCCESS"];

/** How often a client asks for metadata, or shows its token, is its own affair: each check counts once, at its worst. */
function worst(checks) {
  const found = new Map();
  for (const { id, name, status, errorMessage = "" } of checks) {
    if (status === "INFO") continue;
    const key = `${id} (${name})`;
    const before = found.get(key);
    if (before === undefined || ORDER.indexOf(status) < ORDER.indexOf(before.status))
      found.set(key, { key, status, why: errorMessage });
  }
  return [...found.values()];
}
