// Writes dist/builtin.json from the YAML data, through the compiled validators: a start reads one JSON file instead
// of parsing YAML, and a package with a broken data file is never built.
import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const compiled = (path) => import(new URL(`../dist/${path}`, import.meta.url));
const root = fileURLToPath(new URL("../", import.meta.url));
const target = `${root}dist/builtin.json`;
const { readBuiltin } = await compiled("config/builtin.js");
const { parseDetectorFile } = await compiled("detect/rule.js");
const { describeError } = await compiled("model/errors.js");

rmSync(target, { force: true });
try {
  const builtin = readBuiltin(root);
  for (const { file, value } of builtin.detectorFiles) parseDetectorFile(value, file);
  writeFileSync(target, JSON.stringify(builtin));
  const { profiles, connectors, detectorFiles } = builtin;
  process.stderr.write(
    `dist/builtin.json: ${profiles.length} profiles, ${connectors.length} connectors, ${detectorFiles.length} detector files\n`,
  );
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
}
