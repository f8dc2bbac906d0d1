// Two runs of the suite, scenario by scenario and check by check.

/** Rows [scenario, check, direct, through, why]; none when all checks have the same status and saw the same. */
export function differences(direct, through) {
  const rows = [];
  for (const scenario of new Set([...direct.keys(), ...through.keys()])) {
    const left = numbered(direct.get(scenario) ?? []);
    const right = numbered(through.get(scenario) ?? []);
    for (const key of new Set([...left.keys(), ...right.keys()])) {
      const [a, b] = [left.get(key), right.get(key)];
      if (a?.status !== b?.status)
        rows.push([scenario, key, a?.status ?? "—", b?.status ?? "—", b?.why ?? ""]);
      // A check may pass on an answer that is not the one given: that a call returned something, say, be it a failure.
      else if (a?.seen !== b?.seen) rows.push([scenario, key, ...aroundChange(a.seen, b.seen)]);
    }
  }
  return rows;
}

/** The two texts from shortly before they part. */
function aroundChange(a, b) {
  let at = 0;
  while (a[at] === b[at]) at += 1;
  const from = Math.max(0, at - 60);
  return [a.slice(from, at + 80), b.slice(from, at + 80)];
}

/** A check's id can come several times in a scenario: the third of a name is compared with the third. */
function numbered(checks) {
  const seen = new Map();
  return new Map(
    checks.map((check) => {
      const nth = (seen.get(check.key) ?? 0) + 1;
      seen.set(check.key, nth);
      return [nth === 1 ? check.key : `${check.key} #${nth}`, check];
    }),
  );
}

/** Checks by status, as `83 success, 8 info`. */
export function count(scenarios) {
  const totals = new Map();
  for (const { status } of [...scenarios.values()].flat()) totals.set(status, (totals.get(status) ?? 0) + 1);
  return [...totals].map(([status, number]) => `${number} ${status.toLowerCase()}`).join(", ");
}
