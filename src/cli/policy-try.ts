/** Runs a policy's own tests, and single calls, through the gates. */
import { loadBuiltin } from "../config/builtin.js";
import { pretendServer } from "../config/pretend.js";
import type { ServerConfig } from "../config/load.js";
import type { Engine } from "../detect/engine.js";
import { tryCall, type TriedCall, type TryParts } from "../gate/try.js";
import type { Call, Principal } from "../model/call.js";
import { SallyportError } from "../model/errors.js";
import { isObject, type Json, type JsonObject } from "../model/json.js";
import { CATEGORIES, DECISIONS } from "../model/nouns.js";
import { NO_SESSION, type SessionFacts } from "../model/session.js";
import type { Posture } from "../model/posture.js";
import { compileExceptions, type ExceptionSpec } from "../policy/exceptions.js";
import { operationOf } from "../policy/operations.js";
import { nearest } from "../policy/problem.js";
import type { Policies } from "../policy/rules/policies.js";
import type { PolicySpec, PolicyTest } from "../policy/rules/spec.js";

export interface Bench {
  readonly posture: Posture;
  readonly servers: readonly ServerConfig[];
  readonly exceptions: readonly ExceptionSpec[];
  readonly policies: Policies;
  readonly engine: Engine;
}

const CALL_KEYS = [
  "server",
  "connector",
  "environment",
  "tool",
  "operation",
  "args",
  "principal",
  "client",
  "session",
];

/** Tries one call, as a test or a file describes it. Throws SallyportError `config_invalid` for one that is none. */
export function tryOn(bench: Bench, described: JsonObject, result: Json | undefined): TriedCall {
  const { call, server } = callOf(bench, described);
  const { posture, policies, engine } = bench;
  const parts: TryParts = {
    engine,
    posture,
    policies,
    snapshot: "",
    exempt: compileExceptions(bench.exceptions),
    advise: () => undefined,
    server: () => server,
  };
  return tryCall(parts, call, result, sessionOf(described["session"]));
}

export interface TestRun {
  readonly policy: string;
  readonly file: string;
  readonly name: string;
  /** What was otherwise than expected; none: it passed. */
  readonly faults: readonly string[];
  /** Rules that spoke. */
  readonly spoke: readonly string[];
}

export function runTest(
  bench: Bench,
  policy: Pick<PolicySpec, "policy" | "file">,
  test: PolicyTest,
): TestRun {
  const head = { policy: policy.policy, file: policy.file, name: test.name };
  let tried: TriedCall;
  try {
    tried = tryOn(bench, test.call, test.result);
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    return { ...head, faults: [error.message], spoke: [] };
  }
  const { input, output } = tried;
  const got = strictest(tried);
  const rules = [...input.decision.rules, ...(output?.decision.rules ?? [])].map(({ rule }) => rule);
  const { decision, rule, constraints, args } = test.expect;
  const faults: string[] = [];
  if (got !== decision)
    faults.push(`expected ${decision}, got ${got}${rules.length > 0 ? ` by ${rules.join(", ")}` : ""}`);
  // Tests in a file of their own may be about several policies.
  const named = rule === undefined || rules.some((each) => each === rule || each.endsWith(`/${rule}`));
  if (!named) faults.push(`expected the rule ${rule}, which did not decide`);
  for (const [key, value] of Object.entries(constraints ?? {})) {
    const held: unknown = (input.decision.constraints as JsonObject | undefined)?.[key];
    if (JSON.stringify(held) !== JSON.stringify(value))
      faults.push(`expected ${key} ${JSON.stringify(value)}, got ${JSON.stringify(held) ?? "none"}`);
  }
  if (args !== undefined && JSON.stringify(sorted(input.subject.args)) !== JSON.stringify(sorted(args)))
    faults.push(`expected the arguments ${JSON.stringify(args)}, got ${input.subject.argsText}`);
  const spoke = tried.rules.filter(({ outcome }) => outcome === "spoke" || outcome === "condition_error");
  return { ...head, faults, spoke: spoke.map((each) => each.rule) };
}

/** The stricter of both gates'. */
export function strictest({ input, output }: TriedCall): (typeof DECISIONS)[number] {
  const words = [input.decision.decision, output?.decision.decision ?? "allow"];
  return DECISIONS[Math.max(...words.map((word) => DECISIONS.indexOf(word)))]!;
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, sorted(value[key]!)]),
  );
}

function callOf({ servers, posture }: Bench, described: JsonObject): { call: Call; server: ServerConfig } {
  const bad = (message: string, fix?: string): never => {
    throw new SallyportError("config_invalid", message, fix === undefined ? {} : { fix });
  };
  const unknown = Object.keys(described).find((key) => !CALL_KEYS.includes(key));
  if (unknown !== undefined)
    bad(`a call has no "${unknown}"; did you mean ${nearest(unknown, CALL_KEYS) ?? CALL_KEYS.join(", ")}?`);
  const text = (key: string): string | undefined => {
    const value = described[key];
    if (value === undefined || typeof value === "string") return value;
    return bad(`${key} of a call is a text`);
  };
  const name = text("server") ?? "test";
  const known = servers.find((each) => each.name === name);
  const connector = text("connector");
  const environment = text("environment") ?? known?.environment;
  const { connectors } = loadBuiltin();
  const made =
    known !== undefined && connector === undefined
      ? known
      : pretendServer(name, connector ?? "generic", environment, connectors, posture);
  const server =
    made ??
    bad(
      `no connector is called "${connector}"; did you mean ${
        nearest(
          connector ?? "",
          connectors.map((each) => each.connector),
        ) ?? "generic"
      }?`,
    );
  const tool = text("tool") ?? "query";
  const operation = text("operation");
  if (operation !== undefined && operation !== "query" && operation !== "execute")
    bad(`operation is query or execute, not "${operation}"`);
  const args = described["args"] ?? {};
  if (!isObject(args)) return bad("args of a call is an object");
  const of = server.connector;
  const call: Call = {
    id: "d_test",
    principal: principalOf(described["principal"]),
    client: text("client"),
    server: name,
    connector: of?.connector ?? "generic",
    tool,
    operation:
      operation === "query" || operation === "execute"
        ? operation
        : of === undefined
          ? "execute"
          : operationOf(of, tool),
    args,
    argsText: JSON.stringify(args),
    ...(environment !== undefined && { environment }),
  };
  return { call, server };
}

/** What the session has done before: `{ calls, denied, errors, seen: [category…] }`. */
function sessionOf(value: Json | undefined): SessionFacts {
  if (value === undefined) return NO_SESSION;
  const { calls, denied, errors, seen } = isObject(value) ? value : {};
  const listed = Array.isArray(seen) ? (seen as readonly Json[]) : [];
  const categories = CATEGORIES.filter((category) => listed.includes(category));
  const bad = !isObject(value) || listed.length !== categories.length;
  if (bad)
    throw new SallyportError(
      "config_invalid",
      "session of a call is { calls, denied, errors, seen: [category] }",
    );
  const number = (given: Json | undefined): number => (typeof given === "number" ? given : 0);
  const before = { type: "test", severity: "high", call: "d_test", server: "test", tool: "test" } as const;
  return {
    ...NO_SESSION,
    calls: number(calls),
    denied: number(denied),
    errors: number(errors),
    seen: new Map(categories.map((category) => [category, before])),
  };
}

function principalOf(value: Json | undefined): Principal {
  if (typeof value === "string") return { id: value, how: "asserted" };
  if (!isObject(value)) return { id: "local:test", how: "os_user" };
  const { id, team, roles } = value;
  return {
    id: typeof id === "string" ? id : "local:test",
    how: "asserted",
    ...(typeof team === "string" && { team }),
    ...(Array.isArray(roles) && { roles: roles as readonly string[] }),
  };
}
