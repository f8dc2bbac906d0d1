/** What goes both ways in the middle of things: progress, sampling, elicitation, roots, logging, subscriptions. The same as direct. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SALLYPORT } from "../helpers/proxy.js";

const EVERYTHING = fileURLToPath(
  new URL("../../node_modules/@modelcontextprotocol/server-everything/dist/index.js", import.meta.url),
);
const TOKEN = "token-of-the-test";

let dir: string;
let serve: ChildProcess | undefined;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-talk-"));
});
afterAll(() => {
  serve?.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

const env = (): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  SALLYPORT_HOME: dir,
  SALLYPORT_LOG_LEVEL: "error",
});

/** A client that can be asked anything and writes down all it hears. */
function talker(): { client: Client; heard: unknown[] } {
  const heard: unknown[] = [];
  const client = new Client(
    { name: "talk-test", version: "1" },
    { capabilities: { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } } },
  );
  client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
    const { _meta: _, ...asked } = params;
    heard.push({ sampling: asked });
    return { model: "test", role: "assistant", content: { type: "text", text: "four" } };
  });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    const { _meta: _, ...asked } = params;
    heard.push({ elicitation: asked });
    return { action: "accept", content: { name: "Ada" } };
  });
  client.setRequestHandler(ListRootsRequestSchema, () => ({
    roots: [{ uri: "file:///srv/work", name: "work" }],
  }));
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
    heard.push({ log: params });
  });
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    heard.push({ updated: params });
  });
  return { client, heard };
}

async function talk({ client, heard }: ReturnType<typeof talker>): Promise<unknown[]> {
  const uri = "demo://resource/dynamic/text/1";
  const call = (name: string, args: object = {}) =>
    client.callTool({ name, arguments: args as Record<string, unknown> });
  try {
    heard.push(await client.ping());
    heard.push(await client.setLoggingLevel("debug"));
    // The SDK loses the last one where the answer comes in the same chunk, which is up to the transport.
    const onprogress = (progress: { progress: number; total?: number | undefined }): void => {
      if (progress.progress !== progress.total) heard.push({ progress });
    };
    heard.push(
      await client.callTool(
        { name: "trigger-long-running-operation", arguments: { duration: 0.3, steps: 3 } },
        undefined,
        { onprogress },
      ),
    );
    heard.push(await call("trigger-sampling-request", { prompt: "two and two", maxTokens: 10 }));
    heard.push(await call("trigger-elicitation-request"));
    heard.push(await call("get-roots-list"));
    heard.push(await client.subscribeResource({ uri }), await client.unsubscribeResource({ uri }));
    heard.push(
      await call("no-such-tool").catch((error: Error & { code?: number }) => [error.code, error.message]),
    );
    heard.push(
      await client
        .request({ method: "x/unknown" } as never, LoggingMessageNotificationSchema as never)
        .catch((error: Error & { code?: number }) => [error.code, error.message]),
    );
    // What is left out comes when it comes, on a timer of the server's.
    return JSON.parse(
      JSON.stringify(heard.filter((each) => !Object.hasOwn(each as object, "log"))),
    ) as unknown[];
  } finally {
    await client.close();
  }
}

async function overStdio(command: string, ...args: string[]): Promise<unknown[]> {
  const talking = talker();
  await talking.client.connect(new StdioClientTransport({ command, args, env: env(), stderr: "ignore" }));
  return talk(talking);
}

describe("server everything, spoken to by SDK v1", () => {
  it("says and asks the same through us over stdio", async () => {
    const direct = await overStdio(process.execPath, EVERYTHING, "stdio");
    expect(JSON.stringify(direct)).toMatch(/"sampling".*"elicitation"/);
    const through = await overStdio(
      process.execPath,
      SALLYPORT,
      "run",
      "--",
      process.execPath,
      EVERYTHING,
      "stdio",
    );
    expect(through).toEqual(direct);
  });

  it("says and asks the same through us over HTTP", async () => {
    const direct = await overStdio(process.execPath, EVERYTHING, "stdio");
    const args = [SALLYPORT, "serve", "--listen", "127.0.0.1:0", "--", process.execPath, EVERYTHING, "stdio"];
    serve = spawn(process.execPath, args, {
      env: { ...env(), SALLYPORT_TOKEN: TOKEN },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const url = await new Promise<string>((resolve) =>
      serve!.stdout!.setEncoding("utf8").once("data", (said: string) => resolve(/http:\S+/.exec(said)![0])),
    );
    const talking = talker();
    const requestInit = { headers: { authorization: `Bearer ${TOKEN}` } };
    await talking.client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }) as never);
    expect(await talk(talking)).toEqual(direct);
  });
});
