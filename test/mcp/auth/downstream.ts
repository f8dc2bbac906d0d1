/** An MCP server over HTTP that takes a set of tokens, and remembers the headers of every request. */
import http, { type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface Downstream {
  readonly url: string;
  readonly seen: { readonly method: string; readonly headers: IncomingHttpHeaders }[];
  /** Tokens it takes; undefined: anybody may call. */
  tokens: ReadonlySet<string> | undefined;
  /** The scope that a call wants, beyond the token; every token is said to lack it. */
  wants: string | undefined;
  /** What a call of `big` answers. */
  text: string;
  close(): void;
}

export async function startDownstream(): Promise<Downstream> {
  const seen: Downstream["seen"] = [];
  const server = http.createServer((request, response) => {
    if (request.url !== "/mcp") return response.writeHead(404).end();
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.method !== "POST") return response.writeHead(405).end();
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as {
        id?: number;
        method: string;
        params: { protocolVersion?: string };
      };
      seen.push({ method, headers: request.headers });
      const token = request.headers.authorization?.replace(/^Bearer /, "") ?? "";
      if (down.tokens?.has(token) === false)
        return response
          .writeHead(401, { "www-authenticate": 'Bearer scope="first"', "content-type": "application/json" })
          .end("{}");
      if (method === "tools/call" && down.wants !== undefined)
        return response
          .writeHead(403, {
            "www-authenticate": `Bearer error="insufficient_scope", scope="${down.wants}"`,
            "content-type": "application/json",
          })
          .end("{}");
      if (id === undefined) return response.writeHead(202).end();
      const results: Record<string, object> = {
        initialize: {
          protocolVersion: params.protocolVersion ?? "2025-11-25",
          capabilities: { tools: {} },
          serverInfo: { name: "down", version: "1" },
        },
        "tools/list": { tools: [{ name: "echo", inputSchema: { type: "object" } }] },
        "tools/call": { content: [{ type: "text", text: down.text }] },
      };
      const result = results[method];
      const body =
        result === undefined ? { error: { code: -32601, message: "Method not found" } } : { result };
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ jsonrpc: "2.0", id, ...body }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const down: Downstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    seen,
    tokens: undefined,
    wants: undefined,
    text: "done",
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return down;
}
