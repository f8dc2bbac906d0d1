// The demo: a real MCP client talks through Sallyport to two real servers, a SQL server over a copy of demo/data/shop.db
// and a file server over a copy of demo/files. Each call is shown before and after; each expectation is checked.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const sallyport = join(root, "dist/cli/main.js");
const color = process.stdout.isTTY && process.env.NO_COLOR === undefined;
const paint = (code) => (text) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
const [bold, dim, red, green, yellow] = ["1", "2", "31", "32", "33"].map(paint);

// A file with a secret in it, made now, so that nothing secret-shaped is ever committed.
const files = realpathSync(mkdtempSync(join(tmpdir(), "sallyport-demo-")));
cpSync(join(root, "demo/files"), files, { recursive: true });
const key = ["AKIA", "Q3EGRU5LWD7ZPXNB"].join("");
writeFileSync(join(files, "deploy.env"), `REGION=eu-west-1\nAWS_ACCESS_KEY_ID=${key}\n`);

// A copy of the shop too: two of the calls destroy, and under a laxer posture they would run. For the same reason the
// posture is the file's, whatever profile or action the caller's shell has set.
const data = mkdtempSync(join(tmpdir(), "sallyport-demo-"));
const shop = join(data, "shop.db");
cpSync(join(root, "demo/data/shop.db"), shop);
const outer = Object.entries(process.env).filter(([name]) => !/^(?:SALLYPORT|AXONFLOW)_|_ACTION$/.test(name));
const env = {
  ...Object.fromEntries(outer),
  DEMO_FILES: files,
  DEMO_SHOP: shop,
  SALLYPORT_LOG_LEVEL: "error",
};

const client = new Client({ name: "sallyport-demo", version: "1.0.0" });
await client.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: [sallyport, "run", "--config", "mcp.config.json"],
    cwd: root,
    env,
    stderr: "inherit",
  }),
);
const { tools } = await client.listTools();

// The same servers without anything in between, for the "without" lines.
const config = JSON.parse(readFileSync(join(root, "mcp.config.json"), "utf8"));
const direct = {};
for (const [name, { command, args }] of Object.entries(config.mcpServers)) {
  direct[name] = new Client({ name: "sallyport-demo-direct", version: "1.0.0" });
  const real = args.map((arg) => arg.replace(/\$\{(DEMO_\w+):-.*\}/, (_, name) => env[name]));
  await direct[name].connect(new StdioClientTransport({ command, args: real, cwd: root, stderr: "ignore" }));
}

const query = (sql) => ({ name: "shop__read_query", arguments: { query: sql } });
const read = (name) => ({ name: "files__read_text_file", arguments: { path: join(files, name) } });
const calls = [
  {
    title: "An ordinary question",
    call: query("SELECT city, count(*) AS customers FROM customers GROUP BY city LIMIT 3"),
    wants: "released",
  },
  {
    title: "Personal data in a result",
    call: query("SELECT name, email, ssn FROM customers LIMIT 2"),
    wants: "redacted",
  },
  {
    title: "A question that asks for everything",
    call: query("SELECT id, item, amount FROM orders"),
    wants: "truncated",
  },
  {
    title: "A statement that destroys",
    call: { name: "shop__write_query", arguments: { query: "DROP TABLE orders" } },
    wants: "refused",
  },
  {
    title: "A write without a WHERE",
    call: { name: "shop__write_query", arguments: { query: "UPDATE orders SET amount = 0" } },
    wants: "refused",
  },
  { title: "A text that only mentions DROP TABLE", call: read("notes.md"), wants: "released" },
  { title: "A secret in a file", call: read("deploy.env"), wants: "redacted" },
];

console.log(
  `\n${bold("Sallyport demo")}  ${tools.length} tools of 2 servers, seen through one proxy; profile default, pii and secrets redacted\n`,
);
let failed = 0;
for (const [at, { title, call, wants }] of calls.entries()) {
  const result = await client.callTool(call);
  const record = JSON.parse(audit("search", "--json", "--limit", "1"))[0];
  const ok = record.outcome === wants;
  failed += ok ? 0 : 1;
  const mark = { released: green, redacted: yellow, truncated: yellow, refused: red }[record.outcome] ?? red;
  console.log(`${bold(`${at + 1}. ${title}`)}`);
  line(
    "call",
    `${call.name} ${dim(short(Object.values(call.arguments).join(" ").replace(`${files}/`, "")))}`,
  );
  if (wants === "refused") line("without", "it would have run (not tried here)");
  else line("without", shown(await bare(call)));
  line("client gets", shown(result));
  line("decision", `${mark(record.outcome)} ${dim(why(record))}`);
  line("record", dim(record.id));
  if (!ok) line("EXPECTED", red(`${wants}: the demo has failed`));
  console.log();
}
await Promise.all([client, ...Object.values(direct)].map((each) => each.close()));

console.log(bold("The record of it") + dim("   sallyport audit tail"));
console.log(audit("tail", "--limit", String(calls.length)));
console.log(bold("And its proof") + dim("      sallyport audit verify"));
console.log(audit("verify"));
console.log(
  `Next: ${bold("node dist/cli/main.js audit show <id>")} for one decision, README.md to put it in front of your own servers.\n`,
);
for (const dir of [files, data]) rmSync(dir, { recursive: true, force: true });
process.exit(failed === 0 ? 0 : 1);

/** The call as the server itself knows it, sent to it directly. */
function bare({ name, arguments: args }) {
  const [server, tool] = name.split("__");
  return direct[server].callTool({ name: tool, arguments: args });
}

function audit(...args) {
  return execFileSync(process.execPath, [sallyport, "audit", ...args, "--config", "mcp.config.json"], {
    cwd: root,
    encoding: "utf8",
  });
}

function line(label, text) {
  const [first, ...rest] = text.split("\n");
  console.log(`   ${dim(label.padEnd(12))}${first}`);
  for (const more of rest) console.log(`   ${" ".repeat(12)}${more}`);
}

function shown({ content, isError }) {
  const texts = content.map((block) => block.text ?? `[${block.type}]`);
  if (isError) return wrap(texts.join(" "));
  // Pretty-printed rows of the server, folded to one line each; the last block is Sallyport's notice, where there is one.
  const [first, ...notices] = texts;
  const rows = first.startsWith("[")
    ? JSON.parse(first).map((row) => JSON.stringify(row))
    : first.trimEnd().split("\n");
  const lines = rows.filter((row) => row !== "").map((row) => short(row, 100));
  const few = lines.length > 4 ? [...lines.slice(0, 2), dim(`… ${lines.length - 2} more`)] : lines;
  return [...few, ...notices.map((text) => yellow(wrap(text)))].join("\n");
}

function why(record) {
  const found = record.type === undefined || record.type === null ? "" : `${record.category}/${record.type}`;
  const rows =
    record.rows === undefined
      ? ""
      : record.rows.received === record.rows.released
        ? ""
        : `${record.rows.released} of ${record.rows.received} rows`;
  return [found, rows, record.rule].filter(Boolean).join(" · ");
}

function short(text, width = 84) {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}

function wrap(text, width = 92) {
  return text.replaceAll(new RegExp(`(.{1,${width}})(?:\\s+|$)`, "g"), "$1\n").trimEnd();
}
