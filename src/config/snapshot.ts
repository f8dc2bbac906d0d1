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
  /** Canonical JSON of the detectors, ready-made: it is the most of all this, and the same at every start. */
  readonly detectors: string;
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
  const { posture, exceptions, loops } = input;
  // Neither tests nor the order of files and rules decide anything.
  const policies = input.policies
    .map((policy) => ({ ...policy, tests: undefined, rules: policy.rules.toSorted(byName) }))
    .toSorted((a, b) => (a.policy < b.policy ? -1 : 1));
  const [before, after] = [
    canonicalJson({ exceptions, loops, policies, posture }),
    canonicalJson({ servers }),
  ];
  return `${before.slice(0, -1)},"rules":${input.detectors},${after.slice(1)}`;
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
