/** What the policies make of one call: facts for their conditions, and the obligations of those that speak. */
import type { ServerConfig } from "../config/load.js";
import { limitSql } from "../detect/sql/limit.js";
import type { Call, Constraints, Finding } from "../model/call.js";
import type { JsonObject } from "../model/json.js";
import type { Phase } from "../model/nouns.js";
import type { Posture } from "../model/posture.js";
import { judge } from "../policy/judge.js";
import { brokenArguments, mergeConstraints } from "../policy/rules/constraints.js";
import type { Facts } from "../policy/rules/facts.js";
import type { HeldByRule, Policies, PolicyInput, PolicyVerdict } from "../policy/rules/policies.js";
import { mended } from "../policy/rules/remedy.js";
import { replaceMembers } from "./replace.js";
import type { Against } from "./standing.js";
import { sqlArguments, sqlFactsOf } from "./sql-arguments.js";

export interface PolicyParts {
  readonly policies: Policies;
  readonly posture: Posture;
  readonly server: (name: string) => ServerConfig;
}

/** What is known at one gate. */
export interface Known {
  readonly phase: Phase;
  readonly findings: readonly Finding[];
  /** Read only when a condition asks: few do. */
  readonly against: Pick<Against, "session">;
  /** The tool's definition is not the one that is trusted. */
  readonly changed: boolean;
  readonly result?: { readonly rows: number; readonly bytes: number; readonly isError: boolean };
}

export function policyInput(
  { posture, server }: Omit<PolicyParts, "policies">,
  call: Call,
  known: Known,
): PolicyInput {
  const { connector } = server(call.server);
  return {
    phase: known.phase,
    upward: call.upward === true,
    call: { ...call, categories: new Set(known.findings.map(({ category }) => category)) },
    facts: () => factsOf(call, known, posture, connector),
  };
}

/** The verdict at the input gate, with what the call cannot comply with held against it. Undefined without policies. */
export function judgeCall(parts: PolicyParts, call: Call, known: Known): PolicyVerdict | undefined {
  if (parts.policies.empty) return undefined;
  const verdict = parts.policies.evaluate(policyInput(parts, call, known));
  const broken = [...brokenConstraints(parts, call, verdict), ...unmendable(parts, call, verdict)];
  return broken.length === 0 ? verdict : { ...verdict, held: [...verdict.held, ...broken] };
}

/** The verdict on a result. Its constraints stand apart: what is not over them is not cut. */
export function judgeResult(
  parts: PolicyParts,
  call: Call,
  known: Known,
): { readonly verdict: PolicyVerdict; readonly constraints: Constraints | undefined } | undefined {
  if (parts.policies.empty) return undefined;
  const { constraints, ...verdict } = parts.policies.evaluate(policyInput(parts, call, known));
  return { verdict, constraints };
}

export function tighter(
  one: Constraints | undefined,
  other: Constraints | undefined,
): Constraints | undefined {
  return one === undefined || other === undefined ? (one ?? other) : mergeConstraints(one, other);
}

/** The call as the rules' remedies leave it. */
export function mendCall(
  parts: Pick<PolicyParts, "server">,
  call: Call,
  verdict: PolicyVerdict | undefined,
): Call {
  if (verdict?.remedy === undefined) return call;
  const { args, changed } = apply(parts, call, verdict.remedy);
  if (changed.length === 0) return call;
  const argsText = replaceMembers(
    call.argsText,
    Object.fromEntries(changed.map((name) => [name, args[name]!])),
  );
  return { ...call, argsText, args: JSON.parse(argsText) as JsonObject };
}

function apply(
  { server }: Pick<PolicyParts, "server">,
  call: Call,
  remedy: NonNullable<PolicyVerdict["remedy"]>,
) {
  const { connector } = server(call.server);
  const sql = remedy.sql_limit === undefined ? [] : sqlArguments(connector, call).map(({ name }) => name);
  // SQL inside of a list or an object is among them: what is not plain text cannot be bounded, and is not run.
  return mended(remedy, call.args, [...new Set(sql)], limitSql);
}

function unmendable(parts: PolicyParts, call: Call, { remedy, rules }: PolicyVerdict): HeldByRule[] {
  if (remedy === undefined) return [];
  const { failed } = apply(parts, call, remedy);
  if (failed.length === 0) return [];
  const source = rules.find(({ action }) => action === "redact")?.source ?? "policy";
  return [
    against(
      "not_remediable",
      source,
      "A rule makes this call safer before it runs, and that cannot be done with what it holds",
      `Make ${failed.join(", ")} plain: one SELECT with a LIMIT, or a number.`,
    ),
  ];
}

function brokenConstraints(parts: PolicyParts, call: Call, verdict: PolicyVerdict): HeldByRule[] {
  const { constraints, rules } = verdict;
  if (constraints === undefined) return [];
  const source = rules.find(({ action }) => action === "warn")?.source ?? "policy";
  const held: HeldByRule[] = [];
  if (constraints.read_only === true) {
    const sql = sqlFactsOf(parts.server(call.server).connector, call);
    const reads = sql.present ? sql.read_only : call.operation === "query";
    if (!reads)
      held.push(
        against(
          "read_only",
          source,
          sql.present
            ? "Only reading is allowed here, and this SQL changes something or cannot be told"
            : "Only reading is allowed here",
          sql.present ? "Use one plain SELECT." : "Use a tool that only reads.",
        ),
      );
  }
  if (constraints.arguments !== undefined) {
    const broken = brokenArguments(constraints.arguments, call.args, parts.policies.matchesWhole);
    if (broken.length > 0)
      held.push(
        against(
          "argument_not_allowed",
          source,
          `The value of ${broken.join(", ")} is not one that a rule allows`,
          `Change ${broken.join(", ")}: the policy says what it may be.`,
        ),
      );
  }
  return held;
}

function against(type: string, source: string, says: string, change: string): HeldByRule {
  return {
    detector: `constraint.${type}`,
    category: "high_risk",
    type,
    severity: "high",
    pointer: "",
    span: [0, 0],
    role: "text",
    says,
    change,
    retry: "changed",
    source,
    action: "block",
  };
}

function factsOf(call: Call, known: Known, posture: Posture, connector: ServerConfig["connector"]): Facts {
  const { principal } = call;
  const session = known.against.session();
  return {
    server: call.server,
    connector: call.connector,
    environment: call.environment ?? "",
    operation: call.operation,
    client: call.client ?? "",
    principal: {
      id: principal.id,
      how: principal.how,
      team: principal.team ?? "",
      roles: principal.roles ?? [],
    },
    tool: { name: call.tool, changed: known.changed },
    args: call.args,
    sql: sqlFactsOf(connector, call),
    findings: known.findings.map((finding) => {
      const { detector, category, type, severity, pointer, action } = judge(finding, posture);
      return { detector, category, type, severity, pointer, action };
    }),
    session: {
      calls: BigInt(session.calls),
      denied: BigInt(session.denied),
      errors: BigInt(session.errors),
      seen: [...session.seen.keys()],
    },
    ...(known.result !== undefined && {
      result: {
        rows: BigInt(known.result.rows),
        bytes: BigInt(known.result.bytes),
        is_error: known.result.isError,
      },
    }),
    now: new Date(),
  };
}
