/**
 * Copies of findings, member by member: the engine gives an object that is spread and then changed a shape of its own, and
 * what is read from thousands of such objects has to be looked up each time.
 */
import type { Finding, JudgedFinding } from "./call.js";
import type { Action } from "./nouns.js";

type Changeable<T> = { -readonly [Name in keyof T]: T[Name] };

/** A copy that may be changed. */
export function copyFinding(finding: Finding): Changeable<Finding> {
  const { detector, category, type, severity, pointer, span, role } = finding;
  const copy: Changeable<Finding> = { detector, category, type, severity, pointer, span, role };
  if (finding.inner !== undefined) copy.inner = finding.inner;
  if (finding.onKey !== undefined) copy.onKey = finding.onKey;
  if (finding.says !== undefined) copy.says = finding.says;
  if (finding.digest !== undefined) copy.digest = finding.digest;
  return copy;
}

/** The finding with what is made of it. */
export function judgedFinding(finding: Finding, action: Action): JudgedFinding {
  const copy = copyFinding(finding) as Changeable<JudgedFinding>;
  copy.action = action;
  return copy;
}

/** The judged finding with the keyed digest of what it found. */
export function digestedFinding(finding: JudgedFinding, digest: string): JudgedFinding {
  const copy = judgedFinding(finding, finding.action) as Changeable<JudgedFinding>;
  copy.digest = digest;
  if (finding.exception !== undefined) copy.exception = finding.exception;
  return copy;
}
