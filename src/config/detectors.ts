/** The detectors that ship: the bundle beside the compiled code where there is one, else the YAML itself. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { shapeOf } from "../detect/pattern-shape.js";
import { parseDetectorFile, type DetectorRule } from "../detect/rule.js";
import { canonicalJson } from "../model/canonical.js";
import { readBuiltin, ROOT, type DetectorFile } from "./builtin.js";

export interface Detectors {
  readonly rules: readonly DetectorRule[];
  /** Canonical JSON of what decides in them. */
  readonly deciding: string;
}

const BUNDLE = join(fileURLToPath(new URL(".", import.meta.url)), "..", "detectors.json");

/** Throws SallyportError `data_invalid`. */
export function loadDetectors(): Detectors {
  return existsSync(BUNDLE)
    ? (JSON.parse(readFileSync(BUNDLE, "utf8")) as Detectors)
    : parseDetectors(readBuiltin(ROOT).detectorFiles);
}

/** Validated. Without their examples, which are a third of the text and nobody runs outside of tests. */
export function parseDetectors(files: readonly DetectorFile[]): Detectors {
  const rules = files
    .flatMap(({ file, value }) => parseDetectorFile(value, file))
    .map((rule) => ({ ...rule, hits: [], misses: [] }));
  return { rules: rules.map(withShape), deciding: canonicalJson(rules.map(deciding)) };
}

function withShape(rule: DetectorRule): DetectorRule {
  return rule.pattern === undefined ? rule : { ...rule, shape: shapeOf(rule.pattern, rule.flags) };
}

/** Not how it is tested or explained. */
export function deciding(rule: DetectorRule): object {
  const { hits: _hits, misses: _misses, source: _source, advice: _advice, ...rest } = rule;
  return rest;
}
