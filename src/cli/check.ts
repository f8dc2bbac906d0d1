import type { Config, ServerConfig } from "../config/load.js";
import { loadConfig } from "../config/load.js";
import type { LoopLimits, Posture } from "../model/posture.js";
import { SallyportError } from "../model/errors.js";
import { bootLines } from "../policy/bootline.js";
import type { Problem } from "../policy/problem.js";
import { listNames, nearest } from "../policy/problem.js";
import { compilePolicies } from "../policy/rules/policies.js";
import type { Env } from "../policy/variables.js";
import { limitsText, loopsText } from "./limits-text.js";

export interface CheckIo {
  write(text: string): void;
  readonly cwd: string;
  readonly env: Env;
  /** Compiles the detectors a start would; gives their number, or throws SallyportError `data_invalid`. */
  compileDetectors(own: Config["detectors"]): number;
  /** Reaches every server and says what is wrong. */
  connect(config: Config): Promise<readonly Problem[]>;
}

const FLAGS = ["--config", "--json", "--connect"] as const;

/**
 * `sallyport check [--config FILE] [--json] [--connect]`: everything a start validates, each problem with place and
 * fix. Resolves to the exit code: 0 when a start would succeed, else 2.
 */
export async function checkCommand(argv: readonly string[], io: CheckIo): Promise<number> {
  const flags = readFlags(argv);
  const { config, problems } =
    flags.problem === undefined
      ? await findProblems(flags, io)
      : { config: undefined, problems: [flags.problem] };
  const ok = problems.length === 0;
  if (flags.json) io.write(`${JSON.stringify(asJson(config, problems), null, 2)}\n`);
  else io.write(ok && config !== undefined ? summary(config) : problemText(problems));
  return ok ? 0 : 2;
}

interface Flags {
  readonly file?: string;
  readonly json: boolean;
  readonly connect: boolean;
  readonly problem?: Problem;
}

function readFlags(argv: readonly string[]): Flags {
  let file: string | undefined;
  let problem: Problem | undefined;
  for (let at = 0; at < argv.length; at++) {
    const [flag, inline] = (argv[at] ?? "").split(/=(.*)/s, 2);
    if (flag === "--config") {
      file = inline ?? argv[++at];
      if (file === undefined || file === "")
        problem = { message: "--config without a file", fix: "--config FILE" };
    } else if ((flag !== "--json" && flag !== "--connect") || inline !== undefined) {
      const close = nearest(flag ?? "", FLAGS);
      const hint = close === undefined ? "" : `did you mean ${close}? `;
      problem = { message: `unknown argument "${argv[at] ?? ""}"`, fix: `${hint}valid: ${listNames(FLAGS)}` };
    }
  }
  return {
    json: argv.includes("--json"),
    connect: argv.includes("--connect"),
    ...(file !== undefined && { file }),
    ...(problem !== undefined && { problem }),
  };
}

async function findProblems(
  flags: Flags,
  io: CheckIo,
): Promise<{ config: Config | undefined; problems: readonly Problem[] }> {
  const { cwd, env } = io;
  const dataProblems: Problem[] = [];
  const guarded = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      dataProblems.push({ message: error.message, ...error.place });
      return undefined;
    }
  };
  const loaded = guarded(() =>
    loadConfig({ cwd, env, ...(flags.file !== undefined && { file: flags.file }) }),
  );
  const rules = guarded(() => io.compileDetectors(loaded?.config?.detectors ?? []));
  if (rules === 0) dataProblems.push({ message: "no detector at all", fix: "reinstall Sallyport" });
  const problems = [...(loaded?.problems ?? []), ...dataProblems];
  const config = loaded?.config;
  if (config !== undefined) problems.push(...(await compilePolicies(config.policies)).problems);
  if (problems.length > 0 || config === undefined || !flags.connect) return { config, problems };
  return { config, problems: await io.connect(config) };
}

function problemText(problems: readonly Problem[]): string {
  const lines = problems.map(({ message, file, path, fix }) => {
    const where = [file, path].filter((part) => part !== undefined && part !== "").join(" ");
    return [`✗ ${message}`, where && `  at ${where}`, fix && `  fix: ${fix}`].filter(Boolean).join("\n");
  });
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return `${lines.join("\n")}\n\n${count}: a start would be refused.\n`;
}

function summary(config: Config): string {
  const rows = config.servers.map((server) => [
    server.name,
    server.transport.kind,
    connectorText(server),
    limitsText(server.limits),
  ]);
  const widths = [0, 1, 2].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const table = rows.map((row) =>
    `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd(),
  );
  return [
    ...bootLines(config.posture),
    `${config.servers.length === 1 ? "1 server" : `${config.servers.length} servers`} in ${config.source}`,
    ...table,
    `records in ${config.auditPath}${anchorsText(config.audit.anchors.length)}`,
    ...(config.detectors.length === 0
      ? []
      : [
          `${config.detectors.length} of your own ${config.detectors.length === 1 ? "detector" : "detectors"}, beside those that ship`,
        ]),
    ...config.policies.map(
      ({ policy, file, rules, mode }) =>
        `policy ${policy} of ${file}: ${rules.length} ${rules.length === 1 ? "rule" : "rules"}${mode === "enforce" ? "" : `, ${mode}`}`,
    ),
    loopsText(config.loops, config.posture.actions.high_risk.action),
    "ok: a start would succeed.",
    "",
  ].join("\n");
}

function anchorsText(count: number): string {
  return count === 0 ? "" : `; checkpoints also go to ${count === 1 ? "1 anchor" : `${count} anchors`}`;
}

function connectorText({ connector, connectorBy }: ServerConfig): string {
  if (connector === undefined) return "generic unless its tools tell";
  return connectorBy === "config"
    ? connector.connector
    : `${connector.connector} (by ${connectorBy ?? "tools"})`;
}

interface CheckReport {
  readonly ok: boolean;
  readonly problems: readonly Problem[];
  readonly profile?: string;
  readonly actions?: Posture["actions"];
  readonly servers?: readonly object[];
  readonly loops?: LoopLimits;
  readonly audit?: string;
}

/** No command, address, header or variable: the report may be pasted into a ticket. */
function asJson(config: Config | undefined, problems: readonly Problem[]): CheckReport {
  const ok = problems.length === 0;
  if (config === undefined) return { ok, problems };
  return {
    ok,
    problems,
    profile: config.posture.profile,
    actions: config.posture.actions,
    servers: config.servers.map((server) => ({
      name: server.name,
      transport: server.transport.kind,
      connector: server.connector?.connector ?? null,
      by: server.connectorBy ?? null,
      limits: server.limits,
    })),
    loops: config.loops,
    audit: config.auditPath,
  };
}
