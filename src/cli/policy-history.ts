/** `sallyport policy snapshots|diff|rollback`: what was in force, what it would change, and the way back. */
import { dirname, resolve } from "node:path";
import { openAudit } from "../audit/log.js";
import { findCall } from "../audit/search.js";
import { activations, readSnapshot, type Snapshot } from "../audit/snapshots.js";

import { detectorIds, detectorsWith } from "../config/own-detectors.js";
import { readJsonFile } from "../config/json-file.js";
import { loadConfig, resolveAudit, type Config } from "../config/load.js";
import { loadPolicies, restorePolicies } from "../config/policies.js";
import { loadPosture } from "../config/posture.js";
import { snapshotText } from "../config/snapshot.js";
import { traceRecorded } from "../gate/simulate.js";
import { SallyportError } from "../model/errors.js";
import type { JsonObject } from "../model/json.js";
import type { Problem } from "../policy/problem.js";
import { compilePolicies } from "../policy/rules/policies.js";
import { openStore } from "../store/sqlite.js";
import type { Store } from "../store/store.js";
import { UsageError } from "./audit-args.js";
import { diffSides, diffText, rulesOf, type Side } from "./policy-diff.js";
import { planRollback, type Restoring } from "./policy-rollback.js";
import { runTest } from "./policy-try.js";
import type { PolicyIo } from "./policy-read.js";
import { table } from "./table.js";

/** What the command line says. `names` are snapshots, or the word for the configuration as it stands. */
export interface HistoryArgs {
  readonly names: readonly string[];
  readonly config: string | undefined;
  readonly since: number | undefined;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly reason: string | undefined;
}

/** Snapshots are hashes; this is no hash. */
const NOW = "now";

const shown = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

export async function snapshots(args: HistoryArgs, io: PolicyIo): Promise<number> {
  const all = await reading(storePath(args, io), activations);
  if (args.json) io.write(`${JSON.stringify(all, null, 2)}\n`);
  else if (all.length === 0) io.say("nothing was ever in force\n");
  else
    io.write(
      table(
        [
          { title: "SNAPSHOT", text: (each) => each.snapshot.slice(0, 12) },
          { title: "IN FORCE SINCE", text: (each) => shown(each.time) },
          { title: "POLICIES", text: (each) => each.policies.join(", ") || "none" },
        ],
        all,
      ),
    );
  return 0;
}

/** Without names: what is in force, and what the configuration would put in force. With one: from there. */
export async function diff(args: HistoryArgs, io: PolicyIo): Promise<number> {
  if (args.names.length > 2) throw new UsageError("diff compares two snapshots");
  const path = storePath(args, io);
  const [from, to] = await reading(path, (store) => {
    const latest = activations(store)[0]?.snapshot;
    const { names } = args;
    if (latest === undefined)
      throw new UsageError("nothing was ever in force: there is nothing to compare with");
    return [sideOf(names[0] ?? latest, store, args, io), sideOf(names[1] ?? NOW, store, args, io)] as const;
  });
  const store = openStore(path, { readonly: true });
  try {
    const made = await diffSides(store, from, to, args.since);
    io.write(args.json ? `${JSON.stringify(made, null, 2)}\n` : diffText(made));
    return 0;
  } finally {
    await store.close();
  }
}

function sideOf(name: string, store: Store, args: HistoryArgs, io: PolicyIo): Side {
  if (name !== NOW) {
    const { snapshot, bundle } = readSnapshot(store, name);
    return { label: snapshot.slice(0, 12), bundle };
  }
  const config = theConfig(args, io);
  const text = snapshotText({ ...config, detectors: detectorsWith(config.detectors).deciding });
  return {
    label: `${args.config ?? "mcp.config.json"} as it stands`,
    bundle: JSON.parse(text) as JsonObject,
  };
}

/** What each rule made of a recorded call, under the snapshot that its decision names. Undefined when there is no such. */
export async function explainDecision(id: string, config: string | undefined, io: PolicyIo) {
  const path = storePath({ config }, io);
  const store = openStore(path, { readonly: true });
  try {
    const found = findCall(store, id);
    if (found === undefined) return undefined;
    const { call, gates } = found;
    const { policies, posture } = await rulesOf({
      label: "",
      bundle: readSnapshot(store, call.snapshot).bundle,
    });
    const rules = [...gates.input.rules, ...(gates.output?.rules ?? [])];
    return { call, rules, tried: traceRecorded(policies, posture, gates) };
  } finally {
    await store.close();
  }
}

/** Writes the policy files of a snapshot back, if they still load and pass their tests. 1 when they do not. */
export async function rollback(args: HistoryArgs, io: PolicyIo): Promise<number> {
  const [name] = args.names;
  if (name === undefined || args.names.length > 1) throw new UsageError("rollback takes one snapshot");
  const path = storePath(args, io);
  const { target, latest } = await reading(path, (store) => {
    const newest = activations(store)[0]?.snapshot;
    return {
      target: readSnapshot(store, name),
      latest: newest === undefined ? undefined : readSnapshot(store, newest),
    };
  });
  const file = args.config ?? "mcp.config.json";
  const base = dirname(resolve(io.cwd, file));
  const { config } = loadConfig({ cwd: io.cwd, env: io.env, file });
  const configured = config === undefined ? namesIn(file, io) : config.policyTexts.map((each) => each.file);
  // A configuration that does not load, because of its policies, is what a rollback is for.
  const servers = config?.servers.map((each) => each.name) ?? [];
  const known = { detectors: detectorIds(config), servers, anyServer: config === undefined };
  const { texts: now } = loadPolicies(configured, base, known);
  const plan = planRollback(target, now, configured, known);
  const faults = await faultsOf(plan, config, io);
  for (const each of faults) io.say(`✗ ${each}\n`);
  if (faults.length > 0) {
    io.say("nothing was written: these policies would not be accepted today\n");
    return 1;
  }
  const names = plan.files.map((each) => each.file);
  if (names.length === 0) {
    io.say(`the policy files are those of snapshot ${target.snapshot.slice(0, 12)} already\n`);
    return 0;
  }
  if (args.dryRun) {
    io.write(names.map((each) => `would write ${each}\n`).join(""));
    return 0;
  }
  const copies = restorePolicies(plan.files, latest?.files ?? [], base);
  await record(path, target, args, io);
  for (const each of names) io.write(`wrote ${each}\n`);
  for (const copy of copies) io.say(`what stood there was never in force; it is kept as ${copy}\n`);
  io.say("Running proxies reload by themselves.");
  io.say(latest === undefined ? "\n" : ` Back: sallyport policy rollback ${latest.snapshot.slice(0, 12)}\n`);
  return 0;
}

async function faultsOf({ read }: Restoring, config: Config | undefined, io: PolicyIo): Promise<string[]> {
  const { policies, problems } = await compilePolicies(read.policies);
  const told = ({ message, file, path }: Problem): string =>
    [message, file, path].filter((part) => part !== undefined && part !== "").join(", ");
  const wrong = [...read.problems, ...problems].map(told);
  if (wrong.length > 0) return wrong;
  const posture = config?.posture ?? loadPosture({ SALLYPORT_PROFILE: "dev" });
  const { exceptions } = read;
  const bench = {
    posture,
    servers: config?.servers ?? [],
    exceptions,
    policies,
    engine: io.engine(config?.detectors),
  };
  const runs = read.policies.flatMap((policy) => policy.tests.map((test) => runTest(bench, policy, test)));
  return runs.flatMap(({ policy, name, faults }) =>
    faults.map((fault) => `${policy}: the test "${name}" fails: ${fault}`),
  );
}

async function record(
  path: string,
  { snapshot }: Snapshot,
  { reason }: HistoryArgs,
  io: PolicyIo,
): Promise<void> {
  const audit = await openAudit({ path, version: io.version });
  try {
    const by = { id: `local:${io.user}`, how: "os_user" } as const;
    const why = reason !== undefined && { reason };
    await audit.appendControls(() => [{ event: "policies_restored", target: {}, by, snapshot, ...why }]);
  } finally {
    await audit.close();
  }
}

/** The names of policy files in a configuration that does not load. */
function namesIn(file: string, io: PolicyIo): readonly string[] {
  const { value, problem } = readJsonFile(resolve(io.cwd, file), file);
  if (value === undefined) throw new SallyportError("config_invalid", problem?.message ?? `no ${file}`);
  const names = value["policies"];
  return Array.isArray(names) ? (names as readonly string[]).filter((each) => typeof each === "string") : [];
}

function theConfig({ config: file }: HistoryArgs, io: PolicyIo): Config {
  const { config, problems } = loadConfig({ cwd: io.cwd, env: io.env, ...(file !== undefined && { file }) });
  if (config !== undefined) return config;
  const [first] = problems;
  throw new SallyportError("config_invalid", first?.message ?? "no configuration", first ?? {});
}

function storePath({ config: file }: Pick<HistoryArgs, "config">, io: PolicyIo): string {
  const { path } = resolveAudit({ cwd: io.cwd, env: io.env, ...(file !== undefined && { file }) });
  if (path === undefined) throw new UsageError("the configuration names no audit store that can be read");
  return path;
}

async function reading<T>(path: string, work: (store: Store) => T): Promise<T> {
  const store = openStore(path, { readonly: true });
  try {
    return work(store);
  } finally {
    await store.close();
  }
}
