// Compiles src/ to dist/ and writes dist/builtin.json. Skips both when nothing has changed since the last time, so that
// `npm test` and `npm run demo` can always call it.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const stamp = join(root, "dist", ".built");
const inputs = ["src", "policies", "connectors", "scripts", "package.json", "tsconfig.json"];

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
chmodSync(join(root, "dist/cli/main.js"), 0o755);
writeFileSync(stamp, "");
