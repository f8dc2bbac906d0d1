/** The official SDK's clients, both versions and both eras, before a server or before Sallyport; and all they see of it. */
import { spawn, type ChildProcess } from "node:child_process";
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { SALLYPORT } from "./proxy.js";

const TOKEN = "token-of-the-test";
const info = { name: "identity-test", version: "1.0.0" };
const STATELESS = { versionNegotiation: { mode: { pin: "2026-07-28" } } } as const;

/** What both versions of the SDK's client can do. */
export interface Driver {
  listTools(): Promise<unknown>;
  callTool(call: { name: string; arguments: object }): Promise<unknown>;
  listResources(): Promise<unknown>;
  listResourceTemplates(): Promise<unknown>;
  readResource(request: { uri: string }): Promise<unknown>;
  listPrompts(): Promise<unknown>;
  getPrompt(request: { name: string; arguments?: object }): Promise<unknown>;
  complete(request: object): Promise<unknown>;
  getServerCapabilities(): unknown;
  getServerVersion(): unknown;
  getInstructions(): unknown;
  close(): Promise<void>;
}

export type Command = readonly [command: string, ...args: string[]];
export type Env = Readonly<Record<string, string>>;

const v1 = (client: ClientV1): Driver => client as unknown as Driver;
const v2 = (client: ClientV2): Driver => client as unknown as Driver;

/** Over stdio: the server itself, or Sallyport in front of it. */
export const CLIENTS = {
  "SDK v1": async ([command, ...args]: Command, env: Env) => {
    const client = new ClientV1(info);
    await client.connect(new StdioV1({ command, args, env, stderr: "ignore" }));
    return v1(client);
  },
  "SDK v2": async ([command, ...args]: Command, env: Env) => {
    const client = new ClientV2(info);
    await client.connect(new StdioV2({ command, args, env, stderr: "ignore" }));
    return v2(client);
  },
  "SDK v2 in the stateless era": async ([command, ...args]: Command, env: Env) => {
    const client = new ClientV2(info, STATELESS);
    await client.connect(new StdioV2({ command, args, env, stderr: "ignore" }));
    return v2(client);
  },
};

const requestInit = { headers: { authorization: `Bearer ${TOKEN}` } };

export const HTTP_CLIENTS = {
  "SDK v1": async (url: string) => {
    const client = new ClientV1(info);
    await client.connect(new HttpV1(new URL(url), { requestInit }) as never);
    return v1(client);
  },
  "SDK v2": async (url: string) => {
    const client = new ClientV2(info);
    await client.connect(new HttpV2(new URL(url), { requestInit }));
    return v2(client);
  },
  "SDK v2 in the stateless era": async (url: string) => {
    const client = new ClientV2(info, STATELESS);
    await client.connect(new HttpV2(new URL(url), { requestInit }));
    return v2(client);
  },
};

export const wrapped = (command: Command): Command => [process.execPath, SALLYPORT, "run", "--", ...command];

/** A `sallyport serve` in front of one server. */
export interface Served {
  readonly url: string;
  readonly token: string;
  readonly child: ChildProcess;
}

/** Starts one and resolves when it listens; the caller ends the child. */
export async function serve(command: Command, env: Env): Promise<Served> {
  const args = [SALLYPORT, "serve", "--listen", "127.0.0.1:0", "--", ...command];
  const child = spawn(process.execPath, args, {
    env: { ...env, SALLYPORT_TOKEN: TOKEN },
    stdio: ["ignore", "pipe", "ignore"],
  });
  return new Promise((resolve, reject) => {
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
      const url = /http:\/\/\S+\/mcp/.exec(said)?.[0];
      if (url !== undefined) resolve({ url, token: TOKEN, child });
    });
    child.once("exit", (code) => reject(new Error(`serve ended with ${code}: ${said}`)));
  });
}

/** A refused request as a part of the story. */
export async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: Error & { code?: unknown }) => ({ failed: error.message, code: error.code }));
}

/** Everything a client can see of a server. Closes the client. */
export async function story(driver: Driver, drive: (driver: Driver) => Promise<unknown>): Promise<unknown> {
  try {
    const face = [driver.getServerVersion(), driver.getServerCapabilities(), driver.getInstructions()];
    return JSON.parse(JSON.stringify([face, await driver.listTools(), await drive(driver)])) as unknown;
  } finally {
    await driver.close();
  }
}

/** Of a legacy server's story, what the stateless era adds to every result; nothing else may differ. */
export function withoutEra(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEra);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).flatMap(([key, each]): [string, unknown][] => {
    if (key === "ttlMs" || key === "cacheScope" || key === "io.modelcontextprotocol/serverInfo") return [];
    if (key === "execution" || key === "tasks") return []; // the SDK drops both in the stateless era
    const inner = withoutEra(each);
    return key === "_meta" && Object.keys(inner as object).length === 0 ? [] : [[key, inner]];
  });
  return Object.fromEntries(kept);
}
