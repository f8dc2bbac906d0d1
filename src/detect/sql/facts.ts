import { callFacts } from "./calls.js";
import { dialectFacts } from "./dialects.js";
import { innerSql } from "./inner.js";
import type { SqlStatement } from "./statements.js";
import { splitStatements } from "./statements.js";
import type { SqlToken } from "./tokens.js";
import { tokenizeSql } from "./tokens.js";
import { alwaysTrue, boundOf, openedByOr } from "./where.js";

export const SQL_FACTS = [
  "drop_object", // DROP of a table, schema, database, view, index…
  "truncate",
  "alter_drop", // ALTER … DROP, which loses data
  "alter_object",
  "change_privileges", // GRANT, REVOKE, SET ROLE, OWNER TO
  "change_accounts", // CREATE, ALTER, DROP of users, roles, logins; SET PASSWORD
  "delete_without_where",
  "delete_tautology",
  "update_without_where",
  "update_tautology",
  "read_tautology", // SELECT … WHERE name = '' OR 1=1
  "stacked_write", // a second statement that is not a read
  "stacked_statements", // several statements, all reads
  "file_access", // LOAD_FILE, INTO OUTFILE, COPY from or to files, pg_read_file, LOAD DATA
  "program_execution", // COPY … PROGRAM, xp_cmdshell, sys_exec
  "network_access", // dblink, UTL_HTTP, OPENROWSET, xp_dirtree
  "time_delay", // SLEEP, pg_sleep, WAITFOR DELAY, BENCHMARK
  "system_tables",
  "credential_tables", // pg_shadow, mysql.user: hashes of passwords
  "executable_comment", // MySQL runs /*! … */
  "dynamic_sql", // EXEC(…), EXECUTE IMMEDIATE, PREPARE … FROM
  "readonly_escape", // COMMIT or SET that leaves a read-only transaction
  "server_control", // SHUTDOWN, KILL, ALTER SYSTEM, SET GLOBAL
  "log_tampering", // RESET MASTER, PURGE BINARY LOGS, auditing or triggers off
  "backup_restore", // BACKUP and RESTORE DATABASE, FLASHBACK, EXPORT DATA
  "unreadable", // a quote or comment that does not end
  "too_long", // what was not read is told, not passed over
] as const;
export type SqlFactName = (typeof SQL_FACTS)[number];

export interface SqlFact {
  readonly fact: SqlFactName;
  readonly start: number;
  readonly end: number;
}

/** No honest argument is a megabyte of SQL: what stands behind is not read, and that is a finding of its own. */
const MAX_SQL = 1 << 20;

/** What a SQL text does. Where dialects read it differently (`\'`, `#`), every reading counts. */
export function sqlFacts(text: string): SqlFact[] {
  const sql = text.length > MAX_SQL ? text.slice(0, MAX_SQL) : text;
  const facts = factsOf(tokenizeSql(sql));
  if (text.length > MAX_SQL) facts.push({ fact: "too_long", start: MAX_SQL, end: text.length });
  const readings = [
    ...(sql.includes("\\'") ? [{ backslash: true }] : []),
    ...(sql.includes("#") ? [{ hash: true, backslash: true }] : []),
  ];
  for (const reading of readings) {
    const others = factsOf(tokenizeSql(sql, reading));
    // A text that one dialect can read to its end is a text of that dialect.
    if (!others.some((f) => f.fact === "unreadable"))
      facts.splice(0, facts.length, ...facts.filter((f) => f.fact !== "unreadable"));
    for (const f of others) {
      if (f.fact === "unreadable") continue;
      if (!facts.some((g) => g.fact === f.fact && g.start < f.end && f.start < g.end)) facts.push(f);
    }
  }
  return facts;
}

const READS = new Set([
  "SELECT",
  "WITH",
  "SHOW",
  "DESCRIBE",
  "DESC",
  "EXPLAIN",
  "VALUES",
  "PRAGMA",
  "USE",
  "SET",
  "DECLARE",
  "FROM",
  "TABLE",
  "LIST",
  "",
  "BEGIN",
  "START",
  "COMMIT",
  "ROLLBACK",
  "END",
  "PRINT",
  "GO",
]);

/** What says nothing of a body: it is made of statements, and it may be a piece. */
const INNER_ONLY: ReadonlySet<SqlFactName> = new Set([
  "stacked_statements",
  "stacked_write",
  "readonly_escape",
  "unreadable",
]);

/** DO $$ … EXECUTE '…' … $$: text in text. */
const MAX_INNER = 2;

function factsOf(tokens: readonly SqlToken[], depth = 0): SqlFact[] {
  const facts: SqlFact[] = [];
  const last = tokens.at(-1);
  if (last !== undefined && isOpen(last))
    facts.push({ fact: "unreadable", start: last.start, end: last.end });
  const statements = splitStatements(tokens);
  for (const t of tokens) {
    if (t.kind === "executable") facts.push({ fact: "executable_comment", start: t.start, end: t.end });
  }
  statements.forEach((s, i) => {
    const add = (fact: SqlFactName, span: { start: number; end: number } = s): void =>
      void facts.push({ fact, start: span.start, end: span.end });
    if (!s.planned) statementFacts(s, i, add);
    if ((s.verb === "SELECT" || s.verb === "WITH") && openedByOr(s.tokens)) add("read_tautology");
    callFacts(s, add);
    if (depth >= MAX_INNER) return;
    for (const inner of innerSql(s))
      for (const f of factsOf(tokenizeSql(inner.text), depth + 1))
        if (!INNER_ONLY.has(f.fact)) add(f.fact, inner);
  });
  const [first, ...later] = statements;
  const write = later.find((s) => !s.planned && !READS.has(s.verb));
  const span = (s: SqlStatement): { start: number; end: number } => ({ start: s.start, end: s.end });
  if (
    first !== undefined &&
    READS.has(first.verb) &&
    first.verb !== "BEGIN" &&
    first.verb !== "START" &&
    write
  ) {
    facts.push({ fact: "stacked_write", ...span(write) });
  } else if (later[0] !== undefined) facts.push({ fact: "stacked_statements", ...span(later[0]) });
  return facts;
}

/** True for a last token that a quote or comment opens and nothing closes: a server may read on where we cannot. */
function isOpen({ kind, text, start, end }: SqlToken): boolean {
  if (kind === "comment") return text.startsWith("/*") && (text.length < 4 || !text.endsWith("*/"));
  if (kind === "quoted") return end - start < text.length + 2;
  return kind === "string" && /^[A-Za-z]?'/.test(text) && !/^[A-Za-z]?'[^]*'$/.test(text);
}

type Add = (fact: SqlFactName, span?: { start: number; end: number }) => void;

const ACCOUNTS = /^(?:USER|ROLE|LOGIN|GROUP|PROFILE)$/;
const MINOR = new Set(["INDEX", "VIEW", "TRIGGER", "FUNCTION", "PROCEDURE", "CONSTRAINT", "STATISTICS"]);

/** Languages whose functions may do all that the server's own process may. */
const FREE = /^(?:PL(?:PYTHON[23]?|PERL|TCL|R|SH|JAVA|LUA|RUBY|PHP)U?|C|INTERNAL|EXTERNAL)$/;
const languageAt = (s: SqlStatement, at: number): string =>
  (s.tokens[at + 1]?.text ?? "").replace(/^'|'$/g, "").toUpperCase();

function statementFacts(s: SqlStatement, index: number, add: Add): void {
  const word = (i: number): string => {
    const t = s.tokens[s.verbAt + i];
    return t?.kind === "word" ? t.text : "";
  };
  const has = (...words: string[]): boolean =>
    s.tokens.some((t) => t.kind === "word" && words.includes(t.text));
  const next = skipModifiers(word);
  if (s.verb === "DROP") add(ACCOUNTS.test(next) ? "change_accounts" : "drop_object");
  else if (s.verb === "UNDROP" || MINOR.has(s.verb)) return;
  else if (s.verb === "TRUNCATE" && word(1) !== "(") add("truncate");
  else if (s.verb === "CREATE" || s.verb === "DEFINE" || s.verb === "ALTER" || s.verb === "RENAME") {
    if (ACCOUNTS.test(next)) add("change_accounts");
    else if (
      s.verb === "CREATE" &&
      s.tokens.some((t, i) => t.text === "LANGUAGE" && FREE.test(languageAt(s, i)))
    )
      add("program_execution");
    else if (next === "SYSTEM") add("server_control");
    else if (s.verb === "ALTER" && has("OWNER")) add("change_privileges");
    else if (s.verb === "ALTER") add(has("DROP") ? "alter_drop" : "alter_object");
  } else if (s.verb === "GRANT" || s.verb === "REVOKE" || s.verb === "REASSIGN" || s.verb === "DENY") {
    add("change_privileges");
  } else if (s.verb === "SET") {
    if (word(1) === "ROLE" || (word(1) === "SESSION" && word(2) === "AUTHORIZATION"))
      add("change_privileges");
    else if (word(1) === "PASSWORD") add("change_accounts");
    else if (word(1) === "GLOBAL" || word(1) === "PERSIST") add("server_control");
    else if (/READ\s+WRITE/.test(s.tokens.map((t) => t.text).join(" "))) add("readonly_escape");
  } else if ((s.verb === "COMMIT" || s.verb === "ROLLBACK" || s.verb === "END") && index === 0) {
    add("readonly_escape");
  } else if (s.verb === "SHUTDOWN" || s.verb === "KILL") add("server_control");
  else if (s.verb === "ATTACH" || s.verb === "LOAD") add("file_access");
  else if (s.verb === "COPY") copyFacts(s, add);
  else if (s.verb === "PREPARE" && has("FROM")) add("dynamic_sql");
  else if (s.verb === "EXECUTE" && word(1) === "IMMEDIATE") add("dynamic_sql");
  else if (
    (s.verb === "EXEC" || s.verb === "EXECUTE") &&
    (s.tokens[s.verbAt + 1]?.text === "(" || has("SP_EXECUTESQL"))
  ) {
    add("dynamic_sql");
  }
  for (const fact of dialectFacts(s)) add(fact);
  writeFacts(s, add);
}

/** The object word after DROP, CREATE, ALTER: past OR REPLACE, IF EXISTS, TEMPORARY… */
function skipModifiers(word: (i: number) => string): string {
  let i = 1;
  if (word(1) === "DATABASE" && ACCOUNTS.test(word(2))) return word(2);
  while (/^(?:OR|REPLACE|ALTER|IF|NOT|EXISTS|TEMPORARY|TEMP|GLOBAL|LOCAL|APPLICATION|SERVER)$/.test(word(i)))
    i++;
  return word(i);
}

function copyFacts(s: SqlStatement, add: Add): void {
  const words = s.tokens.filter((t) => t.kind === "word").map((t) => t.text);
  if (words.includes("PROGRAM")) add("program_execution");
  else if (
    !words.includes("STDIN") &&
    !words.includes("STDOUT") &&
    s.tokens.some((t) => t.kind === "string")
  ) {
    add("file_access");
  }
}

/** A MERGE on what is always true writes every row. */
function mergeFacts(s: SqlStatement, add: Add): void {
  const at = (word: string): number => s.tokens.findIndex((t) => t.kind === "word" && t.text === word);
  if (!alwaysTrue(s.tokens.slice(at("ON") + 1, at("WHEN")))) return;
  if (at("DELETE") !== -1) add("delete_tautology");
  if (at("UPDATE") !== -1) add("update_tautology");
}

/** DELETE and UPDATE, wherever they run: as the statement, in a CTE or in a body. */
function writeFacts(s: SqlStatement, add: Add): void {
  if (s.verb === "MERGE") mergeFacts(s, add);
  s.tokens.forEach((t, i) => {
    if (t.kind !== "word" || (t.text !== "DELETE" && t.text !== "UPDATE")) return;
    const before = s.tokens[i - 1];
    const starts =
      i === s.verbAt || before?.text === "(" || /^(?:BEGIN|THEN|ELSE|LOOP|ATOMIC)$/.test(before?.text ?? "");
    if (!starts || (s.verb === "MERGE" && i !== s.verbAt)) return;
    const rest = s.tokens.slice(i + 1);
    if (t.text === "UPDATE" && !rest.some((r) => r.text === "SET")) return;
    if (t.text === "DELETE" && i !== s.verbAt && rest[0]?.text !== "FROM") return;
    const bound = boundOf(rest);
    if (bound === "bounded") return;
    const name = t.text === "DELETE" ? "delete" : "update";
    add(`${name}_${bound === "none" ? "without_where" : "tautology"}`);
  });
}
