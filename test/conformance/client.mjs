// The client that the suite starts for each scenario, with the address of its server as the last argument. By
// CONFORMANCE_WAY it goes there directly, or through a Sallyport of its own: over stdio or HTTP.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SALLYPORT, startSallyport } from "./ways.mjs";
import { directProvider, serverAuth } from "./client/oauth.mjs";
import { play } from "./client/play.mjs";

const url = process.argv.at(-1);
const scenario = process.env["MCP_CONFORMANCE_SCENARIO"];
const version = process.env["MCP_CONFORMANCE_PROTOCOL_VERSION"];
const context = JSON.parse(process.env["MCP_CONFORMANCE_CONTEXT"] ?? "{}");
const protectedServer = scenario.startsWith("auth/");
/** A person would give up by then. */
const MAX_LOGINS = 2;

/** The SDK asks for the era in a process of its own, except of a transport that is not quite its own. */
class OneProcess extends StdioClientTransport {}

const folder = mkdtempSync(join(tmpdir(), "sallyport-conformance-client-"));
try {
  await { direct, stdio, http }[process.env["CONFORMANCE_WAY"]]();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

function newClient() {
  const mode = version === "2026-07-28" ? { pin: version } : "legacy";
  const client = new Client(
    { name: "conformance-client", version: "1.0.0" },
    { capabilities: { elicitation: { form: { applyDefaults: true } } }, versionNegotiation: { mode } },
  );
  const content = scenario.startsWith("sep-2322") ? { confirmed: true } : {};
  client.setRequestHandler("elicitation/create", () => ({ action: "accept", content }));
  return client;
}

async function direct() {
  const auth = protectedServer ? directProvider(scenario, context) : undefined;
  const client = newClient();
  for (let login = 0; ; login++) {
    const transport = new StreamableHTTPClientTransport(
      new URL(url),
      auth && { authProvider: auth.provider },
    );
    try {
      await client.connect(transport);
      await play(client, scenario, context);
      return await client.close();
    } catch (error) {
      const came = auth?.came();
      if (came === undefined || login === MAX_LOGINS) throw error;
      await transport.finishAuth(came);
      await client.close();
    }
  }
}

async function stdio() {
  const server = { url, ...(protectedServer && { auth: await serverAuth(url, scenario, context) }) };
  const config = join(folder, "mcp.config.json");
  writeFileSync(config, JSON.stringify({ mcpServers: { conformance: server } }));
  const env = { ...process.env, SALLYPORT_HOME: folder, SALLYPORT_PROFILE: "dev" };
  const args = [SALLYPORT, "run", "--config", config];
  const logIn = () => loginInBrowser([SALLYPORT, "login", "conformance", "--config", config], env);
  let logins = server.auth?.type === "authorization_code" ? 1 : 0;
  if (logins === 1) await logIn();
  for (; ; logins++) {
    const client = newClient();
    const transport = new OneProcess({ command: process.execPath, args, env, stderr: "pipe" });
    let log = "";
    transport.stderr.on("data", (chunk) => (log += chunk));
    try {
      await client.connect(transport);
      await play(client, scenario, context);
      return await client.close();
    } catch (error) {
      await client.close();
      // What it says to a person, who then does it.
      process.stderr.write(log);
      if (!/sallyport login conformance/.test(error.message + log) || logins > MAX_LOGINS) throw error;
      await logIn();
    }
  }
}

/** `sallyport login`, and the browser that opens the address it shows. */
function loginInBrowser(args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
      const address = /^\s+(http\S+)\n/m.exec(output)?.[1];
      if (address === undefined) return;
      child.stdout.removeAllListeners("data").resume();
      fetch(address).then((response) => response.text(), reject);
    });
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`login ended with ${code}`))));
  });
}

async function http() {
  if (protectedServer) return;
  const sallyport = await startSallyport(folder, { url }, () => {});
  const client = newClient();
  const headers = { authorization: `Bearer ${sallyport.token}` };
  try {
    await client.connect(
      new StreamableHTTPClientTransport(new URL(sallyport.url), { requestInit: { headers } }),
    );
    await play(client, scenario, context);
    await client.close();
  } finally {
    await sallyport.stop();
  }
}
