import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.js";
import { loadDetectors } from "../../src/config/detectors.js";
import { detectorIds, detectorsWith } from "../../src/config/own-detectors.js";
import { compileEngine } from "../../src/detect/engine.js";
import { linearPattern } from "../../src/config/linear.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-own-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const rule = (change: Record<string, unknown> = {}): object => ({
  id: "acme.badge",
  type: "badge_number",
  severity: "high",
  literals: ["badge"],
  pattern: "\\bBADGE-(?<value>[0-9]+)\\b",
  source: "https://wiki.acme.example/badges",
  hits: ["door opened by BADGE-123456"],
  misses: ["BADGE-x", "badge of honour"],
  ...change,
});
const load = (rules: readonly object[], more: object = {}) => {
  // JSON is YAML.
  writeFileSync(join(dir, "acme.yaml"), JSON.stringify({ category: "sensitive_data", rules }));
  const mcpServers = { db: { command: "node", args: ["server.js"] } };
  writeFileSync(
    join(dir, "mcp.config.json"),
    JSON.stringify({ mcpServers, detectors: ["./acme.yaml"], ...more }),
  );
  return loadConfig({ cwd: dir, env: {} });
};
const problems = (rules: readonly object[]): string[] =>
  load(rules).problems.map(({ message, file, path }) => `${file} ${path}: ${message}`);

describe("detectors of somebody's own", () => {
  it("find what they were written for, beside all that ship, to the span", () => {
    const { config } = load([rule()]);
    const { rules } = detectorsWith(config!.detectors);
    const engine = compileEngine(rules, linearPattern);
    const text = "Gate 4: badge-77 and BADGE-123456, mail ann@example.com";
    const found = engine.scanText(text, { role: "text", phase: "output" });
    expect(found.map(({ detector, span }) => [detector, text.slice(...span)])).toEqual([
      ["acme.badge", "123456"],
      ["pii.email", "ann@example.com"],
    ]);
  });

  it("are part of what decides: another pattern is another snapshot", () => {
    const with_ = (change: object) => detectorsWith(load([rule({ ...change })]).config!.detectors).deciding;
    const one = with_({});
    expect(JSON.parse(one)).toHaveLength(loadDetectors().rules.length + 1);
    expect(with_({ severity: "low" })).not.toBe(one);
    expect(with_({ source: "https://elsewhere.example" })).toBe(one);
  });

  it("may be named by exceptions", () => {
    const exception = {
      detector: "acme.badge",
      match: { server: "db", tool: "log" },
      reason: "the log is of badges",
      owner: "maya",
      expires: "2099-01-01",
    };
    expect(load([rule()], { exceptions: [exception] }).problems).toEqual([]);
    // What the gate itself speaks as may be named as well, wherever policies are checked.
    expect(detectorIds(load([rule()]).config)).toEqual(
      expect.arrayContaining(["acme.badge", "session.taint"]),
    );
    expect(detectorIds(undefined)).toContain("session.taint");
  });

  it("cannot be made slow: a pattern that would hang a backtracking engine is tried in no time", () => {
    const { config } = load([
      rule({ pattern: "BADGE(?:a+)+$", hits: ["badge BADGEaaa"], misses: ["BADGEaaab badge"] }),
    ]);
    const engine = compileEngine(config!.detectors, linearPattern);
    const text = `badge BADGE${"a".repeat(50_000)}!`;
    expect(engine.scanText(text, { role: "text", phase: "input" })).toEqual([]);
  });
});

describe("a start is refused", () => {
  it("for a rule that does not find its hit, or finds its miss", () => {
    expect(problems([rule({ hits: ["badge 12"] })])).toEqual([
      "./acme.yaml /rules/0: acme.badge does not find its hit 1",
    ]);
    expect(problems([rule({ misses: ["nothing", "badge BADGE-1"] })])).toEqual([
      "./acme.yaml /rules/0: acme.badge finds its miss 2",
    ]);
  });

  it("for a name that is taken, an unknown key, a pattern that is none, no rules", () => {
    expect(problems([rule({ id: "pii.email" })])[0]).toMatch(/pii.email already/);
    expect(problems([rule(), rule()])[0]).toMatch(/duplicate rule id/);
    expect(problems([rule({ patern: "x" })])[0]).toMatch(/\/rules\/0\/patern: unknown key patern/);
    expect(problems([rule({ pattern: "(a)\\1" })])[0]).toMatch(/pattern of acme.badge: .*invalid escape/);
    expect(problems([rule({ literals: undefined })])[0]).toMatch(/would be tried on every text/);
    expect(problems([])[0]).toMatch(/no rules/);
  });

  it("for a file that is not there, and for an empty list", () => {
    expect(load([rule()], { detectors: ["./none.yaml"] }).problems).toMatchObject([
      { message: "no such file", file: "./none.yaml" },
    ]);
    expect(load([rule()], { detectors: [] }).problems).toMatchObject([{ path: "detectors" }]);
  });
});
