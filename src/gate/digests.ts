import type { Decision, JudgedFinding } from "../model/call.js";
import { digestedFinding } from "../model/finding.js";
import { isObject, lastStep, type Json } from "../model/json.js";

/** As many findings as a record lists one by one; a keyed digest of each costs microseconds. */
const MAX_DIGESTS = 50;

/** The decision with a keyed digest on the findings that will be listed, so that equal values can be correlated. */
export function withDigests(
  decision: Decision,
  document: Json,
  keyed: { digest(text: string): string },
): Decision {
  if (decision.findings.length === 0) return decision;
  const findings = decision.findings.map((finding, i): JudgedFinding => {
    const text = i < MAX_DIGESTS ? textAt(document, finding) : undefined;
    return text === undefined ? finding : digestedFinding(finding, keyed.digest(text));
  });
  return { ...decision, findings };
}

function textAt(document: Json, finding: JudgedFinding): string | undefined {
  const [start, end] = finding.span;
  // What stands against the call as a whole has no text.
  if (start === end) return undefined;
  if (finding.onKey === true) return lastStep(finding.pointer)?.slice(start, end);
  let value: Json | undefined = document;
  for (const step of finding.pointer.split("/").slice(1)) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(value)) value = value[Number(key)] as Json | undefined;
    else value = isObject(value) ? value[key] : undefined;
  }
  if (value === undefined || (typeof value === "object" && value !== null)) return undefined;
  return String(value).slice(start, end);
}
