import { forwards } from "../audit/record.js";
import { redactDocument } from "../detect/apply-redactions.js";
import type { Amount } from "../limits/windows.js";
import type { Call, Constraints, Decision, ToolResult } from "../model/call.js";
import { decide } from "../policy/decide.js";
import type { LimitOverrun } from "../policy/judge.js";
import { overruns } from "./budgets.js";
import { exceptIn } from "./except.js";
import { isToolError, type Told } from "./outcome.js";
import type { GateParts, OutputVerdict } from "./parts.js";
import { judgeResult, tighter } from "./policy.js";
import { measure, scanResult, trim } from "./result.js";
import { NOTHING, type Against } from "./standing.js";

/** What else holds for a result: what the cumulative window still grants, what the input gate's rules allow. */
export interface Granted {
  readonly left?: Amount;
  readonly constraints?: Constraints | undefined;
  readonly against?: Against;
}

/**
 * Judges a result: size → every leaf → decide → redact → limit rows and bytes. Without `granted` only the limits of one
 * call hold.
 */
export function checkOutput(
  parts: GateParts,
  call: Call,
  result: Told,
  granted: Granted = {},
): OutputVerdict {
  const { engine, posture, snapshot } = parts;
  const server = parts.server(call.server);
  const received = measure(server, result);
  const { findings, notScanned } = scanResult(engine, call, result);
  const except = exceptIn(parts, call, "output");
  const policy = judgeResult(parts, call, {
    phase: "output",
    findings,
    against: granted.against ?? NOTHING,
    changed: false,
    result: { rows: received.rows.received, bytes: result.bytes, isError: isToolError(result) },
  });
  const over = overruns(server, received, granted.left, tighter(granted.constraints, policy?.constraints));
  const judged = (against: readonly LimitOverrun[]): Decision =>
    decide({
      phase: "output",
      findings,
      posture,
      snapshot,
      over: against,
      advise: parts.advise,
      except,
      ...(policy !== undefined && { policy: policy.verdict }),
    });
  const decision = judged(over);
  const measured = { ...received, notScanned };
  if (!forwards(decision.decision)) return { subject: result, decision, changed: false, measured };

  const masked = decision.findings.filter((f) => f.action === "redact");
  const text = masked.length === 0 ? result.text : redactDocument(result.text, masked).text;
  const limits = decision.constraints;
  if (limits === undefined) {
    const subject = text === result.text ? result : retold(text);
    return { subject, decision, changed: subject !== result, measured };
  }
  const cut = trim(server, text, limits, over);
  if (cut.withheld !== undefined) {
    // Nothing could be cut to fit, so what was to be shortened is refused.
    const refused = judged(over.map((o) => ({ ...o, action: "block" as const })));
    return { subject: result, decision: refused, changed: false, measured };
  }
  return { subject: retold(cut.text), decision, changed: true, measured: { ...measured, ...cut.released } };
}

function retold(text: string): ToolResult {
  return { text, value: null, bytes: Buffer.byteLength(text) };
}
