// A server of the 2026-07-28 era alone, on the official SDK: it asks its user by ending a call with `input_required`.
// Over stdio or, with --http, over HTTP at the address it prints.
import http from "node:http";
import { McpServer, acceptedContent, createMcpHandler, inputRequired } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

const form = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };

function makeServer() {
  const server = new McpServer({ name: "stateless", version: "1.0.0" }, { capabilities: { tools: {} } });
  server.registerTool("echo", { inputSchema: z.object({ message: z.string() }) }, async ({ message }) => ({
    content: [{ type: "text", text: message }],
  }));
  server.registerTool("greet", { inputSchema: z.object({}) }, async (_args, ctx) => {
    const answers = ctx.mcpReq.inputResponses;
    const who = answers && acceptedContent(answers, "who");
    if (!who) {
      const ask = inputRequired.elicit({ message: "Who are you?", requestedSchema: form });
      return inputRequired({ inputRequests: { who: ask } });
    }
    return { content: [{ type: "text", text: `Hello ${who.name}` }] };
  });
  return server;
}

async function overHttp(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { method, headers } = request;
  const body = method === "POST" ? { body: Buffer.concat(chunks) } : {};
  const answer = await handler.fetch(
    new Request(`http://${headers.host}${request.url}`, { method, headers, ...body }),
  );
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  for await (const chunk of answer.body ?? []) response.write(chunk);
  response.end();
}

const handler = createMcpHandler(makeServer, { legacy: "reject" });
if (process.argv.includes("--http")) {
  const server = http.createServer((request, response) => void overHttp(request, response));
  server.listen(0, "127.0.0.1", () =>
    process.stdout.write(`http://127.0.0.1:${server.address().port}/mcp\n`),
  );
} else serveStdio(makeServer, { legacy: "reject" });
