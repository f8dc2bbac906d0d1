// Packages that are too heavy, or need too new a Node, to be devDependencies: pinned, in a cache folder outside the tree.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Runs a program; resolves to its exit code and what it printed, both streams together. */
export function execute(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

/**
 * Installs packages, `name@version` each, unless they are there; resolves to the folder. `manifest` goes into its
 * package.json. Rejects, with what npm said, when they cannot be installed. Not under the shared temporary folder: there,
 * others could plant code.
 */
export async function install(name, packages, manifest = {}, flags = []) {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(cache, "sallyport", name);
  if (existsSync(join(folder, ".complete"))) return folder;
  process.stderr.write(`installing ${packages.join(", ")} into ${folder}\n`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, ...manifest }));
  const args = ["install", "--save-exact", "--no-audit", "--no-fund", ...flags, ...packages];
  const { code, output } = await execute("npm", args, { cwd: folder });
  if (code !== 0) throw new Error(`npm could not install ${packages.join(", ")}:\n${output}`);
  writeFileSync(join(folder, ".complete"), "");
  return folder;
}
