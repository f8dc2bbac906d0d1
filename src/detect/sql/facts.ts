import type { SqlStatement } from "./statements.js";
import { splitStatements } from "./statements.js";
import type { SqlToken } from "./tokens.js";
import { tokenizeSql } from "./tokens.js";
import { boundOf } from "./where.js";

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
  "stacked_write", // a second statement that is not a read
  "stacked_statements", // several statements, all reads
  "file_access", // LOAD_FILE, INTO OUTFILE, COPY from or to files, pg_read_file, LOAD DATA
  "program_execution", // COPY … PROGRAM, xp_cmdshell, sys_exec
  "network_access", // dblink, UTL_HTTP, OPENROWSET, xp_dirtree
  "time_delay", // SLEEP, pg_sleep, WAITFOR DELAY, BENCHMARK
  "system_tables",
  "executable_comment", // MySQL runs /*! … */
  "dynamic_sql", // EXEC(…), EXECUTE IMMEDIATE, PREPARE … FROM
  "readonly_escape", // COMMIT or SET that leaves a read-only transaction
  "server_control", // SHUTDOWN, KILL, ALTER SYSTEM, SET GLOBAL
] as const;
export type SqlFactName = (typeof SQL_FACTS)[number];

export interface SqlFact {
  readonly fact: SqlFactName;
  readonly start: number;
  readonly end: number;
}

/** Texts longer than this are judged by their start and end: no honest argument is a megabyte of SQL. */
const MAX_SQL = 1 << 20;

/** What a SQL text does. Where dialects read it differently (`\'`, `#`), every reading counts. */
export function sqlFacts(text: string): SqlFact[] {
  const sql = text.length > MAX_SQL ? text.slice(0, MAX_SQL) : text;
  const facts = factsOf(tokenizeSql(sql));
  const readings = [
    ...(sql.includes("\\'") ? [{ backslash: true }] : []),
    ...(sql.includes("#") ? [{ hash: true, backslash: true }] : []),
  ];
  for (const reading of readings) {
    for (const f of factsOf(tokenizeSql(sql, reading))) {
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

function factsOf(tokens: readonly SqlToken[]): SqlFact[] {
  const facts: SqlFact[] = [];
  const statements = splitStatements(tokens);
  for (const t of tokens) {
    if (t.kind === "executable") facts.push({ fact: "executable_comment", start: t.start, end: t.end });
  }
  statements.forEach((s, i) => {
    const add = (fact: SqlFactName, span: { start: number; end: number } = s): void =>
      void facts.push({ fact, start: span.start, end: span.end });
    if (!s.planned) statementFacts(s, i, add);
    callFacts(s, add);
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

type Add = (fact: SqlFactName, span?: { start: number; end: number }) => void;

const ACCOUNTS = /^(?:USER|ROLE|LOGIN|GROUP|PROFILE)$/;
const MINOR = new Set(["INDEX", "VIEW", "TRIGGER", "FUNCTION", "PROCEDURE", "CONSTRAINT", "STATISTICS"]);

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

/** DELETE and UPDATE, wherever they run: as the statement, in a CTE or in a body. */
function writeFacts(s: SqlStatement, add: Add): void {
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

const CALLS: readonly (readonly [SqlFactName, RegExp])[] = [
  ["time_delay", /^(?:SLEEP|PG_SLEEP|PG_SLEEP_FOR|PG_SLEEP_UNTIL|BENCHMARK)$/],
  [
    "file_access",
    /^(?:LOAD_FILE|PG_READ_FILE|PG_READ_BINARY_FILE|PG_LS_DIR|PG_STAT_FILE|LO_IMPORT|LO_EXPORT|READFILE|WRITEFILE|LOAD_EXTENSION|BFILENAME|READ_CSV|READ_CSV_AUTO|READ_PARQUET|READ_TEXT|READ_BLOB)$/,
  ],
  ["program_execution", /^(?:SYS_EXEC|SYS_EVAL|FTS3_TOKENIZER)$/],
  [
    "network_access",
    /^(?:DBLINK|DBLINK_CONNECT|DBLINK_EXEC|DBLINK_SEND_QUERY|HTTPURITYPE|OPENROWSET|OPENDATASOURCE|OPENQUERY)$/,
  ],
];
const NAMES: readonly (readonly [SqlFactName, RegExp])[] = [
  ["program_execution", /^(?:XP_CMDSHELL|SP_OACREATE|SP_OAMETHOD|XP_REGWRITE|DBMS_SCHEDULER|DBMS_XMLQUERY)$/],
  [
    "network_access",
    /^(?:UTL_HTTP|UTL_TCP|UTL_SMTP|UTL_INADDR|XP_DIRTREE|XP_FILEEXIST|XP_SUBDIRS|DBMS_LDAP)$/,
  ],
  ["file_access", /^(?:UTL_FILE|XP_REGREAD|OUTFILE|DUMPFILE)$/],
  ["time_delay", /^(?:DBMS_LOCK|DBMS_PIPE|DBMS_SESSION)$/],
  [
    "system_tables",
    /^(?:INFORMATION_SCHEMA|PG_CATALOG|PG_SHADOW|PG_AUTHID|PG_USER|PG_ROLES|PG_TABLES|PG_DATABASE|SQLITE_MASTER|SQLITE_SCHEMA|SYSOBJECTS|SYSCOLUMNS|ALL_TABLES|DBA_USERS|DBA_TABLES|ALL_USERS)$/,
  ],
];

function callFacts(s: SqlStatement, add: Add): void {
  s.tokens.forEach((t, i) => {
    if (t.kind !== "word" && t.kind !== "quoted") return;
    const name = t.text.toUpperCase();
    if (s.tokens[i + 1]?.text === "(") for (const [fact, names] of CALLS) if (names.test(name)) add(fact, t);
    for (const [fact, names] of NAMES) if (names.test(name)) add(fact, t);
    if (name === "WAITFOR") add("time_delay", t);
    if (name === "MYSQL" && s.tokens[i + 1]?.text === ".") add("system_tables", t);
  });
}
