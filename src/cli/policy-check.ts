import { endOf, type ExceptionSpec } from "../policy/exceptions.js";
import type { Problem } from "../policy/problem.js";
import { compilePolicies } from "../policy/rules/policies.js";
import { unreachable } from "./policy-reach.js";
import { count, problemText, readAll, type Given, type PolicyIo } from "./policy-read.js";

/** `policy check`: what is wrong with policies and exceptions. */
export async function check(given: Given, io: PolicyIo): Promise<number> {
  const { policies, exceptions, config, problems } = readAll(given, io);
  const compiled = await compilePolicies(policies);
  const all = [...problems, ...compiled.problems];
  const hints = [...unreachable(policies, config), ...expired(exceptions, io.now)];
  for (const problem of all) io.write(problemText("✗", problem));
  for (const hint of hints) io.write(problemText("!", hint));
  const rules = policies.reduce((sum, policy) => sum + policy.rules.length, 0);
  if (all.length === 0)
    io.write(`ok: ${count(policies.length, "policy", "policies")}, ${count(rules, "rule", "rules")}\n`);
  return all.length + hints.length === 0 ? 0 : 1;
}

function expired(exceptions: readonly ExceptionSpec[], now: number): Problem[] {
  return exceptions
    .filter((each) => endOf(each) <= now)
    .map(({ source, expires, owner }) => ({
      message: `an exception that ended on ${expires} and holds no more`,
      path: source,
      fix: `ask ${owner}: remove it, or give it another last day`,
    }));
}
