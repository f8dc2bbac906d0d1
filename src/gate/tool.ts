import type { Call, Finding } from "../model/call.js";
import { reviewSentence } from "../pins/words.js";
import type { DecideInput } from "../policy/decide.js";
import type { GateParts } from "./parts.js";

/** What the tool itself carries, for `decide`; undefined when there is nothing. */
export function definitionOf(parts: GateParts, call: Call): DecideInput["definition"] {
  const findings = toolFindings(parts, call);
  return findings.length === 0 ? undefined : { findings, review: reviewSentence(call.server, call.tool) };
}

const NONE: readonly Finding[] = [];

/** Findings in the definition of the tool, and that it has changed; none for what is no tool call. */
export function toolFindings({ pins }: GateParts, call: Call): readonly Finding[] {
  return call.method === undefined ? pins.findings(call.server, call.tool) : NONE;
}
