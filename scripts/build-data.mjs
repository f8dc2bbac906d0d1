// Writes dist/builtin.json from the YAML data, through the compiled validators: a start reads one JSON file instead
// of parsing YAML, and a package with a broken data file is never built.
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const target = `${root}dist/builtin.json`;
rmSync(target, { force: true });

const { readBuiltin } = await import(new URL("../dist/config/builtin.js", import.meta.url));
const builtin = readBuiltin(root);

const rules = new URL("../dist/detect/rule.js", import.meta.url);
if (existsSync(rules)) {
  const { parseDetectorFile } = await import(rules);
  for (const { file, value } of builtin.detectorFiles) parseDetectorFile(value, file);
}

writeFileSync(target, JSON.stringify(builtin));
process.stderr.write(
  `dist/builtin.json: ${builtin.profiles.length} profiles, ${builtin.connectors.length} connectors, ` +
    `${builtin.detectorFiles.length} detector files\n`,
);
