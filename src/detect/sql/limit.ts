/** Bounds the rows that a SELECT asks for. */
import { splitStatements } from "./statements.js";
import { tokenizeSql } from "./tokens.js";

/**
 * The text with its outermost LIMIT lowered to `max`, or one added; undefined when that cannot be done safely: several
 * statements, no plain SELECT, or a bound written in another way (FETCH FIRST, TOP, a placeholder).
 */
export function limitSql(text: string, max: number): string | undefined {
  const tokens = tokenizeSql(text);
  if (tokens.some(({ kind }) => kind === "unknown" || kind === "executable")) return undefined;
  const statements = splitStatements(tokens);
  const [statement] = statements;
  if (statement === undefined || statements.length > 1) return undefined;
  if (statement.verb !== "SELECT" && statement.verb !== "VALUES") return undefined;
  let depth = 0;
  let limitAt = -1;
  for (const [at, token] of statement.tokens.entries()) {
    if (token.text === "(") depth++;
    else if (token.text === ")") depth--;
    if (depth !== 0 || token.kind !== "word") continue;
    if (/^(?:FETCH|TOP|INTO|FOR|PROCEDURE)$/.test(token.text)) return undefined;
    if (token.text === "LIMIT") limitAt = at;
  }
  if (limitAt === -1) return `${text.slice(0, statement.end)} LIMIT ${max}${text.slice(statement.end)}`;
  const count = statement.tokens[limitAt + 1];
  // MySQL's LIMIT offset, count would be misread; LIMIT 10 * 1000, LIMIT 10%, and LIMIT 10 BY … are no ten rows.
  const after = statement.tokens[limitAt + 2];
  if (count?.kind !== "number" || (after !== undefined && after.text !== "OFFSET")) return undefined;
  if (Number(count.text) <= max) return text;
  return text.slice(0, count.start) + String(max) + text.slice(count.end);
}
