// A server of the 2026-07-28 era alone, on the official SDK: it asks its user by ending a call with `input_required`.
import { McpServer, acceptedContent, inputRequired } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

const form = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };

serveStdio(
  () => {
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
  },
  { legacy: "reject" },
);
