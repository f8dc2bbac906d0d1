import { describe, expect, test } from "vitest";
import { sqlFacts } from "../../src/detect/sql/facts.js";
import { looksLikeSql } from "../../src/detect/sql/looks.js";
import { valueFacts } from "../../src/detect/sql/values.js";

const facts = (sql: string): string[] => [...new Set(sqlFacts(sql).map((f) => f.fact))].toSorted();

describe("what a statement does", () => {
  test.each([
    ["delete from t where id in (select id from u)", []],
    ["DELETE FROM t WHERE (1 = 1)", ["delete_tautology"]],
    ["DELETE FROM t WHERE id = 1 OR true", ["delete_tautology"]],
    ["DELETE FROM t WHERE a BETWEEN 1 AND 1 OR b = 2", []],
    ["UPDATE t SET a = 1 WHERE id = id", ["update_tautology"]],
    ["INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 2", []],
    ["MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET a = 1", []],
    ["MERGE INTO t USING s ON 1 = 1 WHEN MATCHED THEN DELETE", ["delete_tautology"]],
    ["DO $$ BEGIN EXECUTE 'drop table t'; END $$", ["drop_object"]],
    ["CREATE FUNCTION f() RETURNS int AS 'x' LANGUAGE plpython3u", ["program_execution"]],
    ["CREATE FUNCTION f() RETURNS int AS 'select 1' LANGUAGE sql", []],
    ["SELECT * FROM t FOR UPDATE", []],
    ["CREATE TABLE t (id int REFERENCES u ON DELETE CASCADE)", []],
    ["EXPLAIN ANALYZE DELETE FROM t", ["delete_without_where"]],
    ["SELECT 1; SELECT 2", ["stacked_statements"]],
    ["SELECT 1; INSERT INTO t VALUES (1)", ["stacked_write"]],
    ["begin; delete from t where id = 1; commit", ["stacked_statements"]],
    ["SELECT ';DROP TABLE t' AS a -- ; DROP TABLE t", []],
    ["SELECT $$; DROP TABLE t$$", []],
    ["dr/**/op table t", []],
    ["drop/* */table t", ["drop_object"]],
    ["/*! drop table t */", ["drop_object", "executable_comment"]],
    ["GRANT SELECT ON t TO bob", ["change_privileges"]],
  ])("%s → %j", (sql, expected) => {
    expect(facts(sql)).toEqual(expected);
  });

  test("a quote that one dialect escapes and another ends is read both ways", () => {
    expect(facts("SELECT 'a\\'; DROP TABLE t; --'")).toContain("drop_object");
    expect(facts("SELECT 'a\\'' ; DROP TABLE t")).toContain("drop_object");
  });

  test("spans are those of the statement", () => {
    const sql = "SELECT 1;  DROP TABLE t ;";
    const drop = sqlFacts(sql).find((f) => f.fact === "drop_object");
    expect(sql.slice(drop?.start, drop?.end)).toBe("DROP TABLE t");
  });
});

test.each([
  ["select * from t", true],
  ["DROP TABLE users", true],
  ["update on the drop in sales", false],
  ["show me the tables", false],
  ["delete old drafts please", false],
  ["how to select a laptop", false],
])("%s reads as SQL: %s", (text, expected) => {
  expect(looksLikeSql(text)).toBe(expected);
});

describe("values that are not SQL", () => {
  test.each([
    "' or ''='",
    "1) or (1=1",
    '" or ""="',
    "1 UNION ALL SELECT NULL",
    "x' AND SLEEP(5)--",
    "'; exec xp_cmdshell 'dir'",
  ])("%s breaks out", (value) => expect(valueFacts(value)).toHaveLength(1));
  test.each([
    "O'Brien and O'Neil",
    "it's 5 o'clock -- or is it?",
    "rock 'n' roll",
    "Union Select Committee",
    "1950 or 1960",
    'The "best" and "worst" of 2024; see below',
    "price > 100 and size < 5",
    "don't; drop by later",
    "6'2\" tall",
    "a = b",
    "{\"a\": 'b'}",
    "SELECT name FROM t WHERE a = 'x' OR b = 'y'",
  ])("%s does not", (value) => expect(valueFacts(value)).toEqual([]));
});
