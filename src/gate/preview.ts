import { redactDocument } from "../detect/apply-redactions.js";
import type { Call, Decision, ToolResult } from "../model/call.js";
import { maskArguments } from "./arguments.js";

/** Enough to recognise a call by. UTF-16 code units. */
const MAX_PREVIEW = 1000;

/**
 * The beginning of the arguments with everything masked that a detector found, whatever became of it: what may flow to
 * a server need not be kept for years. Undefined when they could not be judged.
 */
export function argumentsPreview(call: Call, decision: Decision): string | undefined {
  if (decision.failClosed) return undefined;
  return cut(() => (decision.findings.length === 0 ? call : maskArguments(call, decision.findings)).argsText);
}

/** As argumentsPreview, of a result; nothing of one that has parts no detector read. */
export function resultPreview(
  result: ToolResult,
  decision: Decision,
  notScanned: number,
): string | undefined {
  if (decision.failClosed || notScanned > 0) return undefined;
  return cut(() =>
    decision.findings.length === 0 ? result.text : redactDocument(result.text, decision.findings).text,
  );
}

function cut(make: () => string): string | undefined {
  try {
    const text = make();
    return text.length <= MAX_PREVIEW ? text : `${text.slice(0, MAX_PREVIEW)}…`;
  } catch {
    // What cannot be masked is not shown.
    return undefined;
  }
}
