// What is measured: for each way of connecting, the server itself, what others put in between, and Sallyport.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { install } from "../../test/conformance/install.mjs";
import { freePort, overHttp, overStdio } from "../clients.mjs";

const here = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const sallyport = here("../dist/cli/main.js");
const node = process.execPath;
const server = [node, here("server.mjs")];
const home = mkdtempSync(join(tmpdir(), "sallyport-bench-"));
process.once("exit", () => rmSync(home, { recursive: true, force: true }));

const headers = { authorization: "Bearer bench" };
const governed = (profile, more = {}) => ({
  SALLYPORT_HOME: mkdtempSync(join(home, "h-")),
  SALLYPORT_PROFILE: profile,
  SALLYPORT_LOG_LEVEL: "error",
  SALLYPORT_TOKEN: "bench",
  ...more,
});
/** The three ways in which Sallyport is measured, each with what starts it in such an environment. */
const governing = (start) => ({
  "Sallyport, dev": () => start(governed("dev")),
  "Sallyport, strict": () => start(governed("strict")),
  "Sallyport, strict, PII redacted": () => start(governed("strict", { PII_ACTION: "redact" })),
});

/** HTTP in front of a server on HTTP; `middle(port, target)` is the command in between. */
async function httpToHttp(middle, options) {
  const [back, front] = [await freePort(), await freePort()];
  const url = (port) => `http://127.0.0.1:${port}/mcp`;
  const down = [...server, "--http", String(back)];
  if (middle === undefined) return overHttp([down], url(back), options);
  return overHttp([down, middle(String(front), url(back))], url(front), options);
}
/** HTTP in front of a server on stdio; `middle(port)` is the command in between. */
async function httpToStdio(middle, options) {
  const front = await freePort();
  return overHttp([middle(String(front))], `http://127.0.0.1:${front}/mcp`, options);
}

const raw = [node, here("raw.mjs")];
const sdk = [node, "--no-warnings", here("sdk.mjs")];
const listen = (port) => ["--listen", `127.0.0.1:${port}`];
const serveUrl = (port, url) => {
  const file = join(home, `${port}.json`);
  writeFileSync(file, JSON.stringify({ mcpServers: { bench: { url } } }));
  return [node, sallyport, "serve", ...listen(port), "--config", file];
};
const serveCommand = (port) => [node, sallyport, "serve", ...listen(port), "--", ...server];

const MCP_PROXY = "mcp-proxy@6.7.19";
/** Its command; undefined, and said, where it cannot be installed. */
const mcpProxy = await install(MCP_PROXY.replace("@", "-"), [MCP_PROXY], {}, ["--ignore-scripts"]).then(
  (folder) => [node, join(folder, "node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs")],
  (error) => {
    console.error(`mcp-proxy is left out: ${error.message}`);
    return undefined;
  },
);
// Without its store of events, which would keep every answer in memory.
const streamOnly = ["--host", "127.0.0.1", "--server", "stream", "--no-eventStore"];

const http = (options) => ({
  direct: () => httpToHttp(undefined, options),
  "raw pipe": () => httpToHttp((port, target) => [...raw, "--http", port, target], options),
});

export const TARGETS = {
  stdio: {
    direct: () => overStdio(server),
    "raw pipe": () => overStdio([...raw, "--", ...server]),
    "SDK v1": () => overStdio([...sdk, "v1", "--", ...server]),
    "SDK v2": () => overStdio([...sdk, "v2", "--", ...server]),
    ...governing((env) => overStdio([node, sallyport, "run", "--", ...server], env)),
  },
  HTTP: {
    ...http({}),
    "SDK v1": () => httpToHttp((port, target) => [...sdk, "v1", "--http", port, target]),
    ...governing((env) => httpToHttp(serveUrl, { env, headers })),
  },
  "HTTP, 2026-07-28": {
    ...http({ stateless: true }),
    ...governing((env) => httpToHttp(serveUrl, { env, headers, stateless: true })),
  },
  "HTTP to stdio": {
    "raw pipe": () => httpToStdio((port) => [...raw, "--http", port, "--", ...server]),
    "SDK v1": () => httpToStdio((port) => [...sdk, "v1", "--http", port, "--", ...server]),
    ...(mcpProxy && {
      "mcp-proxy": () => httpToStdio((port) => [...mcpProxy, "--port", port, ...streamOnly, "--", ...server]),
    }),
    ...governing((env) => httpToStdio(serveCommand, { env, headers })),
  },
};
