// What a proxy costs that is made of the official SDK's own server and client, and looks at nothing.
//   node sdk.mjs v1|v2 -- COMMAND…                        stdio to stdio
//   node sdk.mjs v1 --http PORT (TARGET | -- COMMAND…)    HTTP in front
import { randomUUID } from "node:crypto";
import http from "node:http";

const [version, ...rest] = process.argv.slice(2);
const port = rest[0] === "--http" ? Number(rest.splice(0, 2)[1]) : undefined;
const target = rest[0] === "--" ? undefined : rest[0];
const [command, ...args] = rest.slice(1);
const v1 = version === "v1";
const base = v1 ? "@modelcontextprotocol/sdk/" : "@modelcontextprotocol/";
const load = (name) => import(`${base}${name}`);
const [{ Client }, { Server }, down, up] = await Promise.all(
  (v1
    ? ["client/index.js", "server/index.js", "client/stdio.js", "server/stdio.js"]
    : ["client", "server", "client/stdio", "server/stdio"]
  ).map(load),
);
const schema = v1 ? (await load("types.js")).ResultSchema : undefined;

async function server() {
  const client = new Client({ name: "sdk", version: "1" }, { capabilities: {} });
  if (target === undefined)
    await client.connect(new down.StdioClientTransport({ command, args, stderr: "ignore" }));
  else {
    const { StreamableHTTPClientTransport } = await load("client/streamableHttp.js");
    await client.connect(new StreamableHTTPClientTransport(new URL(target)));
  }
  const made = new Server(client.getServerVersion(), { capabilities: client.getServerCapabilities() });
  made.fallbackRequestHandler = ({ method, params }) => client.request({ method, params }, schema);
  return { made, close: () => made.close().then(() => client.close()) };
}

if (port === undefined) {
  const { made, close } = await server();
  await made.connect(new up.StdioServerTransport());
  // The transports do not notice that the client has gone.
  process.stdin.once("end", () => void close());
} else {
  const { StreamableHTTPServerTransport } = await load("server/streamableHttp.js");
  const { made, close } = await server();
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: true,
  });
  await made.connect(transport);
  http
    .createServer((request, response) => void transport.handleRequest(request, response))
    .listen(port, "127.0.0.1");
  process.once("SIGTERM", () => void close().then(() => process.exit()));
}
