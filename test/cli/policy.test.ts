/** `sallyport policy`, as a person types it. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { policyCommand } from "../../src/cli/policy.js";
import { loadEngine } from "../../src/cli/start.js";

let dir: string;
let saved: Record<string, string>;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-policy-"));
  saved = {};
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const engine = loadEngine();

async function policy(...argv: string[]): Promise<{ code: number; out: string; talk: string }> {
  let [out, talk] = ["", ""];
  const code = await policyCommand(argv, {
    cwd: dir,
    env: {},
    now: Date.parse("2026-06-01"),
    engine: () => engine,
    version: "0.0.0",
    user: "maya",
    read: (path) => readFileSync(join(dir, path), "utf8"),
    save: (path, text) => void (saved[path] = text),
    write: (text) => void (out += text),
    say: (text) => void (talk += text),
  });
  return { code, out, talk };
}

const write = (name: string, text: string): void => writeFileSync(join(dir, name), text);

const GOOD = `
policy: good
owner: o
rules:
  - { id: no-drops, match: { connector: postgres }, when: "'drop_object' in sql.does", decision: deny, reason: No }
  - { id: never-tried, match: { tool: other }, decision: deny, reason: No }
tests:
  - { name: a drop is refused, call: { connector: postgres, args: { sql: drop table t } }, expect: { decision: deny, rule: no-drops } }
  - { name: a read is not, call: { connector: postgres, args: { sql: select 1 } }, expect: { decision: allow } }
`;

describe("check", () => {
  it("says how much there is when nothing is wrong", async () => {
    write("good.yaml", GOOD);
    expect(await policy("check", "good.yaml")).toEqual({ code: 0, out: "ok: 1 policy, 2 rules\n", talk: "" });
  });

  it.each([
    ["rules: []", "a name is missing", "policy"],
    ["policy: p\nowner: o\n", "a policy without a rule", "rules"],
    ["policy: p\nrules: [{ id: a, decision: deny, reason: r }]\n", "nobody answers for", "owner"],
    ["policy: p\nowner: o\nruls: []\n", "did you mean rules?", "ruls"],
    [
      "policy: p\nowner: o\nrules: [{ id: a, decision: denied, reason: r }]\n",
      "valid: allow, allow_with_constraints",
      "rules[0].decision",
    ],
    [
      "policy: p\nowner: o\nrules: [{ id: a, decision: deny }]\n",
      "a rule without a reason",
      "rules[0].reason",
    ],
    [
      "policy: p\nowner: o\nrules: [{ id: a, decision: deny, reason: r, match: { servr: x } }]\n",
      "did you mean server?",
      "rules[0].match.servr",
    ],
    [
      "policy: p\nowner: o\nrules: [{ id: a, decision: deny, reason: r, match: { server: [] } }]\n",
      "matches nothing",
      "rules[0].match.server",
    ],
    [
      "policy: p\nowner: o\nrules: [{ id: a, decision: allow_with_constraints, reason: r }]\n",
      "without constraints",
      "rules[0].constraints",
    ],
    [
      "policy: p\nowner: o\nrules: [{ id: a, decision: deny, reason: r, constraints: { max_rows: 1 } }]\n",
      "says nothing under decision deny",
      "rules[0].constraints",
    ],
    [
      "policy: p\nowner: o\nrules: [{ id: a, match: { phase: output }, decision: require_approval, reason: r }]\n",
      "has run by then",
      "rules[0].decision",
    ],
    [
      "policy: p\nowner: o\nrules: [{ id: a, when: pricipal.id == '', decision: deny, reason: r }]\n",
      "did you mean principal?",
      "rules.a when",
    ],
    [
      "policy: p\nowner: o\nrules: [{ id: a, when: principal.tean == '', decision: deny, reason: r }]\n",
      "did you mean team?",
      "rules.a",
    ],
    [
      `policy: p\nowner: o\nrules: [{ id: a, when: 'findings.exists(f, f.typ == "x")', decision: deny, reason: r }]\n`,
      "did you mean type?",
      "rules.a",
    ],
    [
      "policy: p\nowner: o\nrules: [{ id: a, when: result.rows > 1, decision: deny, reason: r }]\n",
      "not known at the input gate",
      "rules.a",
    ],
    [
      "policy: p\nowner: o\nrules: [{ id: a, when: 'tool.name.matches(args.p)', decision: deny, reason: r }]\n",
      "not a literal",
      "rules.a",
    ],
    [
      `policy: p\nowner: o\nrules: [{ id: a, when: 'tool.name.startWith("a")', decision: deny, reason: r }]\n`,
      "did you mean startsWith?",
      "rules.a",
    ],
    [
      "policy: p\nowner: o\nrules: [{ id: a, when: 'a ==', decision: deny, reason: r }]\n",
      "not a condition in CEL",
      "rules.a",
    ],
    [
      "policy: p\nowner: o\nrules: [{ id: a, decision: allow_with_constraints, reason: r, constraints: { arguments: { x: { matches: '(?=a)' } } } }]\n",
      "not a pattern",
      "rules.a",
    ],
    [
      "policy: p\nowner: o\nrules: [{ id: a, when: 'tool.name.matches(\"(?=a)\")', decision: deny, reason: r }]\n",
      "not a pattern",
      "rules.a",
    ],
    ["policy: p\nowner: o\nowner: q\n", "not YAML", ""],
  ])("refuses %j", async (text, message, place) => {
    write("bad.yaml", text);
    const { code, out } = await policy("check", "bad.yaml");
    expect(code).toBe(1);
    expect(out).toContain(message);
    expect(out).toContain(`at bad.yaml${place === "" ? "" : ` ${place.split(" ")[0]!}`}`);
  });

  it("tells of a file that is not there, by its whole path", async () => {
    const { code, out } = await policy("check", "gone.yaml");
    expect(code).toBe(1);
    expect(out).toContain(`✗ no such file\n  at gone.yaml\n  fix: expected at ${join(dir, "gone.yaml")}`);
  });

  it("tells of rules that can never decide, and of exceptions that have ended", async () => {
    write(
      "p.yaml",
      `
policy: p
owner: o
rules:
  - { id: all, match: { server: crm }, decision: deny, reason: r }
  - { id: some, match: { server: crm, tool: query }, decision: require_approval, reason: r }
  - { id: lost, match: { server: cmr }, decision: deny, reason: r }
exceptions:
  - { detector: pii.email, match: { server: crm, tool: a }, reason: r, owner: maya, expires: 2026-05-31 }
`,
    );
    write(
      "mcp.config.json",
      JSON.stringify({ mcpServers: { crm: { command: "node" } }, policies: ["p.yaml"] }),
    );
    const { code, out } = await policy("check");
    expect(code).toBe(1);
    expect(out).toContain("p/some never decides: p/all refuses all that it matches");
    expect(out).toContain(
      "no server is called cmr: the rule never speaks\n  at p.yaml p/lost\n  fix: did you mean crm?",
    );
    expect(out).toContain("an exception that ended on 2026-05-31");
  });
});

describe("test", () => {
  it("runs what the file says of itself, and tells which rules no test made speak", async () => {
    write("good.yaml", GOOD);
    const { code, out } = await policy("test", "good.yaml", "--junit", "out.xml");
    expect(code).toBe(0);
    expect(out).toBe(
      "✓ good: a drop is refused\n✓ good: a read is not\n2 of 2 tests passed; 1 of 2 rules spoke, never: good/never-tried\n",
    );
    expect(saved["out.xml"]).toContain('<testsuites tests="2" failures="0">');
  });

  it("tells what was otherwise, and ends with 1", async () => {
    write("bad.yaml", GOOD.replace("expect: { decision: allow }", "expect: { decision: deny }"));
    const { code, out } = await policy("test", "bad.yaml", "--junit", "out.xml");
    expect(code).toBe(1);
    expect(out).toContain("✗ good: a read is not\n  expected deny, got allow\n");
    expect(saved["out.xml"]).toContain('<failure message="expected deny, got allow"/>');
  });

  it("does not call a policy without tests tested", async () => {
    write("p.yaml", "policy: p\nowner: o\nrules: [{ id: a, decision: deny, reason: r }]\n");
    expect((await policy("test", "p.yaml")).code).toBe(1);
  });

  it("tells of a test that calls what does not exist", async () => {
    write(
      "p.yaml",
      GOOD.replace("{ connector: postgres, args: { sql: select 1 } }", "{ conector: postgres }"),
    );
    expect((await policy("test", "p.yaml")).out).toContain(
      'a call has no "conector"; did you mean connector?',
    );
  });
});

describe("tests in files of their own", () => {
  const TESTS = `
tests:
  - { name: the other tool is refused, call: { tool: other }, expect: { decision: deny, rule: never-tried } }
`;

  it("are run with the policy beside them, and count for its rules", async () => {
    write("good.yaml", GOOD);
    write("good.test.yaml", TESTS);
    const { code, out } = await policy("test", "good.yaml", "--junit", "out.xml");
    expect(code).toBe(0);
    expect(out).toContain(
      "✓ good.test.yaml: the other tool is refused\n3 of 3 tests passed; 2 of 2 rules spoke\n",
    );
    expect(saved["out.xml"]).toContain('classname="good.test.yaml"');
  });

  it("are run alone when they are named, on the policies that they name", async () => {
    write("good.yaml", GOOD);
    write(
      "more.yaml",
      "policy: more\nowner: o\nrules: [{ id: a, match: { tool: x }, decision: deny, reason: r }]\n",
    );
    write(
      "both.test.yaml",
      `policies: [good.yaml, ./more.yaml]${TESTS}  - { name: x is, call: { tool: x }, expect: { decision: deny, rule: a } }\n`,
    );
    const { code, out } = await policy("test", "both.test.yaml");
    expect(out).toBe(
      "✓ both.test.yaml: the other tool is refused\n✓ both.test.yaml: x is\n" +
        "2 of 2 tests passed; 2 of 3 rules spoke, never: good/no-drops\n",
    );
    expect(code).toBe(0);
  });

  it.each([
    ["tests: []", "a file of tests without a test"],
    ["test: []", "did you mean tests?"],
    ["tests: [{ name: n }]", "a test needs a call"],
    ["policies: [gone.yaml]" + TESTS, "no such file"],
  ])("are refused when they are wrong: %s", async (text, says) => {
    write("good.yaml", GOOD);
    write("good.test.yaml", text);
    const { code, talk } = await policy("test", "good.test.yaml");
    expect(code).toBe(1);
    expect(talk).toContain(says);
  });
});

describe("explain", () => {
  it("shows each rule, what failed of its match, and what each term of its condition says", async () => {
    write(
      "p.yaml",
      GOOD.replace("'drop_object' in sql.does\"", "sql.present && 'drop_object' in sql.does\""),
    );
    write("call.json", JSON.stringify({ server: "crm", args: { sql: "select 1" } }));
    write(
      "mcp.config.json",
      JSON.stringify({
        profile: "dev",
        mcpServers: { crm: { command: "node", connector: "postgres" } },
        policies: ["p.yaml"],
      }),
    );
    const { code, out } = await policy("explain", "call.json");
    expect(code).toBe(0);
    expect(out).toBe(
      [
        "allow: Nothing found.",
        "  good/no-drops → deny: its condition is false",
        "      true   sql.present",
        "      false  'drop_object' in sql.does",
        "  good/never-tried → deny: did not match: tool",
        "",
      ].join("\n"),
    );
  });
});

describe("the examples", () => {
  const folder = fileURLToPath(new URL("../../policies/examples/", import.meta.url));
  it.each(readdirSync(folder))("%s does what its tests say, and each rule of it is tried", async (name) => {
    const file = join(folder, name);
    expect(await policy("check", file)).toMatchObject({ code: 0 });
    const { code, out } = await policy("test", file);
    expect(out).not.toContain("✗");
    expect(out).not.toContain("never:");
    expect(code).toBe(0);
    // What it does and does not promise stands above it.
    expect(readFileSync(file, "utf8")).toMatch(/It promises [^]*(?:does\s+(?:# )?not|no assessment)/);
  });
});
