// What a hundred rules cost: loading them, and deciding a call under them, beside no rules at all in the same run.
//   node bench/policy.mjs [--json]
import { decide } from "../dist/policy/decide.js";
import { resolvePosture } from "../dist/policy/posture.js";
import { compilePolicies } from "../dist/policy/rules/policies.js";
import { loadBuiltin } from "../dist/config/builtin.js";

const { posture } = resolvePosture({
  profiles: loadBuiltin().profiles,
  env: { SALLYPORT_PROFILE: "strict" },
});
const WHEN = [
  'principal.team != "sre"',
  "sql.present && !sql.read_only",
  'findings.exists(f, f.type == "us_ssn" && f.severity == "high")',
  'session.seen("pii") && operation == "execute"',
  'tool.name.startsWith("delete") || tool.name.matches("^(drop|truncate)_")',
];

/** Of a hundred rules, as many match by name as ask a condition: forty of them. */
function rules(count) {
  return Array.from({ length: count }, (_, at) => ({
    name: `bench/r${at}`,
    phase: "input",
    match: at % 5 < 3 ? { server: [`server-${at}`, "other-*"] } : { environment: ["prod"] },
    ...(at % 5 >= 3 && { when: WHEN[Math.floor(at / 5) % WHEN.length] }),
    decision: "require_approval",
    approval: { approvers: [], not_requester: false, quorum: 1, expires: 900_000 },
    reason: "A reason",
    category: "high_risk",
    mode: "enforce",
  }));
}

const file = (count) => ({
  policy: "bench",
  owner: "bench",
  file: "bench.yaml",
  mode: "enforce",
  default: { input: "allow", output: "allow" },
  rules: rules(count),
  tests: [],
});

const facts = () => ({
  operation: "query",
  principal: { id: "maya", how: "os_user", team: "sre", roles: [] },
  tool: { name: "query", changed: false },
  sql: { present: true, parse_ok: true, read_only: true, statements: [], tables: [], does: [] },
  findings: [
    {
      detector: "pii.email",
      category: "pii",
      type: "email",
      severity: "medium",
      pointer: "/a",
      action: "warn",
    },
  ],
  session: { calls: 3n, denied: 0n, errors: 0n, seen: [] },
});
const input = {
  phase: "input",
  upward: false,
  facts,
  call: {
    server: "crm",
    connector: "postgres",
    environment: "prod",
    operation: "query",
    tool: "query",
    principal: { id: "maya", how: "os_user", team: "sre" },
    client: undefined,
    categories: new Set(["pii"]),
  },
};

async function measure(count) {
  const before = performance.now();
  const { policies, problems } = await compilePolicies(count === 0 ? [] : [file(count)]);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const loadMs = performance.now() - before;
  const once = () => {
    const policy = policies.empty ? undefined : policies.evaluate(input);
    return decide({
      phase: "input",
      findings: [],
      posture,
      snapshot: "",
      ...(policy !== undefined && { policy }),
    });
  };
  if (once().decision !== "allow")
    throw new Error("the call is held: the bench measures one that passes every rule");
  const end = performance.now() + 1000;
  let decisions = 0;
  const from = performance.now();
  while (performance.now() < end) for (let i = 0; i < 50; i++, decisions++) once();
  return { rules: count, load_ms: loadMs, per_second: (decisions * 1000) / (performance.now() - from) };
}

await measure(100); // the engine of conditions is loaded once in the life of a process
const [empty, hundred] = [await measure(0), await measure(100)];
const result = {
  ...hundred,
  empty_per_second: empty.per_second,
  ratio: empty.per_second / hundred.per_second,
};
if (process.argv.includes("--json")) process.stdout.write(`${JSON.stringify(result)}\n`);
else
  process.stdout.write(
    `100 rules, 40 with a condition: loaded in ${hundred.load_ms.toFixed(0)} ms, ${Math.round(hundred.per_second)} decisions/s; ` +
      `none: ${Math.round(empty.per_second)}/s (× ${result.ratio.toFixed(1)})\n`,
  );
