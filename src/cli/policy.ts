/** `sallyport policy`: what is wrong with policies, whether they do what their tests say, and why a call was decided so. */
import { parseArgs } from "node:util";
import { loadConfig, resolveAudit } from "../config/load.js";
import { SallyportError, describeError } from "../model/errors.js";
import { timeOf, UsageError } from "./audit-args.js";
import { check } from "./policy-check.js";
import { explain } from "./policy-explain.js";
import { benchOf, type Given, type PolicyIo } from "./policy-read.js";
import { simulate, simulationText } from "./policy-simulate.js";
import { test } from "./policy-test.js";

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
        if (positionals.length !== 1) throw new UsageError(POLICY_USAGE.trimEnd());
        return await explain(given, positionals[0]!, io);
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
