import { describe, expect, it } from "vitest";
import { exceptionLines } from "../../src/policy/bootline.js";
import { decide } from "../../src/policy/decide.js";
import type { ExceptionSpec } from "../../src/policy/exceptions.js";
import { compileExceptions, compilePointer, endOf } from "../../src/policy/exceptions.js";
import { finding, postureOf } from "./sample.js";

const spec: ExceptionSpec = {
  detector: "pii.email",
  match: { server: "mail", tool: "send_*", pointer: "/to" },
  reason: "An address is what this field is for",
  owner: "maya",
  expires: "2027-06-30",
  source: "mcp.config.json exceptions[0]",
};
const NOW = Date.parse("2027-01-01T12:00:00Z");
const at = { server: "mail", tool: "send_mail", phase: "input" } as const;
const email = finding({ detector: "pii.email", type: "email", pointer: "/arguments/to" });
const applies = (match: Partial<ExceptionSpec["match"]>, found = email, where: typeof at | object = {}) =>
  compileExceptions([{ ...spec, match: { ...spec.match, ...match } }])(found, { ...at, ...where }, NOW) !==
  undefined;

describe("an exception", () => {
  it("speaks for the finding it names, and says which one it is", () => {
    expect(compileExceptions([spec])(email, at, NOW)).toBe("mcp.config.json exceptions[0]");
  });
  it("does not speak for another detector, server, tool, place or phase", () => {
    expect(applies({}, { ...email, detector: "pii.us_ssn" })).toBe(false);
    expect(applies({}, email, { server: "mail2" })).toBe(false);
    expect(applies({}, email, { tool: "delete_mail" })).toBe(false);
    expect(applies({}, { ...email, pointer: "/arguments/body" })).toBe(false);
    expect(applies({}, { ...email, pointer: "/arguments/to/0" })).toBe(false);
    expect(applies({ phase: "output" })).toBe(false);
    expect(applies({ phase: "input" })).toBe(true);
  });
  it("holds to the end of its last day and not a moment longer", () => {
    const except = compileExceptions([spec]);
    expect(except(email, at, endOf(spec) - 1)).toBeDefined();
    expect(except(email, at, endOf(spec))).toBeUndefined();
    expect(new Date(endOf(spec)).toISOString()).toBe("2027-07-01T00:00:00.000Z");
  });
  it("means the same row in structured content and in JSON inside a text", () => {
    const match = { pointer: "/rows/*/email" };
    expect(applies(match, { ...email, pointer: "/structuredContent/rows/7/email" })).toBe(true);
    expect(applies(match, { ...email, pointer: "/content/0/text", inner: "/rows/7/email" })).toBe(true);
    expect(applies(match, { ...email, pointer: "/content/0/text", inner: "/rows/7/ssn" })).toBe(false);
    expect(applies(match, { ...email, pointer: "/rows/7/old/email" })).toBe(false);
  });
});

it("a pointer's * is one step and ** any number", () => {
  expect(compilePointer("/a/*/c")("/a/b/c")).toBe(true);
  expect(compilePointer("/a/*/c")("/a/b/b/c")).toBe(false);
  expect(compilePointer("/a/**")("/a")).toBe(true);
  expect(compilePointer("/a/**/c")("/a/b/b/c")).toBe(true);
  expect(compilePointer("/**/c")("/c")).toBe(true);
  expect(compilePointer("/**/c")("/c/d")).toBe(false);
});

it("a refused call flows when each of its findings is excepted, and not before", () => {
  const posture = postureOf({ SALLYPORT_PROFILE: "strict" });
  const high = [finding({ severity: "high" }), finding({ severity: "high", pointer: "/arguments/other" })];
  const except = (each: { pointer: string }) => (each.pointer === high[0]?.pointer ? "config[0]" : undefined);
  const input = { phase: "input", findings: high, posture, snapshot: "s" } as const;
  expect(decide(input).decision).toBe("deny");
  const partly = decide({ ...input, except });
  expect(partly.decision).toBe("deny");
  expect(partly.findings.map((f) => [f.action, f.exception])).toEqual([
    ["log", "config[0]"],
    ["block", undefined],
  ]);
  expect(decide({ ...input, except: () => "config[0]" }).decision).toBe("allow");
});

it("is not named where a finding would only be logged anyway", () => {
  const input = {
    phase: "input",
    findings: [finding()],
    posture: postureOf({ SALLYPORT_PROFILE: "dev" }),
    snapshot: "s",
  } as const;
  expect(decide({ ...input, except: () => "config[0]" }).findings[0]?.exception).toBeUndefined();
});

it("does not speak for what a tool's own definition carries", () => {
  const definition = { findings: [finding({ severity: "high" })], review: "look" };
  const input = {
    phase: "input",
    findings: [],
    posture: postureOf({ SALLYPORT_PROFILE: "strict" }),
    snapshot: "s",
  } as const;
  expect(decide({ ...input, definition, except: () => "config[0]" }).decision).toBe("deny");
});

it("a start names every expired one and counts the others", () => {
  const old = { ...spec, expires: "2026-01-31", source: "mcp.config.json exceptions[1]" };
  expect(exceptionLines([spec, old], NOW)).toEqual([
    {
      level: "warn",
      text: expect.stringContaining("EXPIRED on 2026-01-31 and void: mcp.config.json exceptions[1]"),
    },
    { level: "info", text: "[Exceptions] 1 in force" },
  ]);
  expect(exceptionLines([], NOW)).toEqual([]);
});
