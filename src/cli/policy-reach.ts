import type { Config } from "../config/load.js";
import { compileGlob } from "../policy/glob.js";
import { nearest, type Problem } from "../policy/problem.js";
import type { PolicySpec, RuleSpec } from "../policy/rules/spec.js";

/** Rules that can never decide anything: a name that nothing has, or another rule that always speaks first. */
export function unreachable(policies: readonly PolicySpec[], config: Config | undefined): Problem[] {
  const rules = policies.flatMap((policy) => policy.rules.map((rule) => ({ policy, rule })));
  return rules.flatMap(({ policy, rule }) => {
    const place = { file: policy.file, path: rule.name };
    if (rule.mode === "off") return [];
    const unknown = config === undefined ? undefined : nameless(rule, config);
    if (unknown !== undefined) return [{ ...unknown, ...place }];
    const covering = rules.find(
      (other) => other.rule !== rule && rule.decision !== "deny" && alwaysDenies(other.rule, rule),
    );
    if (covering === undefined) return [];
    const message = `${rule.name} never decides: ${covering.rule.name} refuses all that it matches`;
    return [{ message, fix: "remove one of them, or narrow the other", ...place }];
  });
}

/** A match on something that no server of the configuration has. */
function nameless({ match }: RuleSpec, { servers, connectors }: Config): Problem | undefined {
  const have = {
    server: servers.map(({ name }) => name),
    environment: servers.flatMap(({ environment }) => environment ?? []),
    connector: connectors.map(({ connector }) => connector),
  };
  for (const [key, names] of Object.entries(have)) {
    const globs = match[key as keyof typeof have];
    if (globs === undefined || globs.some((glob) => names.some(compileGlob(glob)))) continue;
    const close = nearest(globs[0] ?? "", names);
    return {
      message: `no ${key} is called ${globs.join(" or ")}: the rule never speaks`,
      ...(close !== undefined && { fix: `did you mean ${close}?` }),
    };
  }
  return undefined;
}

/** Without a condition, at the same gate, matching at least as much. */
function alwaysDenies(one: RuleSpec, other: RuleSpec): boolean {
  if (
    one.decision !== "deny" ||
    one.mode !== "enforce" ||
    one.when !== undefined ||
    one.phase !== other.phase
  )
    return false;
  return Object.entries(one.match).every(([key, globs]) => {
    const theirs = other.match[key as keyof RuleSpec["match"]];
    return (
      theirs !== undefined &&
      theirs.every((name) => globs.includes(name) || globs.some((glob) => compileGlob(glob)(name)))
    );
  });
}
