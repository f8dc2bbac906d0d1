/** Detectors of somebody's own: files of the same form as ours, which a start refuses unless each rule passes its examples. */
import { resolve } from "node:path";
import { compileEngine } from "../detect/engine.js";
import { findsExample } from "../detect/examples.js";
import { parseDetectorFile, type DetectorRule, type RuleExample } from "../detect/rule.js";
import { canonicalJson } from "../model/canonical.js";
import { SallyportError } from "../model/errors.js";
import type { Json } from "../model/json.js";
import type { Problem } from "../policy/problem.js";
import { loadBuiltin } from "./builtin.js";
import { deciding, loadDetectors, type Detectors } from "./detectors.js";
import { linearPattern, linearProblem } from "./linear.js";
import { Reader } from "./reader.js";
import type { Config } from "./types.js";
import { readYaml } from "./yaml-file.js";

/** `value`: the configuration's `detectors`, paths relative to `base`. Problems with the list itself go to `reader`. */
export function readOwnDetectors(
  reader: Reader,
  value: Json | undefined,
  base: string,
  known: readonly string[],
): { readonly rules: readonly DetectorRule[]; readonly problems: readonly Problem[] } {
  const names = reader.strings(value, "detectors") ?? [];
  if (value !== undefined && names.length === 0)
    reader.problem("detectors", "an empty list of detectors", "name a file, or remove the key");
  const rules: DetectorRule[] = [];
  const problems: Problem[] = [];
  const ids = new Set(known);
  for (const file of names) {
    const own = new Reader(file);
    const content = readYaml(own, resolve(base, file));
    problems.push(...own.problems);
    if (content === undefined) continue;
    try {
      for (const [at, rule] of parseDetectorFile(content, file, linearProblem).entries()) {
        const problem = ids.has(rule.id)
          ? { message: `a detector is called ${rule.id} already`, fix: "give it another name" }
          : faultOf(rule);
        if (problem !== undefined) problems.push({ ...problem, file, path: `/rules/${at}` });
        ids.add(rule.id);
        rules.push(rule);
      }
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      problems.push({ message: error.message, ...error.place });
    }
  }
  return { rules, problems };
}

/** A rule that does not do what it says of itself would be found out when it is too late. */
function faultOf(rule: DetectorRule): Problem | undefined {
  const engine = compileEngine([rule], linearPattern);
  const finds = (example: string | RuleExample): boolean => findsExample(engine, rule, example);
  const missed = rule.hits.findIndex((example) => !finds(example));
  if (missed !== -1)
    return {
      message: `${rule.id} does not find its hit ${missed + 1}`,
      fix: "mend the pattern, its literals or the example",
    };
  const found = rule.misses.findIndex(finds);
  if (found === -1) return undefined;
  return {
    message: `${rule.id} finds its miss ${found + 1}`,
    fix: "narrow the pattern, or mend the example",
  };
}

/** What a policy or an exception may name. */
export function detectorIds(config: Pick<Config, "detectors"> | undefined): string[] {
  return [...loadBuiltin().detectorIds, ...(config?.detectors ?? []).map(({ id }) => id)];
}

/** Those that ship and a person's own, as one. */
export function detectorsWith(own: readonly DetectorRule[]): Detectors {
  const ours = loadDetectors();
  if (own.length === 0) return ours;
  const rules = own.map((rule) => ({ ...rule, hits: [], misses: [] }));
  const more = canonicalJson(rules.map(deciding));
  return { rules: [...ours.rules, ...rules], deciding: `${ours.deciding.slice(0, -1)},${more.slice(1)}` };
}
