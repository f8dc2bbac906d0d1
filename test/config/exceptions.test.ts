import { describe, expect, it } from "vitest";
import { readExceptions } from "../../src/config/exceptions.js";
import { Reader } from "../../src/config/reader.js";
import type { Json, JsonObject } from "../../src/model/json.js";

const known = {
  detectors: ["pii.email", "pii.phone_labelled", "sensitive_data.jwt"],
  servers: ["mail", "crm"],
};
const good: JsonObject = {
  detector: "pii.email",
  match: { server: "mail", tool: "send_mail", pointer: "/to" },
  reason: "An address is what this field is for",
  owner: "maya",
  expires: "2027-06-30",
};

function read(...items: Json[]) {
  const reader = new Reader("mcp.config.json");
  const exceptions = readExceptions(reader, items, known);
  return { exceptions, problems: reader.problems };
}
const problemsOf = (change: JsonObject) =>
  read({ ...good, ...change }).problems.map(({ path, message, fix }) => `${path}: ${message}; ${fix}`);

it("an exception keeps everything that was said of it, and where it was said", () => {
  expect(read(good)).toEqual({
    exceptions: [{ ...good, source: "mcp.config.json exceptions[0]" }],
    problems: [],
  });
});

describe("a start is refused, with the path and the fix, for an exception", () => {
  it.each(["detector", "match", "reason", "owner", "expires"])("without %s", (key) => {
    const { [key]: _, ...rest } = good;
    const { exceptions, problems } = read(rest);
    expect(exceptions).toEqual([]);
    expect(problems[0]).toMatchObject({ path: `exceptions[0].${key}`, fix: expect.any(String) });
  });
  it("of a detector that is none, or wider than a category", () => {
    expect(problemsOf({ detector: "pii.emial" })).toEqual([
      'exceptions[0].detector: no detector is called "pii.emial"; did you mean pii.email?',
    ]);
    expect(problemsOf({ detector: "*" })[0]).toContain("names no detector");
    expect(problemsOf({ detector: "pii.phone_*" })).toEqual([]);
  });
  it("that names no place, or one that is too wide", () => {
    expect(problemsOf({ match: { server: "mail" } })[0]).toContain("switches a detector off");
    expect(problemsOf({ match: { tool: "send_mail" } })[0]).toContain("switches a detector off");
    expect(problemsOf({ match: { server: "mail", pointer: "/to" } })).toEqual([]);
  });
  it("for a server nobody has, a pointer or day that is none, a key nobody reads", () => {
    expect(problemsOf({ match: { server: "mial", tool: "x" } })[0]).toContain("did you mean mail?");
    expect(problemsOf({ match: { server: "mail", pointer: "to" } })[0]).toContain("start it with /");
    expect(problemsOf({ expires: "2027-02-30" })[0]).toContain("YYYY-MM-DD");
    expect(problemsOf({ expires: "30.06.2027" })[0]).toContain("YYYY-MM-DD");
    expect(problemsOf({ match: { server: "mail", tool: "x", phaze: "input" } })[0]).toContain("phase");
    expect(problemsOf({ why: "x" })[0]).toContain('unknown key "why"');
  });
});
