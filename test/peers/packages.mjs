// Servers and a client that other people wrote, one of each era: installed like the conformance suite. Prints, as JSON, where
// they are, and the Node that the newer ones need.
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { install } from "../conformance/install.mjs";
import { installSuite } from "../conformance/suite.mjs";

const PACKAGES = {
  // Its SDK stops at 2024-11-05.
  "@executeautomation/database-server": "1.1.0",
  // 2026-07-28, and the legacy eras.
  "@bytebase/dbhub": "1.4.0",
  "@modelcontextprotocol/inspector": "2.12.0",
};

const names = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
const key = Object.values(PACKAGES).join("-");
// Their other databases' drivers are optional; nothing of theirs has to run or compile while it is installed.
const folder = await install(`peers-${key}`, names, {}, ["--ignore-scripts", "--omit=optional"]);
const modules = join(folder, "node_modules");
lendSqlite();
const node = join(await installSuite(), "node_modules/.bin/node");
process.stdout.write(
  JSON.stringify({
    node,
    database: join(modules, "@executeautomation/database-server/dist/src/index.js"),
    dbhub: join(modules, "@bytebase/dbhub/dist/index.js"),
    inspector: join(modules, "@modelcontextprotocol/inspector/clients/launcher/build/index.js"),
  }),
);

/** The native part of sqlite3 is compiled for our own development tree already; compiling it again would take a minute. */
function lendSqlite() {
  const require = createRequire(import.meta.url);
  const server = require.resolve("mcp-server-sqlite-npx/package.json");
  const ours = dirname(createRequire(server).resolve("sqlite3/package.json"));
  const theirs = join(modules, "sqlite3");
  const version = (of) => JSON.parse(readFileSync(join(of, "package.json"), "utf8")).version;
  if (version(ours) !== version(theirs))
    throw new Error(
      `sqlite3 is ${version(ours)} here and ${version(theirs)} in ${folder}: pin another server`,
    );
  const native = "build/Release/node_sqlite3.node";
  mkdirSync(join(theirs, "build/Release"), { recursive: true });
  copyFileSync(join(ours, native), join(theirs, native));
}
