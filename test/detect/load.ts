import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { compileEngine } from "../../src/detect/engine.js";
import type { DetectorRule } from "../../src/detect/rule.js";
import { parseDetectorFile } from "../../src/detect/rule.js";

const folder = fileURLToPath(new URL("../../policies/detectors/", import.meta.url));

/** All built-in rules, as the product loads them. */
export const builtinRules: readonly DetectorRule[] = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .flatMap((name) => parseDetectorFile(parse(readFileSync(folder + name, "utf8")), name));

export const engine = compileEngine(builtinRules);
