/** A policy file, from parsed YAML to checked rules. Nothing in it is ignored: what nobody reads is refused. */
import type { Constraints } from "../model/call.js";
import type { Json } from "../model/json.js";
import { CATEGORIES, DECISIONS, PHASES, type DecisionWord, type Phase } from "../model/nouns.js";
import type { ExceptionSpec } from "../policy/exceptions.js";
import {
  DEFAULTS,
  MATCH_KEYS,
  MODES,
  type Default,
  type MatchSpec,
  type Mode,
  type PolicySpec,
  type Remedy,
  type RuleSpec,
} from "../policy/rules/spec.js";
import { readExceptions, type KnownNames } from "./exceptions.js";
import { DEFAULT_EXPIRY_MS, readApproval, readConstraints, readRemedy } from "./policy-parts.js";
import { readTests } from "./policy-tests.js";
import type { Reader } from "./reader.js";

export const POLICY_KEYS = [
  "policy",
  "owner",
  "describe",
  "mode",
  "default",
  "rules",
  "exceptions",
  "tests",
] as const;
export const RULE_KEYS = [
  "id",
  "match",
  "when",
  "decision",
  "constraints",
  "remediate",
  "approval",
  "reason",
  "change",
  "category",
  "mode",
] as const;

const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Problems go to the reader; a file with problems is no policy. */
export function readPolicy(
  reader: Reader,
  value: Json,
  known: KnownNames,
): { readonly policy: PolicySpec; readonly exceptions: readonly ExceptionSpec[] } | undefined {
  const before = reader.problems.length;
  const file = reader.object(value, "");
  if (file === undefined) return undefined;
  reader.keys(file, "", POLICY_KEYS);
  const policy = named(reader, file["policy"], "policy", "name the policy, such as prod-safety");
  const owner = reader.string(file["owner"], "owner");
  if (file["owner"] === undefined) reader.problem("owner", "a policy that nobody answers for", "add owner:");
  reader.string(file["describe"], "describe");
  const mode = reader.oneOf(file["mode"], "mode", MODES) ?? "enforce";
  const fallback = readDefault(reader, file["default"]);
  const rules = readRules(reader, file["rules"], policy ?? "", mode);
  const exceptions = readExceptions(reader, file["exceptions"], known);
  const tests = readTests(reader, file["tests"]);
  const speaks =
    rules.length > 0 || exceptions.length > 0 || fallback.input !== "allow" || fallback.output !== "allow";
  if (reader.problems.length === before && !speaks)
    // Loaded, and deciding nothing: it would look like protection.
    reader.problem("rules", "a policy without a rule", "add a rule, or remove the file");
  if (reader.problems.length > before || policy === undefined || owner === undefined) return undefined;
  return { policy: { policy, owner, file: reader.file, mode, default: fallback, rules, tests }, exceptions };
}

function named(reader: Reader, value: Json | undefined, path: string, fix: string): string | undefined {
  const text = reader.string(value, path);
  if (value === undefined) return reader.problem(path, "a name is missing", fix);
  if (text !== undefined && !NAME.test(text))
    return reader.problem(path, `"${text}" is no name`, "use a–z, 0–9, _ and -, at most 64");
  return text;
}

function readDefault(reader: Reader, value: Json | undefined): Readonly<Record<Phase, Default>> {
  const map = reader.object(value, "default") ?? {};
  reader.keys(map, "default", PHASES);
  const input = reader.oneOf(map["input"], "default.input", DEFAULTS) ?? "allow";
  const output = reader.oneOf(map["output"], "default.output", ["allow", "deny"] as const) ?? "allow";
  return { input, output };
}

function readRules(reader: Reader, value: Json | undefined, policy: string, mode: Mode): RuleSpec[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    reader.problem("rules", "expected a list of rules", "write rules: [{ id, match, decision, reason }]");
    return [];
  }
  const rules = (value as readonly Json[]).flatMap(
    (raw, at) => readRule(reader, raw, `rules[${at}]`, policy, mode) ?? [],
  );
  const twice = rules.find(({ name }, at) => rules.findIndex((each) => each.name === name) < at);
  if (twice !== undefined)
    reader.problem("rules", `two rules are called "${twice.name}"`, "give each an id of its own");
  return rules;
}

function readRule(reader: Reader, raw: Json, path: string, policy: string, mode: Mode): RuleSpec | undefined {
  const before = reader.problems.length;
  const rule = reader.object(raw, path);
  if (rule === undefined) return undefined;
  reader.keys(rule, path, RULE_KEYS);
  const id = named(reader, rule["id"], `${path}.id`, "give the rule an id: records and people name it");
  const { match, phase } = readMatch(reader, rule["match"], `${path}.match`);
  const when = reader.string(rule["when"], `${path}.when`);
  const decision = reader.oneOf(rule["decision"], `${path}.decision`, DECISIONS);
  if (rule["decision"] === undefined)
    reader.problem(
      `${path}.decision`,
      "a rule that decides nothing",
      `set decision: ${DECISIONS.join(", ")}`,
    );
  const reason = reader.string(rule["reason"], `${path}.reason`);
  if (rule["reason"] === undefined && decision !== "allow")
    reader.problem(`${path}.reason`, "a rule without a reason", "say why, in words for whoever is refused");
  const change = reader.string(rule["change"], `${path}.change`);
  const category = reader.oneOf(rule["category"], `${path}.category`, CATEGORIES) ?? "high_risk";
  const own = reader.oneOf(rule["mode"], `${path}.mode`, MODES);
  const constraints = readConstraints(reader, rule["constraints"], `${path}.constraints`);
  const remediate = readRemedy(reader, rule["remediate"], `${path}.remediate`);
  const approval = readApproval(reader, rule["approval"], `${path}.approval`);
  if (decision !== undefined) fits(reader, path, decision, phase, { constraints, remediate, approval });
  if (reader.problems.length > before || id === undefined || decision === undefined) return undefined;
  return {
    name: `${policy}/${id}`,
    phase,
    match,
    decision,
    reason: reason ?? "",
    category,
    mode: weaker(mode, own ?? "enforce"),
    ...(when !== undefined && { when }),
    ...(change !== undefined && { change }),
    ...(constraints !== undefined && { constraints }),
    ...(remediate !== undefined && { remediate }),
    ...(decision === "require_approval" && {
      approval: approval ?? { approvers: [], not_requester: false, quorum: 1, expires: DEFAULT_EXPIRY_MS },
    }),
  };
}

/** A file in shadow has no rule that enforces; a rule may still be off. */
function weaker(file: Mode, rule: Mode): Mode {
  return MODES[Math.max(MODES.indexOf(file), MODES.indexOf(rule))] ?? "off";
}

function fits(
  reader: Reader,
  path: string,
  decision: DecisionWord,
  phase: Phase,
  given: {
    readonly constraints: Constraints | undefined;
    readonly remediate: Remedy | undefined;
    readonly approval: object | undefined;
  },
): void {
  const wanted = {
    constraints: decision === "allow_with_constraints",
    remediate: decision === "remediate",
    approval: decision === "require_approval",
  };
  for (const key of ["constraints", "remediate", "approval"] as const) {
    if (given[key] !== undefined && !wanted[key])
      reader.problem(
        `${path}.${key}`,
        `${key} says nothing under decision ${decision}`,
        `remove it, or change the decision`,
      );
    if (given[key] === undefined && wanted[key] && key !== "approval")
      reader.problem(`${path}.${key}`, `${decision} without ${key}`, `add ${key}:`);
  }
  if (phase === "input") return;
  if (decision === "require_approval")
    reader.problem(
      `${path}.decision`,
      "the call has run by then: nobody can approve it any more",
      "ask at the input gate",
    );
  const { timeout, read_only: readOnly, arguments: args, rate } = given.constraints ?? {};
  if ([timeout, readOnly, args, rate].some((each) => each !== undefined))
    reader.problem(
      `${path}.constraints`,
      "only max_rows and max_bytes can bound a result",
      "move the others to a rule of the input gate",
    );
  const { set, cap, sql_limit: limit } = given.remediate ?? {};
  if ([set, cap, limit].some((each) => each !== undefined))
    reader.problem(
      `${path}.remediate`,
      "the call has run by then: only redact can mend a result",
      "move the others to a rule of the input gate",
    );
}

function readMatch(
  reader: Reader,
  value: Json | undefined,
  path: string,
): { match: MatchSpec; phase: Phase } {
  const map = reader.object(value, path) ?? {};
  reader.keys(map, path, [...MATCH_KEYS, "phase"]);
  const phase = reader.oneOf(map["phase"], `${path}.phase`, PHASES) ?? "input";
  const match: Partial<Record<keyof MatchSpec, readonly string[]>> = {};
  for (const key of MATCH_KEYS) {
    const given = map[key];
    if (given === undefined) continue;
    const names = typeof given === "string" ? [given] : reader.strings(given, `${path}.${key}`);
    if (names === undefined) continue;
    if (names.length === 0 || names.includes(""))
      reader.problem(`${path}.${key}`, "an empty list matches nothing", "name something, or remove the key");
    const closed: readonly string[] | undefined =
      key === "operation" ? ["query", "execute"] : key === "category" ? CATEGORIES : undefined;
    if (closed !== undefined) for (const name of names) reader.oneOf(name, `${path}.${key}`, closed);
    match[key] = names;
  }
  return { match, phase };
}
