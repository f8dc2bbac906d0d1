import { inferRole } from "../detect/roles.js";
import type { Call } from "../model/call.js";
import type { Role } from "../model/nouns.js";
import type { Connector } from "../model/posture.js";
import { compileGlobs } from "../policy/glob.js";
import { roleOf } from "../policy/operations.js";

/** Roles of arguments that leave for other people or other machines. */
const LEAVING: ReadonlySet<Role> = new Set(["message", "url"]);

const compiled = new WeakMap<object, (tool: string) => boolean>();

/** Whether the call can carry data out of the house. */
export function sendsOut(connector: Connector | undefined, call: Call): boolean {
  // Resources and prompts are read; a question to the user stays at home.
  if (call.method !== undefined) return false;
  const egress = connector?.egress ?? "arguments";
  if (typeof egress === "boolean") return egress;
  if (egress === "execute") return call.operation === "execute";
  if (egress === "arguments") return hasLeaving(connector, call);
  const known = compiled.get(egress) ?? compileGlobs(egress);
  compiled.set(egress, known);
  return known(call.tool);
}

function hasLeaving(connector: Connector | undefined, { tool, args }: Call): boolean {
  const declared = connector === undefined ? undefined : roleOf(connector, tool);
  return Object.entries(args).some(([key, value]) => {
    const role =
      declared?.(`/${key}`, key) ?? inferRole("input", key, typeof value === "string" ? value : "");
    return LEAVING.has(role);
  });
}
