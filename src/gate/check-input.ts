import { forwards } from "../audit/record.js";
import type { Call, Verdict } from "../model/call.js";
import { decide } from "../policy/decide.js";
import { maskArguments, scanArguments } from "./arguments.js";
import { exceptIn } from "./except.js";
import type { GateParts } from "./parts.js";
import { judgeCall, mendCall } from "./policy.js";
import { NOTHING, type Against } from "./standing.js";
import { definitionOf } from "./tool.js";

/** Judges the tool and the arguments. Pure but for the clock; the call's budget is reserved with the record (see `admit`). */
export function checkInput(parts: GateParts, call: Call, against: Against = NOTHING): Verdict<Call> {
  const { engine, posture, snapshot } = parts;
  const { over, findings: standing, pieces } = against;
  const found = [
    ...scanArguments(engine, parts.server(call.server).connector, call),
    ...pieces.map((f) => ({ ...f, pointer: `/arguments${f.pointer}` })),
  ];
  const tool = definitionOf(parts, call);
  const changed = tool?.findings.some(({ type }) => type === "tool_changed") === true;
  const judged = judgeCall(parts, call, { phase: "input", findings: found, against, changed });
  const policy =
    judged === undefined || against.approved !== true
      ? judged
      : { ...judged, held: judged.held.filter(({ approval }) => approval === undefined) };
  const decision = decide({
    phase: "input",
    findings: found,
    posture,
    snapshot,
    over,
    standing,
    advise: parts.advise,
    except: exceptIn(parts, call, "input"),
    ...(tool !== undefined && { definition: tool }),
    ...(policy !== undefined && { policy }),
  });
  if (!forwards(decision.decision)) return { subject: call, decision, changed: false };
  const masked = decision.findings.filter((f) => f.action === "redact");
  const subject = mendCall(parts, masked.length === 0 ? call : maskArguments(call, masked), policy);
  return { subject, decision, changed: subject !== call };
}
