import { canonicalJson } from "../model/canonical.js";
import type { LoopLimits, Posture } from "../model/posture.js";
import type { ExceptionSpec } from "../policy/exceptions.js";
import type { PolicySpec } from "../policy/rules/spec.js";
import type { ServerConfig } from "./types.js";

/**
 * Canonical text of everything that decides: posture, servers with connector and limits, detector rules, exceptions, loops. Commands,
 * headers and variables do not decide and may hold secrets: they stay out.
 */
export function snapshotText(input: {
  readonly posture: Posture;
  readonly servers: readonly ServerConfig[];
  readonly rules: readonly unknown[];
  readonly exceptions: readonly ExceptionSpec[];
  readonly loops: LoopLimits;
  readonly policies: readonly PolicySpec[];
}): string {
  const servers = input.servers.map(({ name, connector, limits, environment }) => ({
    name,
    // The order of operations decides, and sorting keys would lose it.
    connector:
      connector === undefined ? null : { ...connector, operations: Object.entries(connector.operations) },
    limits,
    environment,
  }));
  const { posture, rules, exceptions, loops } = input;
  // Neither tests nor the order of files and rules decide anything.
  const policies = input.policies
    .map((policy) => ({ ...policy, tests: undefined, rules: policy.rules.toSorted(byName) }))
    .toSorted((a, b) => (a.policy < b.policy ? -1 : 1));
  return canonicalJson({ posture, servers, rules, exceptions, loops, policies });
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
