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

const VALUES: Readonly<Record<MatchKey, (call: Matched) => readonly string[]>> = {
  server: ({ server }) => [server],
  connector: ({ connector }) => [connector],
  environment: ({ environment }) => (environment === undefined ? [] : [environment]),
  operation: ({ operation }) => [operation],
  tool: ({ tool }) => [tool],
  principal: ({ principal }) => [principal.id],
  team: ({ principal }) => (principal.team === undefined ? [] : [principal.team]),
  role: ({ principal }) => principal.roles ?? [],
  client: ({ client }) => (client === undefined ? [] : [client]),
  category: ({ categories }) => [...categories],
};

/** The keys of a match that a call fails, in the order they are documented; none: it matches. */
export type Failing = (call: Matched) => readonly MatchKey[];

/** Identities differ by case: `Maya` of one provider need not be its `maya`. */
const PEOPLE: ReadonlySet<MatchKey> = new Set(["principal", "team", "role"]);

/** Whole names, `*` for any text, never a part of a name: `user@…` does not match `evil-user@…`. */
export function compileMatch(spec: MatchSpec): Failing {
  const tests = MATCH_KEYS.flatMap((key) => {
    const globs = spec[key];
    return globs === undefined ? [] : [{ key, matches: compileGlobs(globs, PEOPLE.has(key)) }];
  });
  return (call) => tests.flatMap(({ key, matches }) => (VALUES[key](call).some(matches) ? [] : [key]));
}
