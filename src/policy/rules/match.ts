import type { Call } from "../../model/call.js";
import type { Category } from "../../model/nouns.js";
import { compileGlobs } from "../glob.js";
import { MATCH_KEYS, type MatchKey, type MatchSpec } from "./spec.js";

/** What a match is tried on. */
export type Matched = Pick<
  Call,
  "server" | "connector" | "environment" | "operation" | "tool" | "principal" | "client"
> & {
  /** Of what was found at the gate that asks. */
  readonly categories: ReadonlySet<Category>;
};

/** Each the one thing that a call has, or the several. */
const VALUES: Readonly<Record<MatchKey, (call: Matched) => string | undefined | Iterable<string>>> = {
  server: ({ server }) => server,
  connector: ({ connector }) => connector,
  environment: ({ environment }) => environment,
  operation: ({ operation }) => operation,
  tool: ({ tool }) => tool,
  principal: ({ principal }) => principal.id,
  team: ({ principal }) => principal.team,
  role: ({ principal }) => principal.roles ?? [],
  client: ({ client }) => client,
  category: ({ categories }) => categories,
};

export interface Match {
  /** The keys that a call fails, in the order they are documented; none: it matches. */
  failing(call: Matched): readonly MatchKey[];
  /** The same, as soon as it is known: every rule is asked about every call. */
  matches(call: Matched): boolean;
}

/** Identities differ by case: `Maya` of one provider need not be its `maya`. */
const PEOPLE: ReadonlySet<MatchKey> = new Set(["principal", "team", "role"]);

/** Whole names, `*` for any text, never a part of a name: `user@…` does not match `evil-user@…`. */
export function compileMatch(spec: MatchSpec): Match {
  const tests = MATCH_KEYS.flatMap((key) => {
    const globs = spec[key];
    return globs === undefined ? [] : [{ key, of: VALUES[key], fits: compileGlobs(globs, PEOPLE.has(key)) }];
  });
  const passes = ({ of, fits }: (typeof tests)[number], call: Matched): boolean => {
    const value = of(call);
    if (value === undefined) return false;
    if (typeof value === "string") return fits(value);
    for (const each of value) if (fits(each)) return true;
    return false;
  };
  return {
    failing: (call) => tests.filter((test) => !passes(test, call)).map(({ key }) => key),
    matches: (call) => {
      for (const test of tests) if (!passes(test, call)) return false;
      return true;
    },
  };
}
