// Compiles src/ to dist/ and writes dist/builtin.json. Skips both when nothing has changed since the last time, so that
// `npm test` and `npm run demo` can always call it.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("../", import.meta.url));
const stamp = join(root, "dist", ".built");
const inputs = [
  "src",
  "test/verify-proof.mjs",
  "policies",
  "connectors",
  "scripts",
  "package.json",
  "tsconfig.json",
];

/**
 * What a start needs, each with all that it imports: opening a file costs a start more than reading one twice as long.
 * `base` is what every command needs; the servers' processes are started when `early` is there; `records` is apart because
 * the commands over the audit store need it too.
 */
const CHUNKS = [
  { name: "base", tags: ["$initial"] },
  { name: "early", test: /\/cli\/run\.js$/ },
  { name: "records", test: /\/audit\/log\.js$/ },
  { name: "proxy", test: /\/(?:cli\/start|mcp\/front-stdio)\.js$/ },
  { name: "http", test: /\/cli\/serve\.js$/ },
];

function newest(path) {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  const times = readdirSync(path).map((name) => newest(join(path, name)));
  return Math.max(found.mtimeMs, ...times);
}

const latest = Math.max(...inputs.map((name) => newest(join(root, name))));
if (existsSync(stamp) && statSync(stamp).mtimeMs >= latest) process.exit(0);

rmSync(join(root, "dist"), { recursive: true, force: true });
const node = (script, ...args) =>
  execFileSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: "inherit" });
node("node_modules/typescript/bin/tsc");
node("scripts/build-data.mjs");
await bundleCommands();
// What an evidence pack carries: it shares no code with us, so it lies where it is tested.
copyFileSync(join(root, "test/verify-proof.mjs"), join(root, "dist/verify-proof.mjs"));
writeFileSync(stamp, "");

/**
 * Of two hundred modules, a start would spend a third of its time on finding and opening them. The commands are put
 * together from what tsc has made, a chunk for each that is loaded on demand; dependencies stay where npm has put them.
 */
async function bundleCommands() {
  const cli = join(root, "dist/cli");
  const bundle = await rolldown({
    input: join(cli, "main.js"),
    platform: "node",
    external: (id) => !/^[./]/.test(id),
  });
  const { output } = await bundle.generate({
    format: "esm",
    chunkFileNames: "[name]-[hash].js",
    comments: false,
    codeSplitting: { groups: CHUNKS.map((chunk, i) => ({ ...chunk, priority: CHUNKS.length - i })) },
  });
  await bundle.close();
  rmSync(cli, { recursive: true });
  mkdirSync(cli);
  // Beside main.js: what stands at a fixed place relative to a module is as far from the one as from the other.
  for (const { fileName, code } of output) writeFileSync(join(cli, fileName), code);
  chmodSync(join(cli, "main.js"), 0o755);
}
