import { basename } from "node:path";
import { isTestFile, readTestFile, testsBeside } from "../config/policy-tests.js";
import { junit } from "./policy-junit.js";
import { benchOf, count, problemText, type Given, type PolicyIo } from "./policy-read.js";
import { runTest } from "./policy-try.js";

/** `policy test`: whether policies do what their tests say, and which rules no test has made to speak. */
export async function test(given: Given, junitFile: string | undefined, io: PolicyIo): Promise<number> {
  const named = given.files.filter(isTestFile).map((name) => readTestFile(name, io.cwd));
  const files = given.files.filter((name) => !isTestFile(name));
  const about = [...files, ...named.flatMap(({ policies }) => policies)];
  const made = await benchOf({ ...given, files: [...new Set(about)] }, io);
  if (made === undefined) return 1;
  const seen = new Set(named.map(({ file }) => file));
  const beside = testsBeside(made.files, io.cwd).filter((name) => !seen.has(name));
  const testFiles = [...named, ...beside.map((name) => readTestFile(name, io.cwd))];
  const problems = testFiles.flatMap((each) => each.problems);
  for (const problem of problems) io.say(problemText("✗", problem));
  if (problems.length > 0) return 1;
  // A file of tests alone runs only its own; policies that are named, or configured, bring theirs.
  const own = given.files.length > 0 && files.length === 0 ? [] : made.policies;
  const runs = [
    ...own.flatMap((policy) => policy.tests.map((each) => runTest(made.bench, policy, each))),
    ...testFiles.flatMap(({ file, tests }) =>
      tests.map((each) => runTest(made.bench, { policy: basename(file), file }, each)),
    ),
  ];
  for (const { policy, name, faults } of runs)
    io.write(
      faults.length === 0 ? `✓ ${policy}: ${name}\n` : `✗ ${policy}: ${name}\n  ${faults.join("\n  ")}\n`,
    );
  if (junitFile !== undefined) io.save(junitFile, junit(runs));
  const rules = made.policies.flatMap((policy) => policy.rules).filter(({ mode }) => mode !== "off");
  const spoke = new Set(runs.flatMap((run) => run.spoke));
  const silent = rules.filter(({ name }) => !spoke.has(name)).map(({ name }) => name);
  const failed = runs.filter(({ faults }) => faults.length > 0).length;
  io.write(
    `${runs.length - failed} of ${count(runs.length, "test", "tests")} passed; ${rules.length - silent.length} of ${count(rules.length, "rule", "rules")} spoke` +
      `${silent.length > 0 ? `, never: ${silent.join(", ")}` : ""}\n`,
  );
  if (runs.length === 0) io.say("there is no test: a policy nobody has tried is a guess\n");
  return failed > 0 || runs.length === 0 ? 1 : 0;
}
