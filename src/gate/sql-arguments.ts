/** The arguments of a call that are SQL, and what they do. */
import { inferRole } from "../detect/roles.js";
import { summarizeSql, type SqlSummary } from "../detect/sql/summary.js";
import type { Call } from "../model/call.js";
import { isObject, pointerStep, type Json } from "../model/json.js";
import type { Connector } from "../model/posture.js";
import { declaredRole } from "./arguments.js";

export interface SqlArgument {
  /** Name of the argument that it stands in. */
  readonly name: string;
  readonly text: string;
  /** The tool takes it as SQL: its schema names the argument, or, where no schema is known, its connector does. */
  readonly taken: boolean;
}

/** Every text that is read as SQL, at any depth. */
export function sqlArguments(connector: Connector | undefined, call: Call): SqlArgument[] {
  const roleOf = declaredRole(connector, call);
  const properties: Json | undefined = call.inputSchema?.["properties"];
  const found: SqlArgument[] = [];
  const walk = (value: Json, pointer: string, key: string | undefined, name: string): void => {
    if (typeof value === "string") {
      const declared = roleOf(pointer, key);
      if ((declared ?? inferRole("input", key, value)) !== "sql") return;
      const taken = isObject(properties) ? Object.hasOwn(properties, name) : declared === "sql";
      found.push({ name, text: value, taken });
    } else if (Array.isArray(value))
      (value as readonly Json[]).forEach((each, at) => walk(each, `${pointer}/${at}`, key, name));
    else if (typeof value === "object" && value !== null)
      for (const [member, each] of Object.entries(value))
        walk(each, `${pointer}/${pointerStep(member)}`, member, name === "" ? member : name);
  };
  walk(call.args, "", undefined, "");
  return found;
}

export interface SqlFacts extends SqlSummary {
  readonly present: boolean;
  readonly tables: readonly string[];
}

const NO_SQL: SqlFacts = {
  present: false,
  parse_ok: true,
  read_only: false,
  statements: [],
  tables: [],
  does: [],
};

/**
 * All of them together. A tool that changes something reads only when SQL is what it takes: else a harmless SELECT, sent
 * along in an argument that nobody looks at, would pass a deletion for a read.
 */
export function sqlFactsOf(connector: Connector | undefined, call: Call): SqlFacts {
  const texts = sqlArguments(connector, call);
  const all = texts.map(({ text }) => summarizeSql(text));
  if (all.length === 0) return NO_SQL;
  const tells = call.operation === "query" || texts.some(({ taken }) => taken);
  return {
    present: true,
    parse_ok: all.every((each) => each.parse_ok),
    read_only: tells && all.every((each) => each.read_only),
    statements: all.flatMap(({ statements }) => statements),
    tables: [...new Set(all.flatMap(({ statements }) => statements.flatMap(({ tables }) => tables)))],
    does: [...new Set(all.flatMap(({ does }) => does))],
  };
}
