/** The commands of a person at a terminal. Each is loaded when it is called: `run` and `serve` need none of them. */
import { userInfo } from "node:os";
import type { Question } from "../approvals/approvals.js";
import type { Webhook } from "../config/admin.js";
import { processEnv } from "../config/env.js";
import { SallyportError } from "../model/errors.js";
import type { ScanParts } from "./scan.js";
import { flags, source, Usage } from "./usage.js";

type Command = (argv: readonly string[]) => Promise<number>;

const out = {
  write: (text: string) => process.stdout.write(text),
  say: (text: string) => process.stderr.write(text),
};
const screen = () => ({
  color: process.stdout.isTTY && processEnv()["NO_COLOR"] === undefined,
  ...(process.stdout.columns !== undefined && { columns: process.stdout.columns }),
});

async function who(): Promise<{ readonly version: string; readonly user: string }> {
  const { version } = await import("./version.js");
  return { version: version(), user: userInfo().username };
}

async function login(argv: readonly string[]): Promise<number> {
  const [server, ...rest] = argv;
  if (server === undefined || server.startsWith("-")) throw new Usage("login needs the name of a server");
  const values = flags(rest, { config: { type: "string" } });
  const { loginCommand } = await import("./login.js");
  return loginCommand(source(values, undefined), server, (text) => process.stdout.write(text));
}

async function check(argv: readonly string[]): Promise<number> {
  const { checkCommand } = await import("./check.js");
  const { connectAll } = await import("./connect.js");
  const { loadEngine } = await import("./start.js");
  return checkCommand(argv, {
    write: (text) => process.stdout.write(text),
    cwd: process.cwd(),
    env: processEnv(),
    compileDetectors: (own) => loadEngine(own).rules.length,
    connect: connectAll,
  });
}

async function audit(argv: readonly string[]): Promise<number> {
  const { takeConfig } = await import("./audit-config.js");
  const { auditCommand } = await import("./audit.js");
  const { path, settings, rest } = takeConfig(argv, process.cwd(), processEnv());
  return auditCommand(rest, {
    path,
    settings,
    ...(await who()),
    ...out,
    ...screen(),
  });
}

async function tools(argv: readonly string[]): Promise<number> {
  const { takeConfig } = await import("./audit-config.js");
  const { toolsCommand } = await import("./tools.js");
  const { path, file, rest } = takeConfig(argv, process.cwd(), processEnv());
  return toolsCommand(rest, {
    path,
    file,
    ...(await who()),
    ...out,
    ...screen(),
  });
}

async function approvals(argv: readonly string[]): Promise<number> {
  const { takeConfig } = await import("./audit-config.js");
  const { approvalsCommand } = await import("./approvals.js");
  const { loadConfig } = await import("../config/load.js");
  const [cwd, env] = [process.cwd(), processEnv()];
  const { path, file, rest } = takeConfig(argv, cwd, env);
  const { config } = loadConfig({ cwd, env, file });
  return approvalsCommand(rest, {
    path,
    ...(await who()),
    groups: config?.approvers ?? {},
    ...(config?.webhook !== undefined && { decided: await toldOnce(config.webhook) }),
    now: Date.now,
    ...out,
  });
}

/** The command line does not stay for a receiver that is not there. */
async function toldOnce(webhook: Webhook): Promise<(question: Question) => Promise<void>> {
  const { createWebhook } = await import("../admin/webhook.js");
  const log = { error: (_: object, message: string) => void process.stderr.write(`${message}\n`) };
  const send = createWebhook({ webhook, log, retryMs: [] });
  return (question) => send("approval.decided", question);
}

async function admin(argv: readonly string[], onSignal: (stop: () => void) => void): Promise<number> {
  const values = flags(argv, { config: { type: "string" } });
  const { adminCommand } = await import("./admin.js");
  return adminCommand(source(values, undefined), { write: (line) => process.stdout.write(line), onSignal });
}

async function policy(argv: readonly string[]): Promise<number> {
  const { readNamed, writeNamed } = await import("./audit-files.js");
  const { policyCommand } = await import("./policy.js");
  const { loadEngine } = await import("./start.js");
  return policyCommand(argv, {
    cwd: process.cwd(),
    env: processEnv(),
    ...(await who()),
    now: Date.now(),
    engine: loadEngine,
    read: readNamed,
    save: writeNamed,
    ...out,
  });
}

async function stop(command: "stop" | "resume" | "stops", argv: readonly string[]): Promise<number> {
  const { takeConfig } = await import("./audit-config.js");
  const { stopCommand } = await import("./stop.js");
  const { path, rest } = takeConfig(argv, process.cwd(), processEnv());
  return stopCommand(command, rest, {
    path,
    ...(await who()),
    now: Date.now,
    ...out,
  });
}

async function limits(argv: readonly string[]): Promise<number> {
  const { takeConfig } = await import("./audit-config.js");
  const { limitsCommand } = await import("./limits.js");
  const { loadConfig } = await import("../config/load.js");
  const [cwd, env] = [process.cwd(), processEnv()];
  const { path, file, rest } = takeConfig(argv, cwd, env);
  const { config } = loadConfig({ cwd, env, file });
  if (config === undefined)
    process.stderr.write("no valid configuration: what its limits are is not known; see `sallyport check`\n");
  return limitsCommand(rest, {
    path,
    servers: config?.servers ?? [],
    ...(await who()),
    now: Date.now,
    ...out,
  });
}

async function scan(argv: readonly string[]): Promise<number> {
  const values = flags(argv, {
    config: { type: "string" },
    role: { type: "string" },
    phase: { type: "string" },
    jsonl: { type: "boolean" },
    json: { type: "boolean" },
  });
  const { SCAN_ROLES, scanCommand } = await import("./scan.js");
  const { PHASES } = await import("../model/nouns.js");
  const pick = <T extends string>(name: string, valid: readonly T[], fallback: T): T => {
    const given = values[name] ?? fallback;
    const found = valid.find((each) => each === given);
    if (found === undefined)
      throw new Usage(`unknown ${name} "${String(given)}"; valid: ${valid.join(", ")}`);
    return found;
  };
  const role = pick("role", SCAN_ROLES, "text");
  const phase = pick("phase", PHASES, "input");
  const parts = await scanParts(values["config"]);
  return scanCommand(
    parts,
    { role, phase, jsonl: values["jsonl"] === true, json: values["json"] === true },
    {
      input: process.stdin,
      ...out,
    },
  );
}

/** The detectors and the posture of a configuration; without one those that ship, and what the environment says. */
async function scanParts(file: unknown): Promise<ScanParts> {
  const { loadEngine, makeLog, NOTHING_STARTED, refuse } = await import("./start.js");
  const { loadPosture } = await import("../config/posture.js");
  if (typeof file !== "string") return { engine: loadEngine(), posture: loadPosture(processEnv()) };
  const { loadConfig } = await import("../config/load.js");
  const { config, problems } = loadConfig({ file, cwd: process.cwd(), env: processEnv() });
  refuse(makeLog("info"), problems);
  if (config === undefined) throw new SallyportError("config_invalid", NOTHING_STARTED);
  return { engine: loadEngine(config.detectors), posture: config.posture };
}

/** `onSignal`: for those that stay until they are told to go. */
export const OPERATOR = (onSignal: (stop: () => void) => void): Readonly<Record<string, Command>> => ({
  login,
  check,
  audit,
  tools,
  approvals,
  policy,
  limits,
  scan,
  stop: (argv) => stop("stop", argv),
  resume: (argv) => stop("resume", argv),
  stops: (argv) => stop("stops", argv),
  admin: (argv) => admin(argv, onSignal),
});
