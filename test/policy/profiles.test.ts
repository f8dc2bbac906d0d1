import { describe, expect, it } from "vitest";
import { loadBuiltin } from "../../src/config/builtin.js";
import { SallyportError } from "../../src/model/errors.js";
import { CATEGORIES } from "../../src/model/nouns.js";
import { parseProfile } from "../../src/policy/profiles.js";

/** The product's contract. Changing a profile means changing it here, where a reviewer sees it. */
const MATRIX = `
| Category | dev | default | strict | compliance |
|---|---|---|---|---|
| pii | log | warn | block | block |
| sqli | log | warn | block | block |
| sensitive_data | log | warn | block | block |
| high_risk | log | warn | warn | block |
| dangerous_queries | warn | block | block | block |
| dangerous_commands | warn | block | block | block |
| prompt_injection | log | warn | block | block |
| unsafe_code | log | warn | warn | block |
| tool_integrity | log | warn | block | block |
| exfiltration | log | block | block | block |
`.trim();

describe("the profiles", () => {
  it("are the matrix, cell by cell", () => {
    const names = ["dev", "default", "strict", "compliance"];
    const profiles = names.map((name) => {
      const found = loadBuiltin().profiles.find((p) => p.profile === name);
      if (found === undefined) throw new Error(`no profile ${name}`);
      return found;
    });
    const rows = CATEGORIES.map((c) => `| ${c} | ${profiles.map((p) => p.actions[c]).join(" | ")} |`);
    const printed = [`| Category | ${names.join(" | ")} |`, "|---|---|---|---|---|", ...rows].join("\n");
    expect(printed).toBe(MATRIX);
    expect(loadBuiltin().profiles).toHaveLength(names.length);
  });

  it("let medium findings block in compliance only", () => {
    const medium = loadBuiltin().profiles.filter((p) => p.mediumBlocks);
    expect(medium.map((p) => p.profile)).toEqual(["compliance"]);
  });
});

describe("a profile file", () => {
  const good = {
    profile: "mine",
    describe: "For me",
    actions: Object.fromEntries(CATEGORIES.map((c) => [c, "warn"])),
  };
  const refusal = (value: object): string => {
    try {
      parseProfile(value as never, "mine.yaml");
    } catch (error) {
      if (error instanceof SallyportError)
        return `${error.message} at ${error.place.path}: ${error.place.fix}`;
    }
    return "accepted";
  };

  it("is accepted when every category has an action", () => {
    expect(parseProfile(good, "mine.yaml").actions.pii).toBe("warn");
  });
  it("is refused when a category is left out, since nothing would be the weakest action", () => {
    const { pii: _, ...rest } = good.actions;
    expect(refusal({ ...good, actions: rest })).toContain("pii has no valid action at actions.pii");
  });
  it("is refused for an unknown key, category or action", () => {
    expect(refusal({ ...good, action: {} })).toContain('unknown key "action"');
    expect(refusal({ ...good, actions: { ...good.actions, pi: "warn" } })).toContain("did you mean pii?");
    expect(refusal({ ...good, actions: { ...good.actions, pii: "deny" } })).toContain(
      "log, warn, redact, block",
    );
  });
});
