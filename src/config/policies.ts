/** The policy files that a configuration names. */
import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Json } from "../model/json.js";
import type { ExceptionSpec } from "../policy/exceptions.js";
import type { Problem } from "../policy/problem.js";
import type { PolicySpec } from "../policy/rules/spec.js";
import type { KnownNames } from "./exceptions.js";
import { readPolicy } from "./policy-file.js";
import { Reader } from "./reader.js";
import { parseYaml, readText } from "./yaml-file.js";

export interface LoadedPolicies {
  readonly policies: readonly PolicySpec[];
  readonly exceptions: readonly ExceptionSpec[];
  /** Every file that was looked for, absolute: what a change of means another policy. */
  readonly files: readonly string[];
  /** What stood in those that could be read, by the names they were given. */
  readonly texts: readonly { readonly file: string; readonly text: string }[];
  readonly problems: readonly Problem[];
}

const NONE: LoadedPolicies = { policies: [], exceptions: [], files: [], texts: [], problems: [] };

/** `value`: the configuration's `policies`, paths relative to `base`. Problems with the list itself go to `reader`. */
export function readPolicies(
  reader: Reader,
  value: Json | undefined,
  base: string,
  known: KnownNames,
): LoadedPolicies {
  const names = reader.strings(value, "policies");
  if (names === undefined) return NONE;
  if (names.length === 0)
    reader.problem("policies", "an empty list of policies", "name a file, or remove the key");
  return loadPolicies(names, base, known);
}

/** The same of files named otherwise, such as on the command line. */
export function loadPolicies(names: readonly string[], base: string, known: KnownNames): LoadedPolicies {
  const problems: Problem[] = [];
  const texts = names.flatMap((file) => {
    const reader = new Reader(file);
    const text = readText(reader, resolve(base, file));
    problems.push(...reader.problems);
    return text === undefined ? [] : [{ file, text }];
  });
  const read = parsePolicies(texts, known);
  return {
    ...read,
    files: names.map((name) => resolve(base, name)),
    problems: [...problems, ...read.problems],
  };
}

/** The same of texts that are at hand; `file` is what they are called. */
export function parsePolicies(texts: LoadedPolicies["texts"], known: KnownNames): LoadedPolicies {
  const policies: PolicySpec[] = [];
  const exceptions: ExceptionSpec[] = [];
  const problems: Problem[] = [];
  for (const { file, text } of texts) {
    const reader = new Reader(file);
    const value = parseYaml(reader, text);
    const read = value === undefined ? undefined : readPolicy(reader, value, known);
    problems.push(...reader.problems);
    if (read === undefined) continue;
    const twice = policies.find(({ policy }) => policy === read.policy.policy);
    if (twice !== undefined)
      problems.push({
        message: `two files hold the policy "${read.policy.policy}"`,
        file,
        path: "policy",
        fix: `give it another name than ${twice.file} has`,
      });
    policies.push(read.policy);
    exceptions.push(...read.exceptions);
  }
  return { policies, exceptions, files: [], texts, problems };
}

/**
 * Each file is replaced whole: who watches it never reads a half. Of a text that `recorded` does not hold a copy is kept;
 * gives the names of those. Paths relative to `base`.
 */
export function restorePolicies(
  texts: LoadedPolicies["texts"],
  recorded: LoadedPolicies["texts"],
  base: string,
): string[] {
  const copies: string[] = [];
  for (const { file, text } of texts) {
    const path = resolve(base, file);
    const known = recorded.find((each) => each.file === file)?.text;
    if (existsSync(path) && readFileSync(path, "utf8") !== known) {
      copyFileSync(path, `${path}.replaced`);
      copies.push(`${file}.replaced`);
    }
    writeFileSync(`${path}.rollback`, text);
    renameSync(`${path}.rollback`, path);
  }
  return copies;
}
