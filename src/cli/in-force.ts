/** What decides, as one value that can be swapped for another: policies, exceptions, and the hash of all of it. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { loadConfig, type Config, type ConfigSource } from "../config/load.js";
import { readTestFile, testsBeside } from "../config/policy-tests.js";
import { snapshotText } from "../config/snapshot.js";
import type { Engine } from "../detect/engine.js";
import type { AuditLog } from "../audit/log.js";
import { describeError, SallyportError } from "../model/errors.js";
import type { JsonObject } from "../model/json.js";
import { compileExceptions, type Exempt } from "../policy/exceptions.js";
import { exceptionLines } from "../policy/bootline.js";
import type { Problem } from "../policy/problem.js";
import { compilePolicies, type Policies } from "../policy/rules/policies.js";

export interface InForce {
  readonly policies: Policies;
  readonly exempt: Exempt;
  readonly snapshot: string;
}

interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Compiled, and its snapshot on record; or what is wrong with it. Rejects with `store_unavailable`. */
export async function putInForce(
  config: Config,
  detectors: string,
  audit: Pick<AuditLog, "appendPosture">,
  compiled?: Policies,
): Promise<InForce | readonly Problem[]> {
  let policies = compiled;
  if (policies === undefined) {
    const made = await compilePolicies(config.policies);
    if (made.problems.length > 0) return made.problems;
    policies = made.policies;
  }
  const text = snapshotText({ ...config, detectors });
  const snapshot = createHash("sha256").update(text).digest("hex");
  await audit.appendPosture({
    snapshot,
    bundle: () => JSON.parse(text) as JsonObject,
    files: config.policyTexts,
  });
  return { policies, exempt: compileExceptions(config.exceptions), snapshot };
}

/**
 * Reads the policies and exceptions again, tries them, and swaps them in at once; calls in flight keep what they began
 * with. Anything wrong keeps the old, and is said loudly. Whatever else has changed in the file waits for a restart.
 */
export async function reload(
  source: ConfigSource,
  running: Config,
  { engine, detectors }: { readonly engine: Engine; readonly detectors: string },
  audit: Pick<AuditLog, "appendPosture">,
  log: Log,
): Promise<InForce | undefined> {
  const kept = (problems: readonly Problem[]): undefined => {
    for (const { message, ...where } of problems)
      log.error(where, describeError(new SallyportError("config_invalid", message, where)));
    log.error({}, "the policies were NOT reloaded: the old ones are still in force");
    return undefined;
  };
  try {
    const { config, problems } = loadConfig(source);
    if (config === undefined) return kept(problems);
    const made = await compilePolicies(config.policies);
    if (made.problems.length > 0) return kept(made.problems);
    const failed = await failedTests(config, made.policies, engine);
    if (failed.length > 0) return kept(failed);
    const { policies, exceptions, policyTexts } = config;
    const next = await putInForce(
      { ...running, policies, exceptions, policyTexts },
      detectors,
      audit,
      made.policies,
    );
    if (!("snapshot" in next)) return kept(next);
    for (const { level, text } of exceptionLines(exceptions, Date.now())) log[level]({}, text);
    const rules = policies.reduce((sum, policy) => sum + policy.rules.length, 0);
    log.info({ snapshot: next.snapshot, policies: policies.length, rules }, "policies reloaded");
    return next;
  } catch (error) {
    log.error({ err: error }, "the policies were NOT reloaded: the old ones are still in force");
    return undefined;
  }
}

async function failedTests(config: Config, policies: Policies, engine: Engine): Promise<Problem[]> {
  const { runTest } = await import("./policy-try.js");
  const { posture, servers, exceptions } = config;
  const bench = { posture, servers, exceptions, policies, engine };
  const own = config.policies.flatMap((policy) => policy.tests.map((test) => ({ policy, test })));
  const beside = testsBeside(config.policyFiles, "/").map((name) => readTestFile(name, "/"));
  const runs = [
    ...own,
    ...beside.flatMap(({ file, tests }) =>
      tests.map((test) => ({ policy: { policy: basename(file), file }, test })),
    ),
  ];
  return [
    ...beside.flatMap(({ problems }) => problems),
    ...runs.flatMap(({ policy, test }) => {
      const { faults, name, file } = runTest(bench, policy, test);
      return faults.length === 0
        ? []
        : [{ message: `the test "${name}" fails: ${faults.join("; ")}`, file, path: "tests" }];
    }),
  ];
}
