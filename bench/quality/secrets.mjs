// Secrets: vendors' formats at high severity, the generic tier at medium and above.
const isSecret = (f) => f.category === "sensitive_data";
const isHigh = (f) => f.severity === "high" || f.severity === "critical";
const isMedium = (f) => isHigh(f) || f.severity === "medium";

function share(rows, hit) {
  const missed = rows.filter((row) => !hit(row));
  return { share: rows.length === 0 ? undefined : 1 - missed.length / rows.length, missed };
}

export async function measure(scan, corpus) {
  const found = (test) => (row) => scan(row.text).some((f) => isSecret(f) && test(f));
  const positives = (name) => corpus(name).filter((row) => row.label === "pos");
  const negatives = (name) => corpus(name).filter((row) => row.label === "neg");
  // Nothing a benign call, query or command says is a credential.
  const benign = [
    ...negatives("benign/tool_calls").map((row) => ({ ...row, role: "json" })),
    ...negatives("sql/benign"),
    ...negatives("commands/benign_nl2bash"),
  ];
  const alarms = benign.filter((row) =>
    scan(row.text, { role: row.role }).some((f) => isSecret(f) && isHigh(f)),
  );
  const result = (name, rows, test, goal) => {
    const { share: recall, missed } = share(rows, found(test));
    const texts = (list) => list.map((row) => `${row.type.padEnd(28)} ${row.text}`);
    return {
      class: name,
      recall,
      fp: alarms.length / benign.length,
      goal,
      misses: texts(missed),
      alarms: texts(alarms),
    };
  };
  const lines = positives("secrets/credsweeper").filter((row) => !row.type.includes("PEM Private Key"));
  const hard = negatives("secrets/credsweeper");
  const cried = hard.filter(found(isMedium));
  const generic = result("secrets: key = value lines (medium)", lines, isMedium, "F1 ≥ .55 at ≤ 4 %");
  const hits = lines.length * generic.recall;
  return [
    result(
      "secrets: a rule set's own formats (high)",
      positives("secrets/gitleaks"),
      isHigh,
      "≥ 95 % of claimed",
    ),
    result("secrets: 640 formats (high)", positives("secrets/kingfisher"), isHigh, "≥ 60 %, ≤ 1 in 10 000"),
    result("secrets: 640 formats (medium)", positives("secrets/kingfisher"), isMedium, "reported"),
    generic,
    {
      class: `secrets: the same with hard negatives, F1 ${((2 * hits) / (lines.length + hits + cried.length)).toFixed(2)}`,
      recall: generic.recall,
      fp: cried.length / hard.length,
      goal: "reported",
      misses: [],
      alarms: cried.map((row) => row.text),
    },
  ];
}
