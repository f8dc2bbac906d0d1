import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Builtin } from "../../src/config/builtin.js";
import { loadBuiltin, readBuiltin, ROOT, withIds } from "../../src/config/builtin.js";
import { loadDetectors, parseDetectors } from "../../src/config/detectors.js";
import { parseConnector } from "../../src/config/connector-file.js";
import type { SallyportError } from "../../src/model/errors.js";
import { operationOf } from "../../src/policy/operations.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sallyport-builtin-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}
const refusal = (): Partial<SallyportError> => {
  try {
    readBuiltin(dir);
  } catch (error) {
    return error as SallyportError;
  }
  throw new Error("accepted");
};
const PROFILE = `profile: p
describe: d
actions: { pii: log, sqli: log, sensitive_data: log, high_risk: log, dangerous_queries: log, dangerous_commands: log,
  prompt_injection: log, unsafe_code: log, tool_integrity: log, exfiltration: log }
`;

describe("the data Sallyport ships with", () => {
  it("survives being bundled as JSON, order of operations included", () => {
    const bundled = JSON.parse(JSON.stringify(loadBuiltin())) as Builtin;
    expect(bundled).toEqual(withIds(readBuiltin(ROOT)));
    const sqlite = bundled.connectors.find((c) => c.connector === "sqlite");
    expect(sqlite && operationOf(sqlite, "list_tables")).toBe("query");
  });
  it("gives the detectors bundled what it gives them from their files", () => {
    const bundled = JSON.parse(JSON.stringify(parseDetectors(readBuiltin(ROOT).detectorFiles))) as object;
    expect(bundled).toEqual(loadDetectors());
    expect(
      loadDetectors().rules.every(({ pattern, shape }) => (pattern === undefined) === (shape === undefined)),
    ).toBe(true);
  });
  it("is never empty: a folder without files is fatal, since no rules would allow everything", () => {
    write("policies/profiles/p.yaml", PROFILE);
    expect(refusal()).toMatchObject({ code: "data_invalid", message: "no YAML files in connectors" });
  });
  it("is refused when a file is not YAML, names a key twice, or is not what its name says", () => {
    write("policies/profiles/p.yaml", "profile: [");
    expect(refusal().message).toMatch(/^not YAML/);
    write("policies/profiles/p.yaml", "profile: a\nprofile: b\n");
    expect(refusal().message).toMatch(/^not YAML/);
    write("policies/profiles/p.yaml", PROFILE);
    write(
      "connectors/a.yaml",
      'connector: b\ndescribe: d\noperations: { execute: { tools: ["*"] } }\nrows: { from: [csv] }\n' +
        "limits: { max_rows: 1 }\negress: true\n",
    );
    expect(refusal()).toMatchObject({
      message: "the name is not the file's",
      place: { file: "connectors/a.yaml" },
    });
  });
});

describe("a connector file", () => {
  const good = {
    connector: "mine",
    describe: "My service",
    operations: { execute: { tools: ["*"], arguments: { q: "sql" } } },
    rows: { from: ["$.data[*].rows", "csv"] },
    limits: { max_rows: 10, max_bytes: "1MiB" },
    egress: false,
  };
  const problems = (value: object) => parseConnector(value as never, "mine.yaml").problems;

  it("is accepted when it is whole", () => {
    expect(parseConnector(good, "mine.yaml").connector?.limits).toEqual({
      max_rows: 10,
      max_bytes: 1024 ** 2,
    });
  });
  it.each([
    [{ ...good, operatons: {} }, "operatons", "did you mean operations?"],
    [{ ...good, connector: "My Service" }, "connector", "lower-case"],
    [{ ...good, operations: { read: { tools: ["*"] } } }, "operations.read", "query, execute"],
    [{ ...good, operations: { query: { tools: [] } } }, "operations.query.tools", "for all"],
    [
      { ...good, operations: { query: { tools: ["*"], arguments: { q: "sqll" } } } },
      "operations.query.arguments.q",
      "sql",
    ],
    [{ ...good, rows: { from: ["$..rows"] } }, "rows.from[0]", "json-array"],
    [{ ...good, rows: { from: [] } }, "rows.from", "any-array"],
    [{ ...good, recognise: { package: ["x"] } }, "recognise.package", "did you mean packages?"],
    [{ ...good, limits: { max_rows: -1 } }, "limits.max_rows", "at least 1"],
    [{ ...good, egress: "no" }, "egress", undefined],
  ])("is refused: %j", (value, path, fix) => {
    const found = problems(value);
    expect(found.map((p) => p.path)).toEqual([path]);
    if (fix !== undefined) expect(found[0]?.fix).toContain(fix);
  });
});
