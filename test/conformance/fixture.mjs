// An MCP server with everything that the conformance suite asks of one, over HTTP or stdio:
//   node fixture.mjs --http PORT [--era legacy|stateless]      prints its URL; port 0 takes a free one
//   node fixture.mjs [--era legacy|stateless]
import { parseArgs } from "node:util";
import { serveHttp } from "./fixture/http.mjs";
import { createServer } from "./fixture/server.mjs";
import { serveStdio } from "./fixture/stdio.mjs";

const { http, era } = parseArgs({ options: { http: { type: "string" }, era: { type: "string" } } }).values;
if (http === undefined) serveStdio(createServer(), era);
else process.stdout.write(`http://127.0.0.1:${await serveHttp(createServer(), Number(http), era)}/mcp\n`);
