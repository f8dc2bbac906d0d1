/** The page for people in a real browser: a real client's call waits, a person lets it run, and it runs. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SALLYPORT } from "../helpers/proxy.js";

const FILES = createRequire(import.meta.url).resolve("@modelcontextprotocol/server-filesystem/dist/index.js");
const TOKEN = "a-token-of-mayas-own";
/** Where Debian puts it; CHROMIUM names another. */
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

let dir: string;
let client: Client;
let browser: Browser;
let page: Page;
let url: string;
const asked: string[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-browser-"));
  mkdirSync(join(dir, "files"));
  writeFileSync(
    join(dir, "p.yaml"),
    `policy: p\nowner: o\nrules:\n  - { id: writes, match: { tool: write_file }, decision: require_approval,
      approval: { approvers: ["team:dba"], not_requester: true }, reason: Writes are reviewed }\n`,
  );
  const config = {
    policies: ["p.yaml"],
    audit: { path: "audit.db" },
    approvers: { "team:dba": ["maya"] },
    admin: { listen: "127.0.0.1:0", people: { maya: "${MAYA}" } },
    mcpServers: {
      files: { command: process.execPath, args: [FILES, join(dir, "files")], environment: "prod" },
    },
  };
  writeFileSync(join(dir, "mcp.config.json"), JSON.stringify(config));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [SALLYPORT, "run"],
    cwd: dir,
    env: { ...(process.env as Record<string, string>), MAYA: TOKEN },
    stderr: "pipe",
  });
  const listening = new Promise<string>((resolve) => {
    let said = "";
    transport.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const found = /"url":"(http:[^"]+)","msg":"held calls are answered here"/.exec(said);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
  });
  client = new Client({ name: "browser-test", version: "1" });
  await client.connect(transport);
  url = await listening;
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  page = await browser.newPage();
  page.on("request", (request) => asked.push(request.url()));
  // What the policy against scripts and strangers refuses is told here.
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("401"))
      asked.push(`console: ${message.text()}`);
  });
});
afterAll(async () => {
  await browser?.close();
  await client?.close();
  rmSync(dir, { recursive: true, force: true });
});

const write = (content: string) =>
  client.callTool({ name: "write_file", arguments: { path: join(dir, "files/note.txt"), content } });
const written = (): string | undefined => {
  const file = join(dir, "files/note.txt");
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
};

it("a person comes in, reads what would run, lets it run, and the retry runs", async () => {
  expect((await write("<b>now</b>")).isError).toBe(true);
  await page.goto(url);
  await page.getByLabel("Token").fill("not-mayas-token-at-all");
  await page.getByRole("button", { name: "Come in" }).click();
  expect(await page.locator(".no").textContent()).toBe("Nobody has this token.");
  await page.getByLabel("Token").fill(TOKEN);
  await page.getByRole("button", { name: "Come in" }).click();
  await page.getByRole("link", { name: "files/write_file" }).click();
  expect(await page.locator("pre").textContent()).toContain("<b>now</b>");
  expect(await page.locator("dl").textContent()).toContain("Writes are reviewed");
  await page.getByLabel("A word").fill("seen it");
  await page.getByRole("button", { name: "Let it run" }).click();
  await page.getByText("approved").waitFor();
  expect(written()).toBeUndefined();
  expect((await write("<b>now</b>")).isError ?? false).toBe(false);
  expect(written()).toBe("<b>now</b>");
});

it("a refusal reaches the client in the person's words", async () => {
  await write("later");
  await page.goto(url);
  await page.getByRole("link", { name: "files/write_file" }).click();
  await page.getByLabel("A word").fill("not on a Friday");
  await page.getByRole("button", { name: "Refuse" }).click();
  await page.getByText("denied").first().waitFor();
  const told = await write("later");
  expect(JSON.stringify(told)).toContain("local:maya said no: not on a Friday");
  expect(written()).toBe("<b>now</b>");
});

it("loads nothing from anywhere else, complains of nothing, and fits a telephone", async () => {
  await page.goto(`${url}/?all=true`);
  await page.setViewportSize({ width: 360, height: 640 });
  const [wide, room] = (await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")) as [
    number,
    number,
  ];
  expect(wide).toBeLessThanOrEqual(room);
  expect(asked.filter((each) => !each.startsWith(url))).toEqual([]);
});
