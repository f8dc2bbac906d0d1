/** What must hold of any policies, whatever they say. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Constraints } from "../../../src/model/call.js";
import { DECISIONS, type DecisionWord } from "../../../src/model/nouns.js";
import { decide } from "../../../src/policy/decide.js";
import { mergeConstraints } from "../../../src/policy/rules/constraints.js";
import { compileMatch, type Matched } from "../../../src/policy/rules/match.js";
import { SQL_FACTS } from "../../../src/detect/sql/facts.js";
import { SQL_DOES } from "../../../src/policy/rules/facts.js";
import { compilePolicies } from "../../../src/policy/rules/policies.js";
import type { MatchSpec, PolicySpec, RuleSpec } from "../../../src/policy/rules/spec.js";
import { postureOf } from "../sample.js";

const posture = postureOf({ SALLYPORT_PROFILE: "dev" });

describe("a match", () => {
  it("takes names of things in any case, and of people as they are written", () => {
    const fails = (spec: MatchSpec) => compileMatch(spec).failing(CALL);
    expect(fails({ server: ["CRM"], tool: ["Que*"] })).toEqual([]);
    expect(fails({ principal: ["Maya"] })).toEqual(["principal"]);
    expect(fails({ principal: ["M*"] })).toEqual(["principal"]);
    expect(fails({ principal: ["m*"] })).toEqual([]);
  });
});

const CALL: Matched = {
  server: "crm",
  connector: "postgres",
  environment: "prod",
  operation: "query",
  tool: "query",
  principal: { id: "maya", how: "os_user" },
  client: undefined,
  categories: new Set(),
};

const constraints: fc.Arbitrary<Constraints> = fc.record(
  {
    max_rows: fc.integer({ min: 1, max: 9 }),
    max_bytes: fc.integer({ min: 1, max: 9 }),
    timeout: fc.integer({ min: 1, max: 9 }),
    read_only: fc.constant(true),
    rate: fc.record({ per_minute: fc.integer({ min: 1, max: 9 }), burst: fc.integer({ min: 1, max: 9 }) }),
    arguments: fc.dictionary(
      fc.constantFrom("a", "b"),
      fc.record(
        {
          min: fc.integer({ min: 1, max: 9 }),
          max: fc.integer({ min: 1, max: 9 }),
          one_of: fc.subarray(["x", "y", "z"]).map((all) => all.toSorted()),
          matches: fc.subarray(["p+", "q+"], { minLength: 1 }),
        },
        { requiredKeys: [] },
      ),
    ),
  },
  { requiredKeys: [] },
);

const rule = (id: number): fc.Arbitrary<RuleSpec> =>
  fc
    .record({
      match: fc.record(
        {
          server: fc.constantFrom(["crm"], ["c*"], ["other"]),
          environment: fc.constantFrom(["prod"], ["staging"]),
          operation: fc.constantFrom(["query"], ["execute"]),
        },
        { requiredKeys: [] },
      ),
      when: fc.constantFrom(undefined, "true", "false", "args.nothing > 1", 'principal.id == "maya"'),
      decision: fc.constantFrom<DecisionWord>(
        "allow_with_constraints",
        "require_approval",
        "deny",
        "remediate",
      ),
      constraints,
      limit: fc.integer({ min: 1, max: 9 }),
    })
    .map(({ match, when, decision, constraints: bound, limit }) => ({
      name: `p/r${id}`,
      phase: "input",
      match,
      decision,
      reason: "r",
      category: "high_risk",
      mode: "enforce",
      ...(when !== undefined && { when }),
      ...(decision === "allow_with_constraints" && { constraints: bound }),
      ...(decision === "remediate" && { remediate: { cap: { limit } } }),
      ...(decision === "require_approval" && {
        approval: { approvers: [], not_requester: false, quorum: 1, expires: 1 },
      }),
    }));

const rules = fc.array(fc.nat(), { maxLength: 5 }).chain((ids) => fc.tuple(...ids.map((_, at) => rule(at))));

const file = (
  policy: string,
  all: readonly RuleSpec[],
  fallback: PolicySpec["default"]["input"] = "allow",
): PolicySpec => ({
  policy,
  owner: "o",
  file: `${policy}.yaml`,
  mode: "enforce",
  default: { input: fallback, output: "allow" },
  rules: all,
  tests: [],
});

async function decided(files: readonly PolicySpec[]) {
  const { policies, problems } = await compilePolicies(files);
  expect(problems).toEqual([]);
  const facts = (): object => ({ principal: { id: "maya" }, args: {} });
  const policy = policies.evaluate({ phase: "input", call: CALL, facts, upward: false } as never);
  return { policy, decision: decide({ phase: "input", findings: [], posture, snapshot: "s", policy }) };
}

const strictness = (word: DecisionWord): number => DECISIONS.indexOf(word);
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("a decision by policies", () => {
  it("does not depend on the order of rules", async () => {
    await fc.assert(
      fc.asyncProperty(rules, async (all) => {
        const one = await decided([file("p", all)]);
        const other = await decided([file("p", all.toReversed())]);
        expect(one.decision.decision).toBe(other.decision.decision);
        expect(plain(one.decision.rules)).toEqual(plain(other.decision.rules));
        expect(plain(one.decision.constraints ?? {})).toEqual(plain(other.decision.constraints ?? {}));
        expect(plain(one.policy.remedy ?? {})).toEqual(plain(other.policy.remedy ?? {}));
      }),
      { numRuns: 60 },
    );
  });

  it("does not depend on which file a rule stands in, but for the name of its source", async () => {
    await fc.assert(
      fc.asyncProperty(rules, rules, async (left, right) => {
        const one = await decided([file("p", left), file("q", right)]);
        const other = await decided([file("q", right), file("p", left)]);
        expect(plain(one.decision)).toEqual(plain(other.decision));
      }),
      { numRuns: 40 },
    );
  });

  it("is never loosened by one more rule", async () => {
    await fc.assert(
      fc.asyncProperty(rules, rule(9), async (all, more) => {
        const before = (await decided([file("p", all)])).decision;
        const after = (await decided([file("p", [...all, more])])).decision;
        expect(strictness(after.decision)).toBeGreaterThanOrEqual(strictness(before.decision));
        if (strictness(after.decision) >= strictness("require_approval")) return;
        const [was = {}, is = {}] = [before.constraints, after.constraints];
        for (const key of ["max_rows", "max_bytes", "timeout"] as const)
          expect(is[key] ?? Infinity).toBeLessThanOrEqual(was[key] ?? Infinity);
        expect(is.read_only ?? false).toBe((is.read_only ?? false) || (was.read_only ?? false));
      }),
      { numRuns: 60 },
    );
  });

  it("takes a condition that cannot be told for whatever lets less pass", async () => {
    await fc.assert(
      fc.asyncProperty(rule(0), async (each) => {
        const broken = { ...each, match: {}, when: "args.nothing > 1" };
        const spoke = { ...each, match: {}, when: "true" };
        const [one, other] = [await decided([file("p", [broken])]), await decided([file("p", [spoke])])];
        expect(one.decision.decision).toBe(other.decision.decision);
        expect(one.decision.failClosed).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("is never helped past a file's default by a condition that cannot be told", async () => {
    await fc.assert(
      fc.asyncProperty(
        rule(0),
        fc.constantFrom("deny" as const, "require_approval" as const),
        async (each, fallback) => {
          const broken = { ...each, match: {}, when: "args.nothing > 1" };
          const without = (await decided([file("p", [], fallback)])).decision.decision;
          const { decision } = (await decided([file("p", [broken], fallback)])).decision;
          expect(strictness(decision)).toBeGreaterThanOrEqual(strictness(without));
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe("a condition is refused when it is loaded", () => {
  it.each([
    ['args.q.matches("(")', "not a pattern", "RE2"],
    ['args.q.matches("(?<=a)b")', "not a pattern", "RE2"],
    ["args.q.matches(args.p)", "a pattern that is not a literal", "quotes"],
    ['session.seen("pi")', 'there is no category "pi"', "did you mean pii?"],
    ['operation == "exceute"', 'it is never "exceute"', "did you mean execute?"],
    ['"drop_objct" in sql.does', 'it is never "drop_objct"', "did you mean drop_object?"],
    ['"pi" in session.seen', 'it is never "pi"', "did you mean pii?"],
    ['principal.how in ["oidc", "jwt"]', 'it is never "jwt"', "valid: asserted"],
    ['findings.exists(f, f.severity == "severe")', 'it is never "severe"', "valid: low"],
    ['principal["tem"] == "sre"', 'there is no "tem" here', "did you mean team?"],
    ['principal[args.x] == "sre"', "a member that is named at run time", "principal.team"],
    ['now.getHours("Europe/Berln") < 6', 'there is no time zone "Europe/Berln"', "Europe/Berlin"],
  ])("%s", async (when, message, fix) => {
    const bad: RuleSpec = {
      name: "p/r",
      phase: "input",
      match: {},
      decision: "deny",
      reason: "r",
      category: "high_risk",
      mode: "enforce",
      when,
    };
    const { problems } = await compilePolicies([file("p", [bad])]);
    expect(problems).toMatchObject([
      { path: "rules.r.when", message: expect.stringContaining(message), fix: expect.stringContaining(fix) },
    ]);
  });
});

it("a condition may compare what is open, and name what there is", async () => {
  const fine = [
    'tool.name == "exceute"',
    'principal["team"] == "sre"',
    'args["anything"] == 1',
    'now.getHours("Europe/Berlin") < 6 || now.getHours("+02:00") < 6 || now.getHours() < 6',
    '"drop_object" in sql.does && operation != "query"',
    'findings[0].type == "us_ssn"',
  ];
  const rules = fine.map((when, at): RuleSpec => ({
    name: `p/r${at}`,
    phase: "input",
    match: {},
    decision: "deny",
    reason: "r",
    category: "high_risk",
    mode: "enforce",
    when,
  }));
  expect((await compilePolicies([file("p", rules)])).problems).toEqual([]);
});

it("conditions know what the SQL reader reports", () => {
  expect([...SQL_DOES]).toEqual([...SQL_FACTS]);
});

describe("constraints merge", () => {
  const same = (one: Constraints, other: Constraints): void => expect(plain(one)).toEqual(plain(other));
  it("in any order, in any grouping, and with themselves to themselves", () => {
    fc.assert(
      fc.property(constraints, constraints, constraints, (a, b, c) => {
        same(mergeConstraints(a, b), mergeConstraints(b, a));
        same(mergeConstraints(mergeConstraints(a, b), c), mergeConstraints(a, mergeConstraints(b, c)));
        same(mergeConstraints(mergeConstraints(a, b), a), mergeConstraints(a, b));
      }),
    );
  });
});
