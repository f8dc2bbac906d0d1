import type { Call } from "../model/call.js";
import type { Phase } from "../model/nouns.js";
import type { DecideInput } from "../policy/decide.js";
import type { GateParts } from "./parts.js";

/** Which findings the exceptions in force leave out, of this call, at this gate, now. */
export function exceptIn(parts: GateParts, call: Call, phase: Phase): NonNullable<DecideInput["except"]> {
  const now = Date.now();
  const at = { server: call.server, tool: call.tool, phase };
  return (finding) => parts.exempt(finding, at, now);
}
