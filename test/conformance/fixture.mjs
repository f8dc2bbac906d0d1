// An MCP server with everything that the conformance suite asks of one, over HTTP or stdio:
//   node fixture.mjs --http PORT      prints its URL; port 0 takes a free one
//   node fixture.mjs
import { serveHttp } from "./fixture/http.mjs";
import { createServer } from "./fixture/server.mjs";
import { serveStdio } from "./fixture/stdio.mjs";

const [transport, port] = process.argv.slice(2);
if (transport === "--http") {
  const bound = await serveHttp(createServer(), Number(port));
  process.stdout.write(`http://127.0.0.1:${bound}/mcp\n`);
} else serveStdio(createServer());
