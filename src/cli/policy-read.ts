/** What the commands on policies have in common: which files are meant, and what is told of them. */
import { loadBuiltin } from "../config/builtin.js";
import { loadConfig, type Config } from "../config/load.js";
import { detectorIds } from "../config/own-detectors.js";
import { loadPolicies } from "../config/policies.js";
import { loadPosture } from "../config/posture.js";
import type { Engine } from "../detect/engine.js";
import type { ExceptionSpec } from "../policy/exceptions.js";
import type { Problem } from "../policy/problem.js";
import { compilePolicies } from "../policy/rules/policies.js";
import type { PolicySpec } from "../policy/rules/spec.js";
import type { Env } from "../policy/variables.js";
import type { Bench } from "./policy-try.js";

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

export interface Given {
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
export function readAll({ files, config: file }: Given, io: PolicyIo): Read {
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

/** Policies that are sound, and what they are tried with; undefined when they are not, which was said. */
export async function benchOf(
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

export function problemText(mark: string, { message, file, path, fix }: Problem): string {
  const where = [file, path].filter((part) => part !== undefined && part !== "").join(" ");
  return `${[`${mark} ${message}`, where && `  at ${where}`, fix && `  fix: ${fix}`].filter(Boolean).join("\n")}\n`;
}

export function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}
