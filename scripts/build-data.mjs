// Writes dist/builtin.json and dist/detectors.json from the YAML data, through the compiled validators: a start reads JSON
// instead of parsing YAML, and a package with a broken data file is never built.
import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const compiled = (path) => import(new URL(`../dist/${path}`, import.meta.url));
const root = fileURLToPath(new URL("../", import.meta.url));
const targets = { builtin: `${root}dist/builtin.json`, detectors: `${root}dist/detectors.json` };
const { readBuiltin, withIds } = await compiled("config/builtin.js");
const { parseDetectors } = await compiled("config/detectors.js");
const { describeError } = await compiled("model/errors.js");

for (const target of Object.values(targets)) rmSync(target, { force: true });
try {
  const files = readBuiltin(root);
  const detectors = parseDetectors(files.detectorFiles);
  writeFileSync(targets.builtin, JSON.stringify(withIds(files)));
  writeFileSync(targets.detectors, JSON.stringify(detectors));
  const { profiles, connectors } = files;
  process.stderr.write(
    `dist: ${profiles.length} profiles, ${connectors.length} connectors, ${detectors.rules.length} detectors\n`,
  );
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
}
