import type { Finding, JudgedFinding } from "../model/call.js";
import type { FindingCount, RecordedFinding } from "./record.js";

/** A result of a thousand rows can hold thousands of findings: places of the first ones, counts of all. */
const MAX_FINDINGS = 50;
const MAX_POINTER = 512;

/** Stands for a member name that is itself a finding. */
export const MASKED = "[REDACTED]";

/**
 * The first findings, as they may be kept: a key that was found is masked in every pointer that passes it.
 */
export function recordFindings(findings: readonly JudgedFinding[]): RecordedFinding[] {
  const placeOf = placesAmong(findings);
  return findings.slice(0, MAX_FINDINGS).map((finding) => placeOf(finding, finding) as RecordedFinding);
}

/** The same of findings that nobody has judged. */
export function recordPlaces(findings: readonly Finding[]): RecordedPlace[] {
  const placeOf = placesAmong(findings);
  return findings.slice(0, MAX_FINDINGS).map((finding) => placeOf(finding));
}

type RecordedPlace = Omit<RecordedFinding, "action" | "exception">;

function placesAmong(
  findings: readonly Finding[],
): (finding: Finding, judged?: Pick<JudgedFinding, "action" | "exception">) => RecordedPlace {
  const onKeys = findings.filter((finding) => finding.onKey === true);
  const outer = new Set(onKeys.filter((f) => f.inner === undefined).map((f) => f.pointer));
  const inner = new Set(onKeys.filter((f) => f.inner !== undefined).map((f) => `${f.pointer}\n${f.inner}`));
  return (finding, judged) => ({
    detector: finding.detector,
    category: finding.category,
    type: finding.type,
    severity: finding.severity,
    pointer: masked(finding.pointer, (prefix) => outer.has(prefix)),
    ...(finding.inner !== undefined && {
      inner: masked(finding.inner, (prefix) => inner.has(`${finding.pointer}\n${prefix}`)),
    }),
    span: finding.span,
    ...(finding.onKey === true && { on_key: true as const }),
    ...(finding.says !== undefined && { says: finding.says }),
    ...(finding.digest !== undefined && { digest: finding.digest }),
    ...(judged !== undefined && { action: judged.action }),
    ...(judged?.exception !== undefined && { exception: judged.exception }),
  });
}

/** How many of each kind, all of them, in the order of their first appearance. */
export function countFindings(findings: readonly JudgedFinding[]): FindingCount[] {
  const counts = new Map<string, FindingCount>();
  for (const { detector, type, category, severity, action, exception } of findings) {
    const key = `${detector}\n${type}\n${category}\n${severity}\n${action}\n${exception}`;
    const count = (counts.get(key)?.count ?? 0) + 1;
    const by = exception !== undefined && { exception };
    counts.set(key, { detector, type, category, severity, action, ...by, count });
  }
  return [...counts.values()];
}

function masked(pointer: string, found: (prefix: string) => boolean): string {
  let prefix = "";
  let out = "";
  for (const step of pointer.split("/").slice(1)) {
    prefix += `/${step}`;
    out += `/${found(prefix) ? MASKED : step}`;
  }
  return out.length <= MAX_POINTER ? out : `${out.slice(0, MAX_POINTER)}…`;
}
