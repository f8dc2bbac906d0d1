/** `sallyport policy`: what is wrong with policies, whether they do what their tests say, and why a call was decided so. */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { loadBuiltin } from "../config/builtin.js";
import { detectorIds } from "../config/own-detectors.js";
import { loadConfig, resolveAudit, type Config } from "../config/load.js";
import { loadPolicies } from "../config/policies.js";
import { isTestFile, readTestFile, testsBeside } from "../config/policy-tests.js";
import { loadPosture } from "../config/posture.js";
import type { Engine } from "../detect/engine.js";
import { SallyportError, describeError } from "../model/errors.js";
import { isObject, type JsonObject } from "../model/json.js";
import { endOf, type ExceptionSpec } from "../policy/exceptions.js";
import type { Problem } from "../policy/problem.js";
import { compilePolicies, type Tried } from "../policy/rules/policies.js";
import type { PolicySpec } from "../policy/rules/spec.js";
import type { Env } from "../policy/variables.js";
import { timeOf, UsageError } from "./audit-args.js";
import { junit } from "./policy-junit.js";
import { simulate, simulationText } from "./policy-simulate.js";
import { runTest, strictest, tryOn, type Bench } from "./policy-try.js";
import { unreachable } from "./policy-reach.js";

export interface PolicyIo {
  readonly cwd: string;
  readonly env: Env;
  readonly now: number;
  readonly engine: (own?: Config["detectors"]) => Engine;
  readonly version: string;
  /** Who is at the command line. */
  readonly user: string;
  /** Reads a file that the command line names; throws what the file system says. */
  readonly read: (path: string) => string;
  readonly save: (path: string, text: string) => void;
  /** stdout: data. */
  write(text: string): void;
  /** stderr: talk. */
  say(text: string): void;
}

const POLICY_USAGE = `usage: sallyport policy check [FILE…] [--config FILE]
       sallyport policy test [FILE…] [--config FILE] [--junit FILE]
       sallyport policy explain CALL.json | DECISION [--config FILE]
       sallyport policy simulate [FILE…] [--config FILE] [--since TIME] [--json]
       sallyport policy snapshots [--json]
       sallyport policy diff [SNAPSHOT [SNAPSHOT | now]] [--config FILE] [--since TIME] [--json]
       sallyport policy rollback SNAPSHOT [--config FILE] [--dry-run] [--reason TEXT]
`;

/** Resolves with the exit code: 0, 1 when something is wrong with a policy, 2 for bad usage. */
export async function policyCommand(argv: readonly string[], io: PolicyIo): Promise<number> {
  try {
    const [command, ...rest] = argv;
    const { values, positionals } = parsed(rest);
    const given = { files: command === "explain" ? [] : positionals, config: values.config };
    switch (command) {
      case "check":
        return await check(given, io);
      case "test":
        return await test(given, values.junit, io);
      case "explain":
        return await explain(given, positionals, io);
      case "simulate":
        return await trySimulate(given, values.since, values.json === true, io);
      case "snapshots":
      case "diff":
      case "rollback":
        return await history(command, positionals, values, io);
      default:
        throw new UsageError(POLICY_USAGE.trimEnd());
    }
  } catch (error) {
    if (error instanceof UsageError) io.say(`${error.message}\n`);
    else if (error instanceof SallyportError) io.say(`${describeError(error)}\n`);
    else throw error;
    return error instanceof UsageError ? 2 : 1;
  }
}

function parsed(argv: readonly string[]) {
  try {
    const text = { type: "string" } as const;
    const flag = { type: "boolean" } as const;
    const options = {
      config: text,
      junit: text,
      since: text,
      reason: text,
      json: flag,
      "dry-run": flag,
    } as const;
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(
      `${error instanceof Error ? error.message : String(error)}\n${POLICY_USAGE}`.trimEnd(),
    );
  }
}

async function history(
  command: "snapshots" | "diff" | "rollback",
  names: readonly string[],
  values: ReturnType<typeof parsed>["values"],
  io: PolicyIo,
): Promise<number> {
  const commands = await import("./policy-history.js");
  return commands[command](
    {
      names,
      config: values.config,
      since: values.since === undefined ? undefined : timeOf("--since", values.since, io.now),
      json: values.json === true,
      dryRun: values["dry-run"] === true,
      reason: values.reason,
    },
    io,
  );
}

interface Given {
  readonly files: readonly string[];
  readonly config: string | undefined;
}

interface Read {
  readonly policies: readonly PolicySpec[];
  readonly exceptions: readonly ExceptionSpec[];
  readonly config: Config | undefined;
  readonly problems: readonly Problem[];
}

/** The files that are named, or those of the configuration. */
function readAll({ files, config: file }: Given, io: PolicyIo): Read {
  if (files.length > 0 && file === undefined) {
    const known = { detectors: loadBuiltin().detectorIds, servers: [], anyServer: true };
    return { ...loadPolicies(files, io.cwd, known), config: undefined };
  }
  const { config, problems } = loadConfig({
    cwd: io.cwd,
    env: io.env,
    ...(file !== undefined && { file }),
  });
  if (config === undefined) return { policies: [], exceptions: [], config, problems };
  if (files.length === 0) {
    const { policies, exceptions } = config;
    const none = {
      message: "the configuration names no policies",
      fix: "name files, or add policies: [FILE]",
    };
    return { policies, exceptions, config, problems: policies.length === 0 ? [none] : [] };
  }
  const known = { detectors: detectorIds(config), servers: config.servers.map(({ name }) => name) };
  return { ...loadPolicies(files, io.cwd, known), config };
}

async function check(given: Given, io: PolicyIo): Promise<number> {
  const { policies, exceptions, config, problems } = readAll(given, io);
  const compiled = await compilePolicies(policies);
  const all = [...problems, ...compiled.problems];
  const hints = [...unreachable(policies, config), ...expired(exceptions, io.now)];
  for (const problem of all) io.write(problemText("✗", problem));
  for (const hint of hints) io.write(problemText("!", hint));
  const rules = policies.reduce((sum, policy) => sum + policy.rules.length, 0);
  if (all.length === 0)
    io.write(`ok: ${count(policies.length, "policy", "policies")}, ${count(rules, "rule", "rules")}\n`);
  return all.length + hints.length === 0 ? 0 : 1;
}

function expired(exceptions: readonly ExceptionSpec[], now: number): Problem[] {
  return exceptions
    .filter((each) => endOf(each) <= now)
    .map(({ source, expires, owner }) => ({
      message: `an exception that ended on ${expires} and holds no more`,
      path: source,
      fix: `ask ${owner}: remove it, or give it another last day`,
    }));
}

async function benchOf(
  given: Given,
  io: PolicyIo,
): Promise<{ bench: Bench; policies: readonly PolicySpec[]; files: readonly string[] } | undefined> {
  const { policies: specs, exceptions, config, problems } = readAll(given, io);
  const { policies, problems: inRules } = await compilePolicies(specs);
  const all = [...problems, ...inRules];
  for (const problem of all) io.say(problemText("✗", problem));
  if (all.length > 0) return undefined;
  const posture = config?.posture ?? loadPosture({ SALLYPORT_PROFILE: "dev" });
  const servers = config?.servers ?? [];
  const bench = { posture, servers, exceptions, policies, engine: io.engine(config?.detectors) };
  return {
    bench,
    policies: specs,
    files: given.files.length > 0 ? given.files : (config?.policyFiles ?? []),
  };
}

async function test(given: Given, junitFile: string | undefined, io: PolicyIo): Promise<number> {
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

async function explain(given: Given, files: readonly string[], io: PolicyIo): Promise<number> {
  const [file] = files;
  if (file === undefined || files.length > 1) throw new UsageError(POLICY_USAGE.trimEnd());
  if (/^d_[0-9a-z]{26}$/.test(file)) return explainRecorded(file, given.config, io);
  const described = readCall(file, io);
  const made = await benchOf(given, io);
  if (made === undefined) return 1;
  const { result, ...call } = described;
  const tried = tryOn(made.bench, call, result);
  const { decision } = tried.input;
  io.write(`${strictest(tried)}: ${(tried.output?.decision ?? decision).reason}\n`);
  for (const { rule, source } of [...decision.rules, ...(tried.output?.decision.rules ?? [])])
    io.write(`  decided by ${rule} (${source})\n`);
  for (const each of tried.rules) io.write(triedText(each));
  return 0;
}

async function trySimulate(
  given: Given,
  since: string | undefined,
  json: boolean,
  io: PolicyIo,
): Promise<number> {
  const from = since === undefined ? undefined : timeOf("--since", since, io.now);
  const made = await benchOf(given, io);
  if (made === undefined) return 1;
  const { config } = loadConfig({
    cwd: io.cwd,
    env: io.env,
    ...(given.config !== undefined && { file: given.config }),
  });
  const { path } = resolveAudit({
    cwd: io.cwd,
    env: io.env,
    ...(given.config !== undefined && { file: given.config }),
  });
  if (path === undefined) throw new UsageError("the configuration names no audit store that can be read");
  // Under the profile that calls meet today, whichever files are tried.
  const posture = config?.posture ?? made.bench.posture;
  const result = await simulate(path, made.bench.policies, posture, from);
  io.write(json ? `${JSON.stringify(result, null, 2)}\n` : simulationText(result));
  return 0;
}

/** A decision on record, under the policies that were in force when it was made. */
async function explainRecorded(id: string, config: string | undefined, io: PolicyIo): Promise<number> {
  const { explainDecision } = await import("./policy-history.js");
  const told = await explainDecision(id, config, io);
  if (told === undefined) {
    io.say(`no decision is called ${id}\n`);
    return 1;
  }
  const { call, rules, tried } = told;
  io.write(`${call.decision}: ${call.reason}\n`);
  io.write(`  ${call.principal} called ${call.server}/${call.tool} at ${call.time}\n`);
  for (const { rule, source } of rules) io.write(`  decided by ${rule} (${source})\n`);
  for (const each of tried) io.write(triedText(each));
  if (tried.length === 0) io.say("no policy was in force: the profile decided\n");
  io.say(
    "Values of arguments and names of tables are not on record: a term that asks for them is an error here.\n",
  );
  return 0;
}

function readCall(file: string, io: PolicyIo): JsonObject {
  try {
    const value: unknown = JSON.parse(io.read(file));
    if (isObject(value as JsonObject)) return value as JsonObject;
  } catch (error) {
    throw new UsageError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new UsageError(`${file} holds no call: write { "server": …, "tool": …, "args": { … } }`);
}

const OUTCOME = {
  spoke: "spoke",
  no_match: "did not match",
  condition_false: "its condition is false",
  condition_error: "its condition cannot be told, so it is taken as whatever lets less pass",
} as const;

function triedText({ rule, decision, mode, outcome, failing, terms }: Tried): string {
  const why = outcome === "no_match" ? `: ${failing.join(", ")}` : "";
  const lines = [
    `  ${rule} → ${decision}${mode === "enforce" ? "" : ` (${mode})`}: ${OUTCOME[outcome]}${why}`,
  ];
  for (const { term, answer } of terms) lines.push(`      ${String(answer).padEnd(5)}  ${term}`);
  return `${lines.join("\n")}\n`;
}

function problemText(mark: string, { message, file, path, fix }: Problem): string {
  const where = [file, path].filter((part) => part !== undefined && part !== "").join(" ");
  return `${[`${mark} ${message}`, where && `  at ${where}`, fix && `  fix: ${fix}`].filter(Boolean).join("\n")}\n`;
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}
