/** What the posture, the exceptions and the policies make of each thing that was found. */
import type { Finding, JudgedFinding } from "../model/call.js";
import { judgedFinding } from "../model/finding.js";
import { ACTIONS, type Action, type Phase } from "../model/nouns.js";
import type { OnExceed, Posture } from "../model/posture.js";
import { maskedBy, type PolicyVerdict } from "./rules/policies.js";
import { standingAction, type StandingFinding } from "./standing.js";

/** A limit that a result (or a window's budget) went over. Counted as category `exfiltration`. */
export interface LimitOverrun {
  readonly kind: "max_rows" | "max_bytes" | "window" | "rate" | "concurrency";
  readonly limit: number;
  readonly actual: number;
  /** Who set the limit: `connector postgres`, `server crm`. */
  readonly source: string;
  /** The limit's own `on_exceed`; absent: the posture's action for `exfiltration` decides. */
  readonly action?: OnExceed;
  /** Milliseconds until an exhausted window opens again. */
  readonly retryAfterMs?: number;
}

export interface JudgeInput {
  readonly phase: Phase;
  readonly findings: readonly Finding[];
  readonly posture: Posture;
  readonly over?: readonly LimitOverrun[];
  /** Names the exception under which a finding of the call itself is only recorded. A tool's definition has none. */
  readonly except?: (finding: Finding) => string | undefined;
  /** What stands against the call, whatever its words. */
  readonly standing?: readonly StandingFinding[];
  /** What the policies' rules make of it. */
  readonly policy?: PolicyVerdict;
  /** What the call's tool carries, found in its definition, and how a person reviews it. */
  readonly definition?: { readonly findings: readonly Finding[]; readonly review: string };
}

/** What the posture makes of one finding. Severity decides how much of the category's action it earns. */
export function judge(finding: Finding, posture: Posture): JudgedFinding {
  return judgedFinding(finding, earned(finding, posture));
}

function excepted(judged: JudgedFinding, except: JudgeInput["except"]): JudgedFinding {
  const exception = judged.action === "log" ? undefined : except?.(judged);
  return exception === undefined ? judged : { ...judged, action: "log", exception };
}

/** The same of a finding in a tool's definition. Nothing in a call can be masked to mend that, so `redact` refuses. */
export function judgeDefinition(finding: Finding, posture: Posture): JudgedFinding {
  const { action } = posture.actions[finding.category];
  return { ...finding, action: earned(finding, posture, action === "redact" ? "block" : action) };
}

function earned(
  finding: Finding,
  posture: Posture,
  action = posture.actions[finding.category].action,
): Action {
  const { severity } = finding;
  if (severity === "high" || severity === "critical") return action;
  if (severity === "low") return "log";
  // Medium: an e-mail address must not stop a day's work, but it can be masked.
  return action === "block" && !posture.mediumBlocks ? "warn" : action;
}

/**
 * How an overrun stands among findings' actions: a truncation withholds, as a redaction does. Before a call ran there
 * is nothing to truncate, so there an exhausted budget refuses.
 */
function overrunAction(over: LimitOverrun, posture: Posture, phase: Phase): Action {
  const action = over.action === "truncate" ? "redact" : (over.action ?? posture.actions.exfiltration.action);
  return action === "redact" && phase === "input" ? "block" : action;
}

export type JudgedOverrun = LimitOverrun & { readonly judged: Action };

/** Everything found at one gate, judged. Loops, where chains of array methods would be shorter: this is every call's way. */
export interface Judged {
  readonly all: JudgedFinding[];
  readonly own: JudgedFinding[];
  readonly standing: (JudgedFinding & StandingFinding)[];
  readonly over: JudgedOverrun[];
  /** Where a rule stands, when not in the posture. */
  readonly sources: Map<JudgedFinding, string | undefined>;
  /** Something in the tool's definition refuses. */
  definitionBlocks: boolean;
}

export function judgeAll(input: JudgeInput): Judged {
  const { posture, policy, except, phase } = input;
  const judged: Judged = {
    all: [],
    own: [],
    standing: [],
    over: [],
    sources: new Map(),
    definitionBlocks: false,
  };
  for (const finding of input.findings) {
    const own = maskedBy(policy, excepted(judge(finding, posture), except));
    judged.own.push(own);
    judged.all.push(own);
  }
  for (const finding of input.definition?.findings ?? []) {
    const one = judgeDefinition(finding, posture);
    judged.all.push(one);
    if (one.action === "block") judged.definitionBlocks = true;
  }
  for (const list of [input.standing, policy?.held])
    for (const finding of list ?? []) {
      const one = { ...finding, action: standingAction(finding, earned(finding, posture)) };
      // What somebody has ordered, no exception lifts.
      const kept = finding.action === undefined ? { ...one, ...excepted(one, except) } : one;
      judged.standing.push(kept);
      judged.all.push(kept);
      judged.sources.set(kept, kept.source);
    }
  for (const each of input.over ?? [])
    judged.over.push({ ...each, judged: overrunAction(each, posture, phase) });
  return judged;
}

export function strictestOf({ all, over }: Judged): Action | undefined {
  let top = -1;
  for (const f of all) top = Math.max(top, ACTIONS.indexOf(f.action));
  for (const o of over) top = Math.max(top, ACTIONS.indexOf(o.judged));
  return ACTIONS[top];
}
