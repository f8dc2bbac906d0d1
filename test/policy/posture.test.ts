import { describe, expect, it } from "vitest";
import { loadBuiltin } from "../../src/config/builtin.js";
import { CATEGORIES } from "../../src/model/nouns.js";
import type { PostureInput } from "../../src/policy/posture.js";
import { resolvePosture } from "../../src/policy/posture.js";
import { ACTION_VARIABLES } from "../../src/policy/variables.js";
import { postureOf } from "./sample.js";

const { profiles } = loadBuiltin();
const FILE = "/etc/sallyport/mcp.config.json";

function resolve(env: Record<string, string>, file?: Omit<NonNullable<PostureInput["file"]>, "name">) {
  return resolvePosture({ profiles, env, ...(file && { file: { name: FILE, ...file } }) });
}
function actions(env: Record<string, string>, file?: Parameters<typeof resolve>[1]): Record<string, string> {
  const { posture, problems } = resolve(env, file);
  if (posture === undefined) throw new Error(JSON.stringify(problems));
  return Object.fromEntries(CATEGORIES.map((c) => [c, posture.actions[c].action]));
}
const table = (name: string): Record<string, string> => ({
  ...profiles.find((p) => p.profile === name)?.actions,
});

describe("which profile", () => {
  it("is default when nobody says", () => {
    expect(actions({})).toEqual(table("default"));
    expect(postureOf().profileSource).toBe("built in");
  });
  it("is the file's, and the environment's above it", () => {
    expect(actions({}, { profile: "dev" })).toEqual(table("dev"));
    expect(actions({ SALLYPORT_PROFILE: "strict" }, { profile: "dev" })).toEqual(table("strict"));
  });
  it("may be given by the alias AXONFLOW_PROFILE, alone or in agreement", () => {
    expect(actions({ AXONFLOW_PROFILE: "strict" })).toEqual(table("strict"));
    expect(actions({ AXONFLOW_PROFILE: "strict", SALLYPORT_PROFILE: "strict" })).toEqual(table("strict"));
    expect(postureOf({ AXONFLOW_PROFILE: "strict" }).profileSource).toBe("AXONFLOW_PROFILE");
  });
  it("is nobody's when the variable and its alias differ", () => {
    const { posture, problems } = resolve({ AXONFLOW_PROFILE: "dev", SALLYPORT_PROFILE: "strict" });
    expect(posture).toBeUndefined();
    expect(problems[0]?.message).toBe(
      'SALLYPORT_PROFILE is "strict" but its alias AXONFLOW_PROFILE is "dev"',
    );
  });
  it("takes an empty variable as unset", () => {
    expect(actions({ SALLYPORT_PROFILE: "", SALLYPORT_ENFORCE: " ", PII_ACTION: "" })).toEqual(
      table("default"),
    );
  });
});

describe("SALLYPORT_ENFORCE", () => {
  it("lifts the named categories and leaves the others", () => {
    const got = actions({ SALLYPORT_PROFILE: "dev", SALLYPORT_ENFORCE: "pii, dangerous_commands" });
    expect(got).toEqual({ ...table("dev"), pii: "block", dangerous_commands: "block" });
  });
  it("all is strict and none is dev", () => {
    expect(actions({ SALLYPORT_ENFORCE: "all" })).toEqual(table("strict"));
    expect(actions({ SALLYPORT_ENFORCE: "none", SALLYPORT_PROFILE: "strict" })).toEqual(table("dev"));
    expect(postureOf({ SALLYPORT_ENFORCE: "all" })).toMatchObject({
      profile: "strict",
      profileSource: "SALLYPORT_ENFORCE=all",
    });
  });
  it("all never loosens a stricter profile", () => {
    const posture = postureOf({ SALLYPORT_ENFORCE: "all", SALLYPORT_PROFILE: "compliance" });
    expect(posture.profile).toBe("compliance");
    expect(posture.mediumBlocks).toBe(true);
  });
  it("does not mix all or none with names", () => {
    expect(resolve({ SALLYPORT_ENFORCE: "none,pii" }).problems[0]?.message).toContain('"none" stands alone');
  });
  it("may be a list or a text in the file, and stands below the environment there", () => {
    expect(actions({}, { profile: "dev", enforce: ["pii"] })).toEqual({ ...table("dev"), pii: "block" });
    expect(actions({}, { profile: "dev", enforce: "pii,sqli" })).toMatchObject({
      pii: "block",
      sqli: "block",
    });
    expect(actions({ SALLYPORT_PROFILE: "strict" }, { enforce: "none" })).toEqual(table("strict"));
  });
});

describe("an explicit action", () => {
  it.each(CATEGORIES)("of %s wins over enforce and profile", (category) => {
    const env = {
      SALLYPORT_PROFILE: "dev",
      SALLYPORT_ENFORCE: category,
      [ACTION_VARIABLES[category]]: "redact",
    };
    expect(actions(env)).toEqual({ ...table("dev"), [category]: "redact" });
    expect(postureOf(env).actions[category].source).toBe(ACTION_VARIABLES[category]);
  });
  it("in the file wins there, and stands below every variable", () => {
    const file = { profile: "strict", enforce: "pii", actions: { pii: "redact" } };
    expect(actions({}, file)).toEqual({ ...table("strict"), pii: "redact" });
    expect(actions({ SALLYPORT_ENFORCE: "pii" }, file)).toMatchObject({ pii: "block" });
    expect(actions({ PII_ACTION: "warn" }, file)).toMatchObject({ pii: "warn" });
  });
  it("names its place in the file as its source", () => {
    const { posture } = resolve({}, { actions: { pii: "redact" } });
    expect(posture?.actions.pii.source).toBe("mcp.config.json actions.pii");
    expect(posture?.actions.sqli.source).toBe("profile default");
  });
});

describe("a bad token is fatal and named, wherever it stands", () => {
  it.each([
    [{ SALLYPORT_PROFILE: "stric" }, {}, 'unknown profile "stric"', "did you mean strict?"],
    [{ SALLYPORT_PROFILE: "STRICT" }, {}, 'unknown profile "STRICT"', "(lower case)"],
    [{ SALLYPORT_ENFORCE: "pii,sqll" }, {}, 'unknown category "sqll"', "did you mean sqli?"],
    [{ SALLYPORT_ENFORCE: "pii," }, {}, 'unknown category ""', "all, none"],
    [{ AXONFLOW_ENFORCE: "everything" }, {}, 'unknown category "everything"', "valid: pii"],
    [{ PII_ACTION: "deny" }, {}, 'unknown action "deny"', "log, warn, redact, block"],
    [{}, { profile: "prod" }, 'unknown profile "prod"', "compliance, default, dev, strict"],
    [{}, { enforce: ["pi"] }, 'unknown category "pi"', "did you mean pii?"],
    [{}, { enforce: "" }, 'unknown category ""', "valid: pii"],
    [{}, { actions: { secrets: "block" } }, 'unknown category "secrets"', "sensitive_data"],
    [{}, { actions: { pii: "mask" } }, 'unknown action "mask"', "redact"],
  ])("%j %j", (env, file, message, fix) => {
    const { posture, problems } = resolve(env as Record<string, string>, file);
    expect(posture).toBeUndefined();
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toBe(message);
    expect(problems[0]?.fix).toContain(fix);
    expect(problems[0]?.file).toBe(Object.keys(env)[0] ?? FILE);
  });
  it("and all of them at once", () => {
    const env = { SALLYPORT_PROFILE: "x", SALLYPORT_ENFORCE: "y,z", PII_ACTION: "q" };
    expect(resolve(env, { profile: "w" }).problems).toHaveLength(5);
  });
});

describe("a misspelt variable is fatal", () => {
  it.each([
    ["SALLYPORT_PROFLE", "SALLYPORT_PROFILE"],
    ["SALLYPORT_ENFORCED", "SALLYPORT_ENFORCE"],
    ["SALLYPORT_WHATEVER_ELSE", "one of: SALLYPORT_PROFILE"],
    ["PII_ACTIONS", "PII_ACTION"],
    ["SQL_ACTION", "SQLI_ACTION"],
    ["DANGEROUS_QUERIES_ACTION", "DANGEROUS_QUERY_ACTION"],
    ["HIGHRISK_ACTION", "HIGH_RISK_ACTION"],
    ["AXONFLOW_PROFLE", "AXONFLOW_PROFILE"],
  ])("%s", (name, meant) => {
    const { problems } = resolve({ [name]: "strict" });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ message: `unknown variable ${name}`, file: name });
    expect(problems[0]?.fix).toContain(meant);
  });
  it("but other people's variables are theirs", () => {
    const env = {
      CI_ACTION: "x",
      GITHUB_ACTION: "x",
      GITHUB_ACTIONS: "true",
      AXONFLOW_LICENSE: "x",
      ACTION: "x",
    };
    expect(resolve(env).problems).toEqual([]);
  });
});
