import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { yamlFiles } from "../../src/config/builtin.js";
import { parseConnector } from "../../src/config/connector-file.js";
import { operationOf } from "../../src/policy/operations.js";
import { recognise, recogniseByTools } from "../../src/policy/recognise.js";
import type { Connector } from "../../src/model/posture.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const files = yamlFiles(root, "connectors").map(({ file, value }) => ({
  file,
  ...parseConnector(value, file),
}));
const connectors = files.flatMap(({ connector }) => (connector === undefined ? [] : [connector]));

/** A line of an example file: an address, or a command with its arguments. */
function recognised(line: string): string {
  const [command = "", ...args] = line.split(" ");
  const sign = /^https?:/.test(line) ? { url: line } : { command, args };
  return recognise(connectors, sign)?.connector.connector ?? "unknown";
}

it("there are connectors, each valid and named as its file", () => {
  expect(files.length).toBeGreaterThanOrEqual(29);
  for (const { file, connector, problems } of files) {
    expect(problems, file).toEqual([]);
    expect(connector?.connector).toBe(basename(file, ".yaml"));
  }
});

describe.each(files.map((f) => [f.connector?.connector ?? f.file, f] as const))("%s", (name, file) => {
  const connector = file.connector as Connector;
  const examples = file.examples ?? { hits: [], misses: [], query: [], execute: [] };

  it("keeps its own examples", () => {
    for (const line of examples.hits) expect(recognised(line), line).toBe(name);
    for (const line of examples.misses) expect(recognised(line), line).not.toBe(name);
    for (const tool of examples.query) expect(operationOf(connector, tool), tool).toBe("query");
    for (const tool of examples.execute) expect(operationOf(connector, tool), tool).toBe("execute");
    expect(examples.execute.length).toBeGreaterThan(0);
  });
  it("is found by the tools it is known for, if by any", () => {
    const tools = (connector.recognise.tools ?? []).map((glob) => glob.replaceAll("*", "x"));
    expect(recogniseByTools(connectors, tools).connector).toBe(tools.length === 0 ? "generic" : name);
  });
  it("limits rows and bytes", () => {
    expect(connector.limits.max_rows).toBeGreaterThan(0);
    expect(connector.limits.max_bytes).toBeGreaterThan(0);
  });
});
