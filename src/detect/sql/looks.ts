import type { SqlToken } from "./tokens.js";
import { tokenizeSql } from "./tokens.js";

const VERBS = new Set([
  "SELECT",
  "INSERT",
  "UPDATE",
  "DELETE",
  "MERGE",
  "REPLACE",
  "WITH",
  "CREATE",
  "ALTER",
  "DROP",
  "TRUNCATE",
  "GRANT",
  "REVOKE",
  "EXPLAIN",
  "SHOW",
  "DESCRIBE",
  "DESC",
  "PRAGMA",
  "ATTACH",
  "DETACH",
  "COPY",
  "CALL",
  "EXEC",
  "EXECUTE",
  "SET",
  "USE",
  "BEGIN",
  "START",
  "COMMIT",
  "ROLLBACK",
  "VACUUM",
  "ANALYZE",
  "DECLARE",
  "DO",
  "LOAD",
  "WAITFOR",
  "KILL",
  "SHUTDOWN",
  "RENAME",
  "LOCK",
  "VALUES",
  "HANDLER",
  "PREPARE",
  "UNION",
  "REINDEX",
  "COMMENT",
]);
const ENGLISH = new Set([
  "THE",
  "A",
  "AN",
  "MY",
  "YOUR",
  "THIS",
  "THAT",
  "ALL",
  "ME",
  "US",
  "SOME",
  "PLEASE",
]);
const STRUCTURE = new Set([
  "FROM",
  "WHERE",
  "INTO",
  "TABLE",
  "VALUES",
  "SET",
  "DATABASE",
  "SCHEMA",
  "VIEW",
  "INDEX",
  "USER",
  "ROLE",
  "TO",
  "ON",
  "JOIN",
  "LIMIT",
  "TABLES",
  "DATABASES",
  "COLUMNS",
]);

const OBJECT =
  /^(?:TABLE|DATABASE|SCHEMA|VIEW|INDEX|USER|ROLE|LOGIN|FUNCTION|PROCEDURE|TRIGGER|SEQUENCE|TYPE|DOMAIN|EXTENSION|POLICY|SYSTEM|SERVER|WAREHOUSE|STAGE|TASK|STREAM|PIPE|COLUMN|CONSTRAINT|TABLESPACE|MATERIALIZED|EXTERNAL|TEMPORARY|TEMP|UNIQUE|OR|IF|GLOBAL|CATALOG|ACCOUNT|GROUP|SYNONYM|PACKAGE|EVENT|OWNED|TRANSIENT|VIRTUAL|DYNAMIC|AGGREGATE|CAST|RULE|PUBLICATION|SUBSCRIPTION|SECRET|SHARE)$/;
type Shape = (rest: readonly SqlToken[]) => boolean;
const has = (rest: readonly SqlToken[], ...words: string[]): boolean =>
  rest.some((t) => t.kind === "word" && words.includes(t.text));
const object: Shape = ([next]) => next?.kind === "word" && OBJECT.test(next.text);

/** Verbs that are English words too, and what must follow them in SQL. */
const SHAPES = new Map<string, Shape>([
  ["DROP", object],
  ["CREATE", object],
  ["ALTER", object],
  ["INSERT", (rest) => has(rest.slice(0, 4), "INTO", "OVERWRITE", "IGNORE") || has(rest, "VALUES")],
  ["UPDATE", (rest) => has(rest, "SET") && rest.some((t) => t.text === "=")],
  ["DELETE", (rest) => has(rest.slice(0, 3), "FROM") && !ENGLISH.has(rest[1]?.text ?? "")],
  ["GRANT", (rest) => has(rest, "TO") && (has(rest, "ON") || !ENGLISH.has(rest[0]?.text ?? ""))],
  ["REVOKE", (rest) => has(rest, "FROM") && (has(rest, "ON") || !ENGLISH.has(rest[0]?.text ?? ""))],
]);

/** True when a text reads as a statement, not as a search phrase ("update on the drop in sales"). */
export function looksLikeSql(text: string): boolean {
  const tokens = tokenizeSql(text.slice(0, 2000)).filter(
    (t) => t.kind !== "comment" && t.kind !== "executable",
  );
  const at = tokens.findIndex((t) => t.text !== "(" && t.text !== ";");
  const first = tokens[at];
  if (first === undefined || first.kind !== "word" || !VERBS.has(first.text)) return false;
  const rest = tokens.slice(at + 1);
  const shape = SHAPES.get(first.text);
  if (shape !== undefined) return shape(rest);
  if (rest.length === 0 || rest[0]?.text === ";") return true;
  if (rest.some((t) => t.kind === "op" && /^(?:[*=;(<>]|<=|>=|<>)$/.test(t.text))) return true;
  const next = rest[0];
  if (next?.kind === "word" && ENGLISH.has(next.text)) return false;
  return rest.some((t) => t.kind === "word" && STRUCTURE.has(t.text));
}
