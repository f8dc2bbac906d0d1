/** Tests of policies, in their own files or beside them. */
import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import type { Json } from "../model/json.js";
import { DECISIONS } from "../model/nouns.js";
import type { Problem } from "../policy/problem.js";
import type { PolicyTest } from "../policy/rules/spec.js";
import { Reader } from "./reader.js";
import { readYaml } from "./yaml-file.js";

export const TEST_KEYS = ["name", "call", "result", "expect"] as const;
export const EXPECT_KEYS = ["decision", "rule", "constraints", "args"] as const;
export const TEST_FILE_KEYS = ["policies", "tests"] as const;

/** Such a file holds tests and nothing else. */
const SUFFIX = /\.test\.ya?ml$/;

export const isTestFile = (name: string): boolean => SUFFIX.test(name);

/** The files of tests that lie beside policy files. Paths relative to `base`, as the policies'. */
export function testsBeside(policies: readonly string[], base: string): string[] {
  return policies
    .map((name) => name.replace(/(\.ya?ml)$/, ".test$1"))
    .filter((name) => isTestFile(name) && existsSync(resolve(base, name)));
}

export interface TestFile {
  /** Name of the file, as people wrote it. */
  readonly file: string;
  /** The policies that it is about, as paths relative to the same base. */
  readonly policies: readonly string[];
  readonly tests: readonly PolicyTest[];
  readonly problems: readonly Problem[];
}

/** `{ policies?, tests }`. Without `policies` it is about the file whose name it has, but for `.test`. */
export function readTestFile(name: string, base: string): TestFile {
  const reader = new Reader(name);
  const value = readYaml(reader, resolve(base, name));
  const map = value === undefined ? undefined : reader.object(value, "");
  const sibling = name.replace(/\.test(\.ya?ml)$/, "$1");
  if (map === undefined) return { file: name, policies: [], tests: [], problems: reader.problems };
  reader.keys(map, "", TEST_FILE_KEYS);
  const given = reader.strings(map["policies"], "policies");
  const folder = dirname(resolve(base, name));
  const policies = given?.map((each) => relative(base, resolve(folder, each))) ?? [sibling];
  const tests = readTests(reader, map["tests"]);
  if (tests.length === 0 && reader.problems.length === 0)
    reader.problem("tests", "a file of tests without a test", "add a test, or remove the file");
  return { file: name, policies, tests, problems: reader.problems };
}

export function readTests(reader: Reader, value: Json | undefined): PolicyTest[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    reader.problem("tests", "expected a list of tests");
    return [];
  }
  return (value as readonly Json[]).flatMap((raw, at) => {
    const path = `tests[${at}]`;
    const test = reader.object(raw, path);
    if (test === undefined) return [];
    reader.keys(test, path, TEST_KEYS);
    const name = reader.string(test["name"], `${path}.name`) ?? `test ${at + 1}`;
    const call = reader.object(test["call"], `${path}.call`);
    const expect = readExpect(reader, test["expect"], `${path}.expect`);
    if (call === undefined || expect === undefined) {
      reader.problem(
        path,
        "a test needs a call and what is expected",
        "add call: and expect: { decision: … }",
      );
      return [];
    }
    return [{ name, call, expect, ...(test["result"] !== undefined && { result: test["result"] }) }];
  });
}

function readExpect(reader: Reader, value: Json | undefined, path: string): PolicyTest["expect"] | undefined {
  const map = reader.object(value, path);
  if (map === undefined) return undefined;
  reader.keys(map, path, EXPECT_KEYS);
  const decision = reader.oneOf(map["decision"], `${path}.decision`, DECISIONS);
  const rule = reader.string(map["rule"], `${path}.rule`);
  const constraints = reader.object(map["constraints"], `${path}.constraints`);
  const args = reader.object(map["args"], `${path}.args`);
  if (decision === undefined) return undefined;
  return {
    decision,
    ...(rule !== undefined && { rule }),
    ...(constraints !== undefined && { constraints }),
    ...(args !== undefined && { args }),
  };
}
