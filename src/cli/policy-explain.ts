import { isObject, type JsonObject } from "../model/json.js";
import type { Tried } from "../policy/rules/policies.js";
import { UsageError } from "./audit-args.js";
import { benchOf, type Given, type PolicyIo } from "./policy-read.js";
import { strictest, tryOn } from "./policy-try.js";

/** `policy explain`: why a call, described in a file or on record, is decided so. */
export async function explain(given: Given, file: string, io: PolicyIo): Promise<number> {
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
