// Data about people in sentences, by span; and what benign texts are falsely said to hold at high severity.
const TYPES = {
  CREDIT_CARD: "≥ 98 %",
  US_SSN: "≥ 98 %",
  IBAN_CODE: "≥ 98 %",
  IP_ADDRESS: "≥ 98 %",
  EMAIL_ADDRESS: "≥ 98 %",
  PHONE_NUMBER: "≥ 70 %",
};
const isPii = (f) => f.category === "pii";
const isHigh = (f) => f.severity === "high" || f.severity === "critical";

export async function measure(scan, corpus) {
  const negatives = (name, role) =>
    corpus(name)
      .filter((row) => row.label === "neg")
      .map((row) => ({ ...row, role }));
  const benign = [
    ...negatives("benign/tool_calls", "json"),
    ...negatives("sql/benign", "text"),
    ...negatives("commands/benign_nl2bash", "text"),
  ];
  const alarms = benign.filter((row) =>
    scan(row.text, { role: row.role }).some((f) => isPii(f) && isHigh(f)),
  );
  const spans = corpus("pii/presidio_research").flatMap((row) => {
    const found = scan(row.text).filter(isPii);
    return (row.spans ?? []).map((span) => ({
      type: span.type,
      text: row.text.slice(Math.max(0, span.start - 30), span.end + 10),
      hit: found.some((f) => f.span[0] < span.end && span.start < f.span[1]),
    }));
  });
  return Object.entries(TYPES).map(([type, goal]) => {
    const of = spans.filter((span) => span.type === type);
    return {
      class: `pii: ${type.toLowerCase()} spans`,
      recall: of.filter((span) => span.hit).length / of.length,
      fp: alarms.length / benign.length,
      goal: `${goal}, ≤ .5 % falsely high`,
      misses: of.filter((span) => !span.hit).map((span) => span.text),
      alarms: type === "CREDIT_CARD" ? alarms.map((row) => row.text) : [],
    };
  });
}
