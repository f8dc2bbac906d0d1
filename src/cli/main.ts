#!/usr/bin/env node
/** The command line. stdout is data (or the protocol), stderr is talk; exit codes: 0 done, 1 found wrong, 2 refused. */
import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import type { Question } from "../approvals/approvals.js";
import type { Webhook } from "../config/admin.js";
import { processEnv } from "../config/env.js";
import { SallyportError, describeError } from "../model/errors.js";
import { nearest } from "../policy/problem.js";

const USAGE = `sallyport — puts every tool call of an AI agent through two gates

  sallyport run [--config FILE]              serve stdio, in front of the servers of mcp.config.json
  sallyport run -- COMMAND [ARGUMENT…]       wrap one stdio server, with no file at all
  sallyport serve [--config FILE] [--listen HOST:PORT]   serve Streamable HTTP (default 127.0.0.1:7420)
  sallyport serve [--listen HOST:PORT] -- COMMAND [ARGUMENT…]
  sallyport login SERVER [--config FILE]     log in to a server whose auth is authorization_code
  sallyport check [--config FILE] [--connect] [--json]   validate everything a start would
  sallyport audit tail|search|show [--json] [--limit N] [--config FILE]      what was decided, and why
  sallyport audit verify|checkpoint|key|prove|verify-proof|anchor          that the record is whole, and proofs of it
  sallyport audit stats | export --format jsonl|csv|ocsf|otlp [--out FILE] | export --pack FOLDER    for others
  sallyport audit prune|hold [--older-than 90d] [--dry-run]   erase old bodies, keep their hashes; and what must stay
  sallyport tools ls [--json] [--config FILE]            which tool definitions are trusted, and what changed
  sallyport tools diff SERVER/TOOL | approve SERVER/TOOL [--hash HASH] | approve --all   [--by NAME]
  sallyport stop [--server S] [--tool T] [--principal P] [--session C] [--reason TEXT] [--for 30m]   refuse calls at once
  sallyport resume [ID | --server S … | --all] | stops [--json]
  sallyport limits [--principal P] [--json]              what is used of each budget, and what is left
  sallyport limits reset --principal P | --connector C | --server S | --all [--reason TEXT]
  sallyport approvals ls [--all] | show ID               calls that wait for a person
  sallyport approvals approve ID [--comment TEXT] [--for 30m --count 20] | deny ID
  sallyport admin [--config FILE]                        the page where people answer them (run and serve have it too)
  sallyport policy check|test [FILE…] [--config FILE] [--junit FILE]   what is wrong with policies, and do they work
  sallyport policy explain CALL.json | DECISION          which rules decide a call, or decided it, and which terms failed
  sallyport policy simulate [FILE…] [--since TIME]        what recorded calls would have met under other policies
  sallyport policy snapshots | diff [SNAPSHOT [SNAPSHOT]] | rollback SNAPSHOT   what was in force, and the way back
  sallyport scan [--role ROLE] [--phase input|output] [--json | --jsonl]   what is in the text on stdin
  sallyport --version | --help
`;

const COMMANDS = [
  "run",
  "serve",
  "login",
  "check",
  "audit",
  "tools",
  "stop",
  "resume",
  "stops",
  "limits",
  "approvals",
  "admin",
  "policy",
  "scan",
] as const;

class Usage extends Error {}

async function main(argv: readonly string[]): Promise<number> {
  const [command = "", ...rest] = argv;
  if (command === "" || command === "--help" || command === "-h" || command === "help") {
    process.stdout.write(USAGE);
    return command === "" ? 2 : 0;
  }
  if (command === "--version" || command === "-v") {
    const { version } = await import("./version.js");
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  if (rest.includes("--help") && !rest.slice(0, rest.indexOf("--help")).includes("--")) {
    process.stdout.write(USAGE);
    return 0;
  }
  switch (command) {
    case "run":
      return run(rest);
    case "serve":
      return serve(rest);
    case "login":
      return login(rest);
    case "check":
      return check(rest);
    case "audit":
      return audit(rest);
    case "tools":
      return tools(rest);
    case "stop":
    case "resume":
    case "stops":
      return stop(command, rest);
    case "limits":
      return limits(rest);
    case "approvals":
      return approvals(rest);
    case "admin":
      return admin(rest);
    case "policy":
      return policy(rest);
    case "scan":
      return scan(rest);
    default: {
      const close = nearest(command, COMMANDS);
      throw new Usage(
        `unknown command "${command}"${close === undefined ? "" : `; did you mean ${close}?`}\n\n${USAGE}`,
      );
    }
  }
}

/** What stands before `--` is ours, what follows is a command to wrap. */
function split(argv: readonly string[]): { ours: string[]; command?: string[] } {
  const at = argv.indexOf("--");
  return at === -1 ? { ours: [...argv] } : { ours: argv.slice(0, at), command: argv.slice(at + 1) };
}

type Flags = Record<string, { type: "string" | "boolean" }>;

function flags(argv: readonly string[], options: Flags): Record<string, string | boolean | undefined> {
  try {
    return parseArgs({ args: [...argv], options, strict: true }).values as Record<string, string | boolean>;
  } catch (error) {
    throw new Usage(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

function source(
  values: Record<string, string | boolean | undefined>,
  command: readonly string[] | undefined,
) {
  const file = values["config"] as string | undefined;
  if (file !== undefined && command !== undefined)
    throw new Usage("either --config FILE or -- COMMAND, not both");
  return {
    cwd: process.cwd(),
    env: processEnv(),
    ...(file !== undefined && { file }),
    ...(command !== undefined && { command }),
  };
}

function onSignal(stop: () => void): void {
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

async function run(argv: readonly string[]): Promise<number> {
  const { ours, command } = split(argv);
  const values = flags(ours, { config: { type: "string" } });
  const { runCommand } = await import("./run.js");
  return runCommand(source(values, command), { input: process.stdin, output: process.stdout, onSignal });
}

async function serve(argv: readonly string[]): Promise<number> {
  const { ours, command } = split(argv);
  const values = flags(ours, { config: { type: "string" }, listen: { type: "string" } });
  const { LISTEN_FORM, parseListen } = await import("../config/listen.js");
  const text = values["listen"] as string | undefined;
  const listen = text === undefined ? undefined : parseListen(text);
  if (text !== undefined && listen === undefined) throw new Usage(`bad --listen "${text}": ${LISTEN_FORM}`);
  const { serveCommand } = await import("./serve.js");
  return serveCommand(
    { ...source(values, command), ...(listen !== undefined && { listen }) },
    { write: (line) => process.stdout.write(line), onSignal },
  );
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
    compileDetectors: () => loadEngine().rules.length,
    connect: connectAll,
  });
}

async function audit(argv: readonly string[]): Promise<number> {
  const { takeConfig } = await import("./audit-config.js");
  const { auditCommand } = await import("./audit.js");
  const { version } = await import("./version.js");
  const { path, settings, rest } = takeConfig(argv, process.cwd(), processEnv());
  return auditCommand(rest, {
    path,
    settings,
    version: version(),
    user: userInfo().username,
    write: (text) => process.stdout.write(text),
    say: (text) => process.stderr.write(text),
    color: process.stdout.isTTY && processEnv()["NO_COLOR"] === undefined,
    ...(process.stdout.columns !== undefined && { columns: process.stdout.columns }),
  });
}

async function tools(argv: readonly string[]): Promise<number> {
  const { takeConfig } = await import("./audit-config.js");
  const { toolsCommand } = await import("./tools.js");
  const { version } = await import("./version.js");
  const { path, file, rest } = takeConfig(argv, process.cwd(), processEnv());
  return toolsCommand(rest, {
    path,
    file,
    version: version(),
    user: userInfo().username,
    write: (text) => process.stdout.write(text),
    say: (text) => process.stderr.write(text),
    color: process.stdout.isTTY && processEnv()["NO_COLOR"] === undefined,
    ...(process.stdout.columns !== undefined && { columns: process.stdout.columns }),
  });
}

async function approvals(argv: readonly string[]): Promise<number> {
  const { takeConfig } = await import("./audit-config.js");
  const { approvalsCommand } = await import("./approvals.js");
  const { loadConfig } = await import("../config/load.js");
  const { version } = await import("./version.js");
  const [cwd, env] = [process.cwd(), processEnv()];
  const { path, file, rest } = takeConfig(argv, cwd, env);
  const { config } = loadConfig({ cwd, env, file });
  return approvalsCommand(rest, {
    path,
    version: version(),
    user: userInfo().username,
    groups: config?.approvers ?? {},
    ...(config?.webhook !== undefined && { decided: await toldOnce(config.webhook) }),
    now: Date.now,
    write: (text) => process.stdout.write(text),
    say: (text) => process.stderr.write(text),
  });
}

/** The command line does not stay for a receiver that is not there. */
async function toldOnce(webhook: Webhook): Promise<(question: Question) => Promise<void>> {
  const { createWebhook } = await import("../admin/webhook.js");
  const log = { error: (_: object, message: string) => void process.stderr.write(`${message}\n`) };
  const send = createWebhook({ webhook, log, retryMs: [] });
  return (question) => send("approval.decided", question);
}

async function admin(argv: readonly string[]): Promise<number> {
  const values = flags(argv, { config: { type: "string" } });
  const { adminCommand } = await import("./admin.js");
  return adminCommand(source(values, undefined), { write: (line) => process.stdout.write(line), onSignal });
}

async function policy(argv: readonly string[]): Promise<number> {
  const { readNamed, writeNamed } = await import("./audit-files.js");
  const { policyCommand } = await import("./policy.js");
  const { loadEngine } = await import("./start.js");
  const { version } = await import("./version.js");
  return policyCommand(argv, {
    cwd: process.cwd(),
    env: processEnv(),
    version: version(),
    user: userInfo().username,
    now: Date.now(),
    engine: loadEngine,
    read: readNamed,
    save: writeNamed,
    write: (text) => process.stdout.write(text),
    say: (text) => process.stderr.write(text),
  });
}

async function stop(command: "stop" | "resume" | "stops", argv: readonly string[]): Promise<number> {
  const { takeConfig } = await import("./audit-config.js");
  const { stopCommand } = await import("./stop.js");
  const { version } = await import("./version.js");
  const { path, rest } = takeConfig(argv, process.cwd(), processEnv());
  return stopCommand(command, rest, {
    path,
    version: version(),
    user: userInfo().username,
    now: Date.now,
    write: (text) => process.stdout.write(text),
    say: (text) => process.stderr.write(text),
  });
}

async function limits(argv: readonly string[]): Promise<number> {
  const { takeConfig } = await import("./audit-config.js");
  const { limitsCommand } = await import("./limits.js");
  const { loadConfig } = await import("../config/load.js");
  const { version } = await import("./version.js");
  const [cwd, env] = [process.cwd(), processEnv()];
  const { path, file, rest } = takeConfig(argv, cwd, env);
  const { config } = loadConfig({ cwd, env, file });
  if (config === undefined)
    process.stderr.write("no valid configuration: what its limits are is not known; see `sallyport check`\n");
  return limitsCommand(rest, {
    path,
    servers: config?.servers ?? [],
    version: version(),
    user: userInfo().username,
    now: Date.now,
    write: (text) => process.stdout.write(text),
    say: (text) => process.stderr.write(text),
  });
}

async function scan(argv: readonly string[]): Promise<number> {
  const values = flags(argv, {
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
  const { loadEngine } = await import("./start.js");
  const { loadPosture } = await import("../config/posture.js");
  const parts = { engine: loadEngine(), posture: loadPosture(processEnv()) };
  return scanCommand(
    parts,
    { role, phase, jsonl: values["jsonl"] === true, json: values["json"] === true },
    {
      input: process.stdin,
      write: (text) => process.stdout.write(text),
      say: (text) => process.stderr.write(text),
    },
  );
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // `sallyport audit tail | head`: the reader has seen enough.
  if (error.code === "EPIPE" && !["run", "serve"].includes(process.argv[2] ?? "")) process.exit(0);
});
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
    // `run`: nothing may keep a finished proxy alive, neither a child that will not go nor a pipe nobody reads.
    if (process.argv[2] === "run" || process.argv[2] === "serve") process.exit(code);
  },
  (error: unknown) => {
    const known = error instanceof Usage || error instanceof SallyportError;
    process.stderr.write(
      `sallyport: ${known ? describeError(error) : String((error as Error).stack ?? error)}\n`,
    );
    process.exit(known ? 2 : 1);
  },
);
