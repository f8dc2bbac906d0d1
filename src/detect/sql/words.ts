/** The words and operators by which an injected fragment is known. */
import type { SqlToken } from "./tokens.js";

/** True for an unquoted word of the set. */
export const isWord = (t: SqlToken | undefined, words: ReadonlySet<string>): boolean =>
  t?.kind === "word" && words.has(t.text);
const set = (text: string): ReadonlySet<string> => new Set(text.split(" "));

export const JOINERS = set("OR AND XOR DIV MOD RLIKE REGEXP");
export const VERBS = set(
  "SELECT INSERT UPDATE DELETE DROP EXEC EXECUTE WAITFOR SHUTDOWN DECLARE CREATE ALTER TRUNCATE GRANT COPY CALL " +
    "MERGE IF SET BEGIN COMMIT ROLLBACK SHOW USE UNION HANDLER LOAD VACUUM ATTACH DESC DESCRIBE BACKUP BULK",
);
export const COMPARE = set("LIKE ILIKE RLIKE REGEXP IN BETWEEN IS SOUNDS GLOB NOT MATCH COLLATE ESCAPE");
export const OPERATORS = set("= < > <= >= <> != <=> || && + - * / % ^ | & ~ ! :=");
export const COMPARISONS = set("= < > <= >= <> != <=> || :=");
export const PROBES = set(
  "SLEEP BENCHMARK PG_SLEEP EXTRACTVALUE UPDATEXML LOAD_FILE DBMS_PIPE UTL_INADDR UTL_HTTP XMLTYPE XP_CMDSHELL XP_DIRTREE " +
    "GET_LOCK ROW_COUNT EXP NAME_CONST SYS_EVAL SYS_EXEC RANDOMBLOB DBMS_LOCK SP_PASSWORD OUTFILE DUMPFILE " +
    "GEOMETRYCOLLECTION POLYGON MULTIPOINT LINESTRING MAKE_SET ELT CTXSYS DBMS_UTILITY HTTPURITYPE SP_EXECUTESQL",
);
export const SYSTEM = set(
  "INFORMATION_SCHEMA SYSOBJECTS SYSCOLUMNS PG_CATALOG SQLITE_MASTER SYSUSERS ALL_TABLES MSYSACCESSOBJECTS PG_USER PG_SHADOW SYSDATABASES",
);
export const CLAUSES = set("HAVING ORDER GROUP LIMIT PROCEDURE INTO UNION WHERE OFFSET RETURNING");
