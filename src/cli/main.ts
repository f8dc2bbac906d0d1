#!/usr/bin/env node
/** The command line. stdout is data (or the protocol), stderr is talk; exit codes: 0 done, 1 found wrong, 2 refused. */
import { SallyportError, describeError } from "../model/errors.js";
import { nearest } from "../policy/problem.js";
import { flags, source, USAGE, Usage } from "./usage.js";
import { version } from "./version.js";

async function main(argv: readonly string[]): Promise<number> {
  const [command = "", ...rest] = argv;
  if (command === "" || command === "--help" || command === "-h" || command === "help") {
    process.stdout.write(USAGE);
    return command === "" ? 2 : 0;
  }
  if (command === "--version" || command === "-v") {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  if (rest.includes("--help") && !rest.slice(0, rest.indexOf("--help")).includes("--")) {
    const { auditHelp } = command === "audit" ? await import("./audit-args.js") : {};
    process.stdout.write(auditHelp === undefined ? USAGE : auditHelp(rest[0]));
    return 0;
  }
  if (command === "run") return run(rest);
  if (command === "serve") return serve(rest);
  const { OPERATOR } = await import("./operator.js");
  const commands = OPERATOR(onSignal);
  const called = Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (called !== undefined) return called(rest);
  const close = nearest(command, ["run", "serve", ...Object.keys(commands)]);
  throw new Usage(
    `unknown command "${command}"${close === undefined ? "" : `; did you mean ${close}?`}\n\n${USAGE}`,
  );
}

/** What stands before `--` is ours, what follows is a command to wrap. */
function split(argv: readonly string[]): { ours: string[]; command?: string[] } {
  const at = argv.indexOf("--");
  return at === -1 ? { ours: [...argv] } : { ours: argv.slice(0, at), command: argv.slice(at + 1) };
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
