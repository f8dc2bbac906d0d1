import { describe, expect, it } from "vitest";
import { limitSql } from "../../src/detect/sql/limit.js";
import { summarizeSql } from "../../src/detect/sql/summary.js";

const tables = (sql: string): unknown => summarizeSql(sql).statements.map((each) => each.tables);

describe("what a SQL text does", () => {
  it.each([
    ["select * from a join b.c on 1 = 1", [["a", "b.c"]]],
    ["select * from a, b as x, c", [["a", "b", "c"]]],
    ['select * from "Odd Name" o', [["odd name"]]],
    ["insert into a (x) select x from b", [["a", "b"]]],
    ["update only a set x = 1 from b", [["a", "b"]]],
    ["delete from a using b where a.id = b.id", [["a", "b"]]],
    ["drop table if exists a; truncate table b", [["a"], ["b"]]],
    ["select extract(year from t.at) from generate_series(1, 2), t", [["t.at", "t"]]],
  ])("%s", (sql, named) => {
    expect(tables(sql)).toEqual(named);
  });

  it.each([
    "select 1 -- update",
    "select 'it''s; drop table x'",
    "with a as (select 1) select * from a",
    "show tables",
    'select a."update", b.delete from t a, u b',
    "(select 1) union (select 2)",
  ])("reads only: %s", (sql) => {
    expect(summarizeSql(sql)).toMatchObject({ parse_ok: true, read_only: true });
  });

  it.each([
    "",
    "select 1 into x",
    "select 1; commit",
    "select nextval('s')",
    "call f()",
    "pragma writable_schema = 1",
    "set role admin",
    "select * from a for update; delete from a where 1=1",
    "copy t to '/tmp/x'",
    "select pg_sleep(9)",
    "select load_file('/etc/passwd')",
    "select 'a\\' or 1=1; drop table t; --'",
    "select $$unclosed",
    "select /* unclosed",
    "do $$ begin delete from t; end $$",
  ])("does not only read, or cannot be told: %s", (sql) => {
    expect(summarizeSql(sql).read_only).toBe(false);
  });
});

describe("a limit", () => {
  it("is put before a semicolon and before a comment's line has ended it", () => {
    expect(limitSql("select a from t;", 5)).toBe("select a from t LIMIT 5;");
    expect(limitSql("select a from t -- all of it", 5)).toBe("select a from t LIMIT 5 -- all of it");
  });
});
