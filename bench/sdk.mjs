// What a proxy costs that is made of the official SDK's own server and client, and looks at nothing.
//   node sdk.mjs v1|v2 -- COMMAND…      stdio to stdio
const [version, , command, ...args] = process.argv.slice(2);
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

const client = new Client({ name: "sdk", version: "1" }, { capabilities: {} });
await client.connect(new down.StdioClientTransport({ command, args, stderr: "ignore" }));
const server = new Server(client.getServerVersion(), { capabilities: client.getServerCapabilities() });
server.fallbackRequestHandler = ({ method, params }) => client.request({ method, params }, schema);
await server.connect(new up.StdioServerTransport());
// The transports do not notice that the client has gone.
process.stdin.once("end", () => void server.close().then(() => client.close()));
