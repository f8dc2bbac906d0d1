/** What a statement does through the functions it calls and the names it speaks of. */
import type { SqlFactName } from "./facts.js";
import type { SqlStatement } from "./statements.js";

type Add = (fact: SqlFactName, span: { readonly start: number; readonly end: number }) => void;

const CALLS: readonly (readonly [SqlFactName, RegExp])[] = [
  ["time_delay", /^(?:SLEEP|SLEEPEACHROW|SYSTEM\$WAIT|PG_SLEEP|PG_SLEEP_FOR|PG_SLEEP_UNTIL|BENCHMARK)$/],
  [
    "file_access",
    /^(?:LOAD_FILE|PG_READ_FILE|PG_READ_BINARY_FILE|PG_LS_DIR|PG_STAT_FILE|LO_IMPORT|LO_EXPORT|READFILE|WRITEFILE|LOAD_EXTENSION|BFILENAME|READ_CSV|READ_CSV_AUTO|READ_PARQUET|READ_TEXT|READ_BLOB|READ_JSON|READ_JSON_AUTO|READ_NDJSON|PARQUET_SCAN|SNIFF_CSV|FSDIR|PG_LS_LOGDIR|PG_LS_WALDIR|PG_FILE_WRITE|PG_LOGDIR_LS|DBMS_XSLPROCESSOR)$/,
  ],
  ["program_execution", /^(?:SYS_EXEC|SYS_EVAL|FTS3_TOKENIZER)$/],
  [
    "network_access",
    /^(?:DBLINK|DBLINK_CONNECT|DBLINK_EXEC|DBLINK_SEND_QUERY|HTTPURITYPE|OPENROWSET|OPENDATASOURCE|OPENQUERY|EXTERNAL_QUERY)$/,
  ],
];
const NAMES: readonly (readonly [SqlFactName, RegExp])[] = [
  [
    "program_execution",
    /^(?:XP_CMDSHELL|SP_OACREATE|SP_OAMETHOD|XP_REGWRITE|XP_REGDELETEKEY|XP_SERVICECONTROL|SP_EXECUTE_EXTERNAL_SCRIPT|SP_ADD_JOB|SP_ADD_JOBSTEP|SP_START_JOB|DBMS_SCHEDULER|DBMS_JOB|DBMS_JAVA|DBMS_XMLQUERY|PG_EXECUTE_SERVER_PROGRAM)$/,
  ],
  [
    "network_access",
    /^(?:UTL_HTTP|UTL_TCP|UTL_SMTP|UTL_INADDR|UTL_MAIL|APEX_WEB_SERVICE|XP_SENDMAIL|SP_SEND_DBMAIL|XP_DIRTREE|XP_FILEEXIST|XP_SUBDIRS|DBMS_LDAP)$/,
  ],
  ["file_access", /^(?:UTL_FILE|XP_REGREAD|OUTFILE|DUMPFILE)$/],
  ["time_delay", /^(?:DBMS_LOCK|DBMS_PIPE|DBMS_SESSION)$/],
  [
    "system_tables",
    /^(?:INFORMATION_SCHEMA|PG_CATALOG|PG_USER|PG_ROLES|PG_TABLES|PG_DATABASE|SQLITE_MASTER|SQLITE_SCHEMA|SYSOBJECTS|SYSCOLUMNS|ALL_TABLES|DBA_USERS|DBA_TABLES|ALL_USERS)$/,
  ],
  ["credential_tables", /^(?:PG_SHADOW|PG_AUTHID|USER\$|SQL_LOGINS|SYSXLOGINS)$/],
  ["server_control", /^(?:PG_TERMINATE_BACKEND|PG_RELOAD_CONF|PG_ROTATE_LOGFILE)$/],
];
/** ClickHouse's table functions, which are ordinary words elsewhere. */
const FAR = /^(?:URL|S3|REMOTE|REMOTESECURE|HDFS|MYSQL|POSTGRESQL|MONGODB|JDBC|ODBC|AZUREBLOBSTORAGE)$/;

/** Facts of names, each where it stands. */
export function callFacts(s: SqlStatement, add: Add): void {
  s.tokens.forEach((t, i) => {
    if (t.kind !== "word" && t.kind !== "quoted") return;
    const name = t.text.toUpperCase();
    if (s.tokens[i + 1]?.text === "(") for (const [fact, names] of CALLS) if (names.test(name)) add(fact, t);
    for (const [fact, names] of NAMES) if (names.test(name)) add(fact, t);
    if (name === "WAITFOR") add("time_delay", t);
    const before = s.tokens[i - 1]?.text;
    const [dot, after] = [s.tokens[i + 1]?.text, s.tokens[i + 2]?.text.toUpperCase()];
    if (name === "MYSQL" && dot === ".") add(after === "USER" ? "credential_tables" : "system_tables", t);
    if (dot === "(" && before === "FROM") {
      if (FAR.test(name)) add("network_access", t);
      else if (name === "FILE") add("file_access", t);
      else if (name === "EXECUTABLE") add("program_execution", t);
    }
  });
}
