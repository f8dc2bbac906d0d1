/** The gates without a store: what would be decided of a call, for tests of policies and for explaining them. */
import type { ServerConfig } from "../config/load.js";
import type { Call, Verdict } from "../model/call.js";
import type { Json } from "../model/json.js";
import { NO_SESSION, type SessionFacts } from "../model/session.js";
import type { Tried } from "../policy/rules/policies.js";
import { scanArguments } from "./arguments.js";
import { checkInput } from "./check-input.js";
import { checkOutput } from "./check-output.js";
import type { GateParts, OutputVerdict } from "./parts.js";
import { policyInput } from "./policy.js";
import { scanResult, measure } from "./result.js";
import { NOTHING, type Against } from "./standing.js";
import { isToolError, type Told } from "./outcome.js";

/** What deciding needs, and recording does not. */
export type TryParts = Omit<GateParts, "audit" | "log" | "pins" | "loops" | "definition">;

const NO_FINDINGS: readonly [] = [];

function whole(parts: TryParts): GateParts {
  return { ...parts, pins: { findings: () => NO_FINDINGS } } as unknown as GateParts;
}

export interface TriedCall {
  readonly input: Verdict<Call>;
  readonly output?: OutputVerdict;
  readonly rules: readonly Tried[];
}

/** `result`: what the call would answer. */
export function tryCall(
  parts: TryParts,
  call: Call,
  result: Json | undefined,
  session: SessionFacts = NO_SESSION,
): TriedCall {
  const against: Against = { ...NOTHING, session: () => session };
  const input = checkInput(whole(parts), call, against);
  const rules = [...traceInput(parts, call, against)];
  if (result === undefined) return { input, rules };
  const text = JSON.stringify(result);
  const told: Told = { body: "result", text, value: result, bytes: Buffer.byteLength(text) };
  const output = checkOutput(whole(parts), call, told, { constraints: input.decision.constraints, against });
  return { input, output, rules: [...rules, ...traceOutput(parts, call, told, against)] };
}

function traceInput(parts: TryParts, call: Call, against: Against): readonly Tried[] {
  const findings = scanArguments(parts.engine, connectorOf(parts, call), call);
  return parts.policies.trace(
    policyInput(parts, call, { phase: "input", findings, against, changed: false }),
  );
}

function traceOutput(parts: TryParts, call: Call, told: Told, against: Against): readonly Tried[] {
  const { findings } = scanResult(parts.engine, call, told);
  const { rows } = measure(parts.server(call.server), told);
  const result = { rows: rows.received, bytes: told.bytes, isError: isToolError(told) };
  return parts.policies.trace(
    policyInput(parts, call, { phase: "output", findings, against, changed: false, result }),
  );
}

function connectorOf({ server }: TryParts, call: Call): ServerConfig["connector"] {
  return server(call.server).connector;
}
