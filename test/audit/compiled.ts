import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export interface Compiled {
  /** Writes an ES module beside the compiled files (`./src/audit/log.js`…); returns its path. */
  script(name: string, text: string): string;
  remove(): void;
}

/**
 * src/audit compiled to JavaScript, for tests that need processes of their own: Node 20 runs no TypeScript.
 */
export function compileAudit(): Compiled {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-compiled-"));
  const files = ["log.ts", "bodies.ts"].map((name) => resolve("src/audit", name));
  const compilerOptions = { rootDir: resolve("."), outDir: folder, declaration: false };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: resolve("tsconfig.json"),
      compilerOptions: { ...compilerOptions, types: ["node"], typeRoots: [resolve("node_modules/@types")] },
      include: [],
      files,
    }),
  );
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  execFileSync(process.execPath, [resolve("node_modules/typescript/bin/tsc"), "-p", folder]);
  return {
    script(name, text) {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
