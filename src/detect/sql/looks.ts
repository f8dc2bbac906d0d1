import { tokenizeSql } from "./tokens.js";

const VERBS = new Set([
  "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "WITH", "CREATE", "ALTER", "DROP", "TRUNCATE",
  "GRANT", "REVOKE", "EXPLAIN", "SHOW", "DESCRIBE", "DESC", "PRAGMA", "ATTACH", "DETACH", "COPY", "CALL", "EXEC",
  "EXECUTE", "SET", "USE", "BEGIN", "START", "COMMIT", "ROLLBACK", "VACUUM", "ANALYZE", "DECLARE", "DO", "LOAD",
  "WAITFOR", "KILL", "SHUTDOWN", "RENAME", "LOCK", "VALUES", "HANDLER", "PREPARE", "UNION", "REINDEX", "COMMENT",
]);
const ENGLISH = new Set(["THE", "A", "AN", "MY", "YOUR", "THIS", "THAT", "ALL", "ME", "US", "SOME", "PLEASE"]);
const STRUCTURE = new Set([
  "FROM", "WHERE", "INTO", "TABLE", "VALUES", "SET", "DATABASE", "SCHEMA", "VIEW", "INDEX", "USER", "ROLE", "TO",
  "ON", "JOIN", "LIMIT", "TABLES", "DATABASES", "COLUMNS",
]);

/** True when a text reads as a statement, not as a search phrase ("update on the drop in sales"). */
export function looksLikeSql(text: string): boolean {
  const tokens = tokenizeSql(text.slice(0, 2000)).filter((t) => t.kind !== "comment" && t.kind !== "executable");
  const at = tokens.findIndex((t) => t.text !== "(" && t.text !== ";");
  const first = tokens[at];
  if (first === undefined || first.kind !== "word" || !VERBS.has(first.text)) return false;
  const rest = tokens.slice(at + 1);
  if (rest.length === 0 || rest[0]?.text === ";") return true;
  if (rest.some((t) => t.kind === "op" && /^(?:[*=;(<>]|<=|>=|<>)$/.test(t.text))) return true;
  const next = rest[0];
  if (next?.kind === "word" && ENGLISH.has(next.text)) return false;
  return rest.some((t) => t.kind === "word" && STRUCTURE.has(t.text));
}
