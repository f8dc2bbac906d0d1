import type { Operation, Role } from "../model/nouns.js";
import type { Connector, OperationSpec } from "../model/posture.js";
import { compileGlobs } from "./glob.js";

interface CompiledOperation {
  readonly operation: Operation;
  readonly matches: (tool: string) => boolean;
  readonly byName: ReadonlyMap<string, Role>;
  readonly byPointer: ReadonlyMap<string, Role>;
}

const compiled = new WeakMap<Connector, readonly CompiledOperation[]>();

function operationsOf(connector: Connector): readonly CompiledOperation[] {
  const known = compiled.get(connector);
  if (known !== undefined) return known;
  const entries = Object.entries(connector.operations) as [Operation, OperationSpec][];
  const operations = entries.map(([operation, spec]): CompiledOperation => {
    const roles = Object.entries(spec.arguments ?? {});
    return {
      operation,
      matches: compileGlobs(spec.tools),
      byName: new Map(roles.filter(([k]) => !k.startsWith("/")).map(([k, role]) => [k.toLowerCase(), role])),
      byPointer: new Map(roles.filter(([k]) => k.startsWith("/"))),
    };
  });
  compiled.set(connector, operations);
  return operations;
}

/** `query` only where the connector says so; a tool nobody described changes something. */
export function operationOf(connector: Connector, tool: string): Operation {
  return operationsOf(connector).find((o) => o.matches(tool))?.operation ?? "execute";
}

/**
 * The role of each argument of one tool, as the connector declares it; undefined where it says nothing. What stands
 * below a named argument (elements of a list, fields of an object) has its role, unless a nearer name has another.
 */
export function roleOf(
  connector: Connector,
  tool: string,
): (pointer: string, key: string | undefined) => Role | undefined {
  const spec = operationsOf(connector).find((o) => o.matches(tool));
  if (spec === undefined || spec.byName.size + spec.byPointer.size === 0) return () => undefined;
  return (pointer, key) => {
    const exact = spec.byPointer.get(pointer);
    if (exact !== undefined) return exact;
    const own = key === undefined ? undefined : spec.byName.get(key.toLowerCase());
    if (own !== undefined) return own;
    const steps = pointer.split("/");
    for (let at = steps.length - 1; at > 0; at--) {
      const role = spec.byName.get((steps[at] ?? "").toLowerCase());
      if (role !== undefined) return role;
      const above = spec.byPointer.get(steps.slice(0, at).join("/"));
      if (above !== undefined) return above;
    }
    return undefined;
  };
}
