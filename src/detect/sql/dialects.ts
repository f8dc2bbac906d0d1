/** Statements that one dialect or another knows, by their first words. Verbs that all dialects share are in facts.ts. */
import type { SqlFactName } from "./facts.js";
import type { SqlStatement } from "./statements.js";
import { boundOf } from "./where.js";

/** Looked for at the start of a statement's words, joined by single spaces. */
const BEGINNINGS: readonly (readonly [SqlFactName, RegExp])[] = [
  // MySQL, SQL Server, Oracle, PostgreSQL
  [
    "log_tampering",
    /^(?:RESET (?:MASTER|REPLICA|SLAVE|BINARY LOGS)|PURGE (?:BINARY|MASTER) LOGS|DISABLE TRIGGER|NOAUDIT|SET (?:SESSION |GLOBAL )?SQL_LOG_BIN|SET (?:SESSION |LOCAL )?SESSION_REPLICATION_ROLE|(?:ALTER|DROP) (?:SERVER|DATABASE) AUDIT|ALTER TABLE (?:\S{1,80} )?DISABLE TRIGGER)\b/,
  ],
  ["backup_restore", /^(?:BACKUP|RESTORE) (?:DATABASE|LOG|TABLE|ALL)\b|^FLASHBACK (?:TABLE|DATABASE)\b/],
  [
    "drop_object",
    /^PURGE (?:TABLE|INDEX|RECYCLEBIN|DBA_RECYCLEBIN|TABLESPACE)\b|^DETACH (?:TABLE|DICTIONARY) /,
  ],
  [
    "server_control",
    /^(?:SYSTEM (?:SHUTDOWN|KILL|STOP|DROP|SUSPEND|RESTART)|RECONFIGURE|STOP (?:SLAVE|REPLICA|GROUP_REPLICATION)|CHANGE (?:MASTER|REPLICATION)|ALTER (?:INSTANCE|ACCOUNT|SERVER CONFIGURATION)|SET @@(?:GLOBAL|PERSIST)|FLUSH (?:PRIVILEGES|TABLES|HOSTS|LOGS|BINARY)|PRAGMA WRITABLE_SCHEMA|DBCC (?:SHRINKDATABASE|WRITEPAGE|CLONEDATABASE|DROPCLEANBUFFERS|FREEPROCCACHE)|EXEC(?:UTE)? (?:SYS |DBO |MASTER )?SP_CONFIGURE)\b/,
  ],
  [
    "program_execution",
    /^(?:INSTALL (?:PLUGIN|COMPONENT|SONAME)|(?:FORCE )?INSTALL |CREATE (?:OR REPLACE )?(?:AGGREGATE )?FUNCTION \S{1,80} (?:RETURNS \S{1,20} )?SONAME|CREATE (?:OR REPLACE )?(?:TRUSTED )?(?:PROCEDURAL )?LANGUAGE|CREATE (?:OR REPLACE )?(?:AND (?:RESOLVE|COMPILE) )?(?:NOFORCE )?JAVA|CREATE ASSEMBLY)/,
  ],
  [
    "file_access",
    /^(?:EXPORT (?:DATA|DATABASE)|IMPORT DATABASE|UNLOAD|BULK INSERT|VACUUM (?:\S{1,80} )?INTO|PUT FILE|GET @|REMOVE @|RM @|COPY INTO @)/,
  ],
  [
    "network_access",
    /^CREATE (?:OR REPLACE )?(?:FOREIGN )?(?:SERVER|DATABASE LINK|PUBLIC DATABASE LINK|CONNECTION)\b/,
  ],
  [
    "change_privileges",
    /^(?:ALTER AUTHORIZATION|ALTER DEFAULT PRIVILEGES|EXECUTE AS|SETUSER|SET DEFAULT ROLE|USE ROLE (?:ACCOUNTADMIN|SECURITYADMIN|ORGADMIN|SYSADMIN))\b/,
  ],
  [
    "change_accounts",
    /^(?:EXEC(?:UTE)? )?(?:SYS |MASTER |DBO ){0,2}SP_(?:ADDLOGIN|DROPLOGIN|ADDUSER|DROPUSER|ADDSRVROLEMEMBER|DROPSRVROLEMEMBER|ADDROLEMEMBER|PASSWORD|GRANTLOGIN|CHANGE_USERS_LOGIN)\b/,
  ],
  // The table of that name is gone when this has run.
  ["alter_object", /^CREATE OR REPLACE (?:TRANSIENT |TEMPORARY |TEMP )?(?:TABLE|DATABASE|SCHEMA)\b/],
];
const LOOKED_AT = 8;

/** What a statement does that only some dialects know. */
export function dialectFacts(s: SqlStatement): SqlFactName[] {
  const words: string[] = [];
  for (let i = s.verbAt; i < s.tokens.length && words.length < LOOKED_AT; i++) {
    const t = s.tokens[i];
    if (t?.kind === "op" && t.text !== "@") continue;
    // Snowflake's stages: COPY INTO @stage.
    words.push(t?.text.toUpperCase() ?? "");
  }
  const start = words.join(" ");
  const facts = BEGINNINGS.filter(([, pattern]) => pattern.test(start)).map(([fact]) => fact);
  // ClickHouse: ALTER TABLE t DELETE WHERE 1
  const at = s.tokens.findIndex((t, i) => i > s.verbAt && t.kind === "word" && t.text === "DELETE");
  if (start.startsWith("ALTER TABLE ") && at > 0 && boundOf(s.tokens.slice(at + 1)) === "always")
    facts.push("delete_tautology");
  return facts;
}
