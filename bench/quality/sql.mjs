// Statements under the role sql, fragments in values that are none, and addresses that reach inside.
const isHigh = (f) => f.severity === "high" || f.severity === "critical";
const of = (categories) => (f) => isHigh(f) && categories.includes(f.category);

/**
 * Rows labelled harmless by the kind of their outermost statement, though they write everything or a file: a CTE around
 * DELETE FROM films, DELETE … WHERE TRUE, SELECT … INTO OUTFILE. Told apart by plain patterns, not by our reading.
 */
const DOES_HARM =
  /\binto\s+(?:out|dump)file\b|\bwhere\s+true\b|^with\b(?![^]*\)[^)]*\bwhere\b)[^]*\b(?:delete\s+from|update)\b/i;

export async function measure(scan, corpus) {
  const rows = (name, label) => corpus(name).filter((row) => row.label === label);
  const found = (role, test) => (row) => scan(row.text, { role, phase: "input" }).some(test);
  const result = (name, goal, positives, hit, negatives, alarm = hit) => {
    const misses = positives.filter((row) => !hit(row));
    const alarms = negatives.filter((row) => alarm(row));
    return {
      class: name,
      goal,
      recall: positives.length === 0 ? undefined : 1 - misses.length / positives.length,
      fp: negatives.length === 0 ? undefined : alarms.length / negatives.length,
      misses: misses.map((row) => row.text),
      alarms: alarms.map((row) => row.text),
    };
  };
  const query = found("sql", of(["dangerous_queries", "sqli"]));
  const value = found("text", of(["sqli"]));
  const reach = (row) =>
    ["url", "path"].some((role) =>
      scan(row.text, { role, phase: "input" }).some((f) =>
        ["high_risk", "exfiltration", "sqli"].includes(f.category),
      ),
    );
  const calls = rows("benign/tool_calls", "neg");
  const called = (row) =>
    scan(row.text, { role: "json", phase: "input" }).some(of(["sqli", "dangerous_queries"]));
  return [
    result(
      "sql: statements",
      "≥ 97 % at ≤ .3 %",
      rows("sql/statements", "pos"),
      query,
      rows("sql/statements", "neg"),
    ),
    result(
      "sql: statements, without harm labelled harmless",
      "≤ .3 %",
      [],
      query,
      rows("sql/statements", "neg").filter((row) => !DOES_HARM.test(row.text)),
    ),
    result("sql: honest analysts", "≤ .2 %", [], query, rows("sql/benign", "neg")),
    result(
      "sql: injection in values",
      "≥ 97 % at ≤ 1 %",
      rows("sqli/values", "pos"),
      value,
      rows("sqli/values", "neg"),
    ),
    result("sql: injection in benign calls", "reported", [], value, calls, called),
    result("ssrf: spellings of addresses", "100 %", rows("ssrf/urls", "pos"), reach, []),
  ];
}
