/** Held calls and real clients: one that can ask its user in either era, one that cannot, and the command line. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const SALLYPORT = join(root, "dist/cli/main.js");
const EVERYTHING = join(root, "node_modules/@modelcontextprotocol/server-everything/dist/index.js");

const POLICY = `
policy: careful
owner: o
rules:
  - { id: echo-is-reviewed, match: { tool: echo }, decision: require_approval, reason: Every echo is reviewed }
`;

let home: string;
let close: () => Promise<void>;
const asked: string[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sallyport-held-"));
  asked.length = 0;
  writeFileSync(join(home, "p.yaml"), POLICY);
  writeFileSync(
    join(home, "mcp.config.json"),
    JSON.stringify({
      mcpServers: { all: { command: process.execPath, args: [EVERYTHING] } },
      audit: { path: "./audit.db" },
      policies: ["p.yaml"],
    }),
  );
});
afterEach(async () => {
  await close();
  rmSync(home, { recursive: true, force: true });
});

const launch = () => ({
  command: process.execPath,
  args: [SALLYPORT, "run", "--config", join(home, "mcp.config.json")],
  env: { PATH: process.env["PATH"] ?? "", SALLYPORT_LOG_LEVEL: "warn" },
  stderr: "ignore" as const,
});

type Result = { isError?: boolean; content: { type: string; text?: string }[] };
type Echo = (message: string) => Promise<Result>;
const textOf = ({ content }: Result): string => content[0]?.text ?? "";

async function v2(era: "legacy" | "stateless", answer: object | undefined): Promise<Echo> {
  const client = new Client(
    { name: "v2", version: "1" },
    {
      capabilities: answer === undefined ? {} : { elicitation: { form: {} } },
      ...(era === "stateless" && { versionNegotiation: { mode: { pin: "2026-07-28" } } }),
    },
  );
  close = () => client.close();
  if (answer !== undefined)
    client.setRequestHandler("elicitation/create", (request) => {
      asked.push((request as { params: { message: string } }).params.message);
      return answer as never;
    });
  await client.connect(new StdioClientTransport(launch()));
  return async (message) => (await client.callTool({ name: "echo", arguments: { message } })) as Result;
}

async function v1(answer: object): Promise<Echo> {
  const client = new ClientV1({ name: "v1", version: "1" }, { capabilities: { elicitation: {} } });
  close = () => client.close();
  client.setRequestHandler(ElicitRequestSchema, (request) => {
    asked.push(request.params.message);
    return answer as never;
  });
  await client.connect(new StdioV1(launch()));
  return async (message) => (await client.callTool({ name: "echo", arguments: { message } })) as Result;
}

const YES = { action: "accept", content: { approve: true } };
const CLIENTS: [string, (answer: object) => Promise<Echo>][] = [
  ["SDK v1", v1],
  ["SDK v2, legacy", (answer) => v2("legacy", answer)],
  ["SDK v2, stateless", (answer) => v2("stateless", answer)],
];

describe.each(CLIENTS)("the user of %s", (_name, connect) => {
  it("is shown the call and why it is held, and a yes lets it run, once", async () => {
    const echo = await connect(YES);
    const result = await echo("hello");
    expect(result.isError).not.toBe(true);
    expect(textOf(result)).toContain("hello");
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain("all/echo is held: Every echo is reviewed.");
    expect(asked[0]).toContain('"message":"hello"');
    await echo("hello");
    expect(asked).toHaveLength(2);
  });

  it.each([
    ["a no", { action: "decline" }],
    ["a form left as it is", { action: "accept", content: { approve: false } }],
  ])("%s refuses it for good", async (_what, answer) => {
    const echo = await connect(answer);
    const result = await echo("hello");
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain("said no");
  });

  it("who closes the dialog leaves it waiting", async () => {
    const echo = await connect({ action: "cancel" });
    expect(textOf(await echo("hello"))).toContain("waits for approval and did not run");
  });
});

describe("a client whose user cannot be asked", () => {
  it.each(["legacy", "stateless"] as const)(
    "%s: is told at once, and its retry runs after the command line's yes",
    async (era) => {
      const echo = await v2(era, undefined);
      const held = textOf(await echo("hello"));
      expect(held).toContain("waits for approval and did not run");
      const id = /a_[0-9a-z]{26}/.exec(held)![0];
      const sallyport = (...args: string[]): string =>
        execFileSync(process.execPath, [SALLYPORT, ...args, "--config", join(home, "mcp.config.json")], {
          encoding: "utf8",
        });
      expect(sallyport("approvals", "ls")).toContain(id);
      expect(sallyport("approvals", "approve", id)).toBe(`approved ${id}\n`);
      expect(textOf(await echo("other"))).toContain("waits for approval");
      expect(textOf(await echo("hello"))).toContain("hello");
      expect(textOf(await echo("hello"))).toContain("waits for approval");
    },
  );
});
