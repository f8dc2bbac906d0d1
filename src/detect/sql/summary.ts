/** What a SQL text does, as a policy may ask: its statements, the tables they name, whether anything is changed. */
import { sqlFacts } from "./facts.js";
import { splitStatements, type SqlStatement } from "./statements.js";
import { tokenizeSql, type SqlToken } from "./tokens.js";

export interface SqlSummary {
  /** False when a part of it could not be read: then nothing is known of what it does. */
  readonly parse_ok: boolean;
  readonly read_only: boolean;
  readonly statements: readonly { readonly verb: string; readonly tables: readonly string[] }[];
  readonly does: readonly string[];
}

/** Reading alone, in every dialect; PRAGMA and SET can change how the next statement runs, and CALL can do anything. */
const READS = /^(?:SELECT|WITH|SHOW|DESCRIBE|DESC|EXPLAIN|VALUES|TABLE|FROM|LIST|USE)$/;

/** Words that change something, or lock, wherever they stand in a statement: in a CTE, after EXPLAIN ANALYZE. */
const WRITES =
  /^(?:INSERT|UPDATE|DELETE|MERGE|DROP|TRUNCATE|ALTER|CREATE|GRANT|REVOKE|CALL|EXEC|EXECUTE|OUTFILE|DUMPFILE|NEXTVAL|SETVAL|LO_IMPORT|LO_UNLINK|PG_TERMINATE_BACKEND|PG_CANCEL_BACKEND|PG_RELOAD_CONF|SET_CONFIG)$/;

const HARMLESS = new Set(["system_tables", "stacked_statements"]);

export function summarizeSql(text: string): SqlSummary {
  const tokens = tokenizeSql(text);
  const statements = splitStatements(tokens);
  const does = [...new Set(sqlFacts(text).map(({ fact }) => fact))];
  const parseOk = statements.length > 0 && tokens.every((token) => readable(token, text));
  const readOnly =
    parseOk && does.every((fact) => HARMLESS.has(fact)) && statements.every((each) => reads(each));
  return {
    parse_ok: parseOk,
    read_only: readOnly,
    statements: statements.map((each) => ({ verb: each.verb, tables: tablesOf(each) })),
    does,
  };
}

/** A quote or comment that does not end may hide the rest, and which reading is right depends on the server. */
function readable({ kind, text, start, end }: SqlToken, whole: string): boolean {
  if (kind === "unknown" || kind === "executable") return false;
  if (kind === "comment") return !text.startsWith("/*") || text.endsWith("*/");
  if (kind === "quoted") return end - start >= 2 && whole[start] === whole[end - 1];
  if (kind !== "string") return true;
  const [tag] = /^\$\w*\$/.exec(text) ?? [];
  if (tag !== undefined) return text.length >= 2 * tag.length && text.endsWith(tag);
  return /^[A-Za-z]?'[^]*'$/.test(text) && text.length >= 2 && !text.includes("\\'");
}

function reads({ verb, tokens, verbAt, planned }: SqlStatement): boolean {
  if (!READS.test(verb) && !(planned && verb !== "")) return false;
  return tokens.every((token, at) => {
    if (token.kind !== "word") return true;
    // SELECT … INTO makes a table, or writes a file; UPDATE in `FOR UPDATE` locks rows. A column may be called either
    // only in quotes.
    if (token.text === "INTO") return false;
    if (!WRITES.test(token.text)) return true;
    if (planned && at === verbAt) return true;
    return tokens[at - 1]?.text === ".";
  });
}

const BEFORE_TABLE = /^(?:FROM|JOIN|INTO|UPDATE|TABLE|USING)$/;
const NO_TABLE = /^(?:SELECT|LATERAL|ONLY|IF|EXISTS|NOT|VALUES|SET|UNNEST)$/;

function tablesOf({ tokens }: SqlStatement): string[] {
  const tables = new Set<string>();
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (token.kind !== "word" || !BEFORE_TABLE.test(token.text)) continue;
    let next = at + 1;
    do {
      while (tokens[next]?.kind === "word" && NO_TABLE.test(tokens[next]!.text)) next++;
      const [name, after] = nameAt(tokens, next);
      if (name === undefined) break;
      if (tokens[after]?.text !== "(" || token.text === "INTO") tables.add(name);
      next = pastAlias(tokens, pastParentheses(tokens, after));
      // FROM a, b
    } while (token.text === "FROM" && tokens[next]?.text === "," && ++next < tokens.length);
  }
  return [...tables];
}

function nameAt(tokens: readonly SqlToken[], from: number): [name: string | undefined, after: number] {
  const parts: string[] = [];
  let at = from;
  while (tokens[at]?.kind === "word" || tokens[at]?.kind === "quoted") {
    parts.push(tokens[at]!.text.toLowerCase());
    at++;
    if (tokens[at]?.text !== ".") break;
    at++;
  }
  return [parts.length === 0 ? undefined : parts.join("."), at];
}

function pastParentheses(tokens: readonly SqlToken[], from: number): number {
  if (tokens[from]?.text !== "(") return from;
  let depth = 0;
  for (let at = from; at < tokens.length; at++) {
    if (tokens[at]!.text === "(") depth++;
    else if (tokens[at]!.text === ")" && --depth === 0) return at + 1;
  }
  return tokens.length;
}

function pastAlias(tokens: readonly SqlToken[], from: number): number {
  let at = from;
  if (tokens[at]?.text === "AS") at++;
  if (tokens[at]?.kind === "quoted" || (tokens[at]?.kind === "word" && tokens[at + 1]?.text === ",")) at++;
  return at;
}
