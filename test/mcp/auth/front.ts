/** The listener as `sallyport serve` starts it, in this process, with limits of the test's own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "../../../src/cli/start.js";
import { oauthAccess, tokenAccess } from "../../../src/mcp/auth/access.js";
import { serveHttp } from "../../../src/mcp/front-http.js";
import { HTTP_LIMITS, type HttpLimits } from "../../../src/mcp/listener.js";
import { openStore } from "../../../src/store/sqlite.js";

export const TOKEN = "a-token-for-tests";

export interface Front {
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  /** On whose behalf calls were decided, newest first, as recorded. */
  principals(): object[];
  /** Posts one message; answers with status, headers and the parsed body. */
  post(message: object, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

const LOCAL = { id: "token:local", how: "api_key" } as const;

/** `settings`: the file, but for `audit`. With `auth` in it, the listener takes tokens of that issuer only. */
export async function startFront(
  settings: object,
  limits: Partial<HttpLimits> = {},
  more: {
    readonly askUserMs?: number;
    readonly parkedMs?: number;
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): Promise<Front> {
  const dir = mkdtempSync(join(tmpdir(), "sallyport-front-"));
  const path = join(dir, "audit.db");
  const file = join(dir, "config.json");
  for (const [name, text] of Object.entries(more.files ?? {})) writeFileSync(join(dir, name), text);
  writeFileSync(file, JSON.stringify({ profile: "dev", audit: { path }, ...settings }));
  const { config, parts, audit } = await start(
    { file, cwd: dir, env: { SALLYPORT_LOG_LEVEL: "silent", APP_SECRET: "s3cret" } },
    LOCAL,
  );
  const access = config.auth === undefined ? tokenAccess(TOKEN, LOCAL) : await oauthAccess(config.auth);
  const { files: _, ...times } = more;
  const own = { ...parts, ...times };
  const front = await serveHttp(own, { host: "127.0.0.1", port: 0 }, access, { ...HTTP_LIMITS, ...limits });
  return {
    url: front.url,
    port: Number(new URL(front.url).port),
    dir,
    principals: () => {
      const store = openStore(path, { readonly: true });
      try {
        const bodies = "SELECT body FROM records WHERE kind = 'decision' ORDER BY seq DESC";
        return store
          .read((tx) => tx.all<{ body: string }>(bodies))
          .map(({ body }) => (JSON.parse(body) as { principal: object }).principal);
      } finally {
        void store.close();
      }
    },
    post: async (message, headers = {}) => {
      const response = await fetch(front.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          authorization: `Bearer ${TOKEN}`,
          ...headers,
        },
        body: JSON.stringify({ jsonrpc: "2.0", ...message }),
      });
      const text = await response.text();
      const json = (response.headers.get("content-type") ?? "").startsWith("application/json");
      return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
    },
    close: async () => {
      await front.stop();
      await audit.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export const INITIALIZE = {
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
};
export const CALL = { id: 2, method: "tools/call", params: { name: "echo", arguments: { text: "hello" } } };

/** The same call in the stateless era, with the headers it needs. */
export function statelessCall(id: number): { message: object; headers: Record<string, string> } {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return {
    message: { ...CALL, id, params: { ...CALL.params, _meta } },
    headers: {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "echo",
    },
  };
}
