import type { Json } from "../model/json.js";
import type { Operation, Role } from "../model/nouns.js";
import { OPERATIONS, ROLES } from "../model/nouns.js";
import type { Connector, Egress, OperationSpec } from "../model/posture.js";
import type { Problem } from "../policy/problem.js";
import { readLimits } from "./limits.js";
import { join, Reader } from "./reader.js";

/** What a connector file says of itself, held by a test: commands it is recognised in, tools and their operation. */
export interface ConnectorExamples {
  readonly hits: readonly string[];
  readonly misses: readonly string[];
  readonly query: readonly string[];
  readonly execute: readonly string[];
}

export const CONNECTOR_KEYS = [
  "connector",
  "describe",
  "recognise",
  "operations",
  "rows",
  "limits",
  "egress",
  "examples",
] as const;
export const RECOGNISE_KEYS = ["packages", "commands", "hosts", "tools"] as const;
export const OPERATION_KEYS = ["tools", "arguments"] as const;
export const EXAMPLE_KEYS = ["hits", "misses", "query", "execute"] as const;

/** How rows may be counted, besides a path such as `$.data.statements[*].rows`. */
export const ROW_RULES = [
  "json-array",
  "ndjson",
  "csv",
  "tsv",
  "markdown",
  "any-array",
  "lines",
  "resources",
] as const;
const ROW_PATH = /^\$(\.[A-Za-z_][\w-]*(\[\*\])?)+$/;
const NAME = /^[a-z][a-z0-9-]*$/;

/** Checks one parsed connector file. `connector` is absent when there are problems. */
export function parseConnector(
  value: Json,
  file: string,
): { connector?: Connector; examples?: ConnectorExamples; problems: readonly Problem[] } {
  const reader = new Reader(file);
  const top = reader.object(value, "") ?? {};
  reader.keys(top, "", CONNECTOR_KEYS);
  const name = reader.string(top["connector"], "connector");
  if (name === undefined || !NAME.test(name))
    reader.problem("connector", "a connector needs a name", "use lower-case letters, digits and dashes");
  const describe = reader.string(top["describe"], "describe");
  if (top["describe"] === undefined) reader.problem("describe", "no description", "say what it stands for");
  const recognise = readRecognise(reader, top["recognise"]);
  const operations = readOperations(reader, top["operations"]);
  const from = readRows(reader, top["rows"]);
  const limits = readLimits(reader, top["limits"], "limits");
  if (top["limits"] === undefined) reader.problem("limits", "no limits", "set max_rows and max_bytes");
  const egress = readEgress(reader, top["egress"]);
  if (top["egress"] === undefined) reader.problem("egress", "not said whether data can leave", "set egress");
  const examples = readExamples(reader, top["examples"]);
  if (reader.problems.length > 0) return { problems: reader.problems };
  const connector: Connector = {
    connector: name ?? "",
    describe: describe ?? "",
    recognise,
    operations,
    rows: { from },
    limits,
    egress: egress ?? true,
  };
  return { connector, examples, problems: [] };
}

export const EGRESS_WORDS = ["execute", "arguments"] as const;

function readEgress(reader: Reader, value: Json | undefined): Egress | undefined {
  if (Array.isArray(value)) return reader.strings(value, "egress");
  if (typeof value === "string") return reader.oneOf(value, "egress", EGRESS_WORDS);
  return reader.boolean(value, "egress");
}

function readRecognise(reader: Reader, value: Json | undefined): Connector["recognise"] {
  const object = reader.object(value, "recognise") ?? {};
  reader.keys(object, "recognise", RECOGNISE_KEYS);
  return Object.fromEntries(
    RECOGNISE_KEYS.flatMap((key) => {
      const list = reader.strings(object[key], `recognise.${key}`);
      return list === undefined ? [] : [[key, list]];
    }),
  );
}

/** In the order of the file, since the first operation whose globs match wins. */
function readOperations(reader: Reader, value: Json | undefined): Connector["operations"] {
  const object = reader.object(value, "operations");
  if (object === undefined) {
    reader.problem("operations", "no operations", "say which tools are query and which execute");
    return {};
  }
  reader.keys(object, "operations", OPERATIONS);
  const operations: Partial<Record<Operation, OperationSpec>> = {};
  for (const key of Object.keys(object)) {
    const path = `operations.${key}`;
    const spec = reader.object(object[key], path);
    if (spec === undefined) continue;
    reader.keys(spec, path, OPERATION_KEYS);
    const tools = reader.strings(spec["tools"], `${path}.tools`);
    if (tools === undefined || tools.length === 0)
      reader.problem(`${path}.tools`, "no tools", 'use ["*"] for all');
    const roles = readRoles(reader, spec["arguments"], `${path}.arguments`);
    operations[key as Operation] = { tools: tools ?? [], ...(roles !== undefined && { arguments: roles }) };
  }
  return operations;
}

function readRoles(
  reader: Reader,
  value: Json | undefined,
  path: string,
): Readonly<Record<string, Role>> | undefined {
  const object = reader.object(value, path);
  if (object === undefined) return undefined;
  const roles: Record<string, Role> = {};
  for (const [argument, role] of Object.entries(object)) {
    const known = reader.oneOf(role, join(path, argument), ROLES);
    if (known !== undefined) roles[argument] = known;
  }
  return roles;
}

function readRows(reader: Reader, value: Json | undefined): readonly string[] {
  const object = reader.object(value, "rows") ?? {};
  reader.keys(object, "rows", ["from"]);
  const from = reader.strings(object["from"], "rows.from") ?? [];
  if (from.length === 0)
    reader.problem("rows.from", "rows are not counted", 'name at least one rule, e.g. ["any-array"]');
  from.forEach((rule, at) => {
    if (!(ROW_RULES as readonly string[]).includes(rule) && !ROW_PATH.test(rule))
      reader.problem(
        `rows.from[${at}]`,
        `unknown rule "${rule}"`,
        `use a path such as $.rows, or: ${ROW_RULES.join(", ")}`,
      );
  });
  return from;
}

function readExamples(reader: Reader, value: Json | undefined): ConnectorExamples {
  const object = reader.object(value, "examples") ?? {};
  reader.keys(object, "examples", EXAMPLE_KEYS);
  const list = (key: string): readonly string[] => reader.strings(object[key], `examples.${key}`) ?? [];
  return { hits: list("hits"), misses: list("misses"), query: list("query"), execute: list("execute") };
}
