// Text that gives orders to a model. Patterns see the words of control; rows that are only a wish in plain words
// (`semantic_only`) are out of their reach and are counted in the broad set alone.
const CATEGORIES = ["prompt_injection", "tool_integrity", "exfiltration"];
const RANK = ["low", "medium", "high", "critical"];

export async function measure(scan, corpus) {
  const rows = (name, label) => corpus(name).filter((row) => row.label === label);
  const hit =
    (least, role = "text") =>
    (row) =>
      scan(row.text, { role, phase: "output" }).some(
        (f) => CATEGORIES.includes(f.category) && RANK.indexOf(f.severity) >= RANK.indexOf(least),
      );
  const result = (name, goal, positives, negatives, test = hit("medium"), alarm = test) => {
    const misses = positives.filter((row) => !test(row));
    const alarms = negatives.filter(alarm);
    return {
      class: name,
      goal,
      recall: positives.length === 0 ? undefined : 1 - misses.length / positives.length,
      fp: negatives.length === 0 ? undefined : alarms.length / negatives.length,
      misses: misses.map((row) => row.text),
      alarms: alarms.map((row) => row.text),
    };
  };
  const asb = corpus("injection/asb");
  const broad = [...rows("injection/agt_smoke", "pos"), ...rows("injection/llm_guard", "pos")];
  const ordinary = ["benign/tool_calls", "sql/benign", "commands/benign_nl2bash"].flatMap((name) =>
    rows(name, "neg"),
  );
  return [
    result(
      "injection: with a control phrase",
      "≥ 90 %",
      asb.filter((row) => row.semantic_only !== true),
      [],
    ),
    result("injection: broad English", "≥ 35 % at ≤ .5 % of ordinary results", broad, ordinary),
    result(
      "injection: talk about injection (high)",
      "reported",
      [],
      rows("injection/agt_smoke", "neg"),
      hit("high"),
    ),
  ];
}
