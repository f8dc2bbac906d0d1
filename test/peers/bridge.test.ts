/** Asking the user in the middle of a call, in all four pairings of eras, with the official SDK on both sides. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const SALLYPORT = join(root, "dist/cli/main.js");
const EVERYTHING = join(root, "node_modules/@modelcontextprotocol/server-everything/dist/index.js");
const STATELESS = join(root, "test/peers/servers/stateless.mjs");

const ERAS = { legacy: undefined, stateless: { mode: { pin: "2026-07-28" } } } as const;

describe("a server that asks its user in the middle of a call", () => {
  let home: string;
  let client: Client;
  const asked: string[] = [];

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "sallyport-bridge-"));
    asked.length = 0;
  });
  afterEach(async () => {
    await client.close();
    rmSync(home, { recursive: true, force: true });
  });

  async function connect(era: keyof typeof ERAS, server: string, capabilities: object): Promise<void> {
    const negotiation = ERAS[era];
    client = new Client(
      { name: "bridge-test", version: "1" },
      { capabilities, ...(negotiation !== undefined && { versionNegotiation: negotiation }) },
    );
    if ("elicitation" in capabilities)
      client.setRequestHandler("elicitation/create", (request) => {
        asked.push((request as { params: { message: string } }).params.message);
        return { action: "accept", content: { name: "Ada" } };
      });
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [SALLYPORT, "run", "--", process.execPath, server],
      env: { PATH: process.env["PATH"] ?? "", SALLYPORT_HOME: home, SALLYPORT_LOG_LEVEL: "warn" },
      stderr: "ignore",
    });
    await client.connect(transport);
  }

  const call = async (name: string): Promise<string> => {
    const { content } = await client.callTool({ name, arguments: {} });
    return content.map((block) => (block.type === "text" ? block.text : "")).join("\n");
  };

  for (const era of ["legacy", "stateless"] as const) {
    it(`a ${era} client answers a legacy server`, async () => {
      await connect(era, EVERYTHING, { elicitation: { form: {} } });
      const text = await call("trigger-elicitation-request");
      expect(asked).toHaveLength(1);
      expect(text).toContain("Ada");
    });

    it(`a ${era} client answers a stateless server`, async () => {
      await connect(era, STATELESS, { elicitation: { form: {} } });
      const text = await call("greet");
      expect(asked).toEqual(["Who are you?"]);
      expect(text).toBe("Hello Ada");
    });
  }

  it("a legacy client that cannot be asked is told so, and does not hang", async () => {
    await connect("legacy", STATELESS, {});
    await expect(call("greet")).rejects.toThrow(/elicitation\/create/);
  });
});
