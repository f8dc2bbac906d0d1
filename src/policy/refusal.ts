import type { Call, Constraints, Decision, JudgedFinding } from "../model/call.js";
import type { Category, DecisionWord, Phase, Retry } from "../model/nouns.js";
import { CATEGORIES, SEVERITIES } from "../model/nouns.js";
import { placeText, safePlaces } from "./places.js";

/** The part of a call that a refusal may name. */
export type RefusedCall = Pick<Call, "id" | "server" | "tool" | "shown">;

/** Machine-readable refusal, for `_meta` and structured results. Delays in milliseconds. */
export interface RefusalFields {
  readonly decision_id: string;
  readonly decision: DecisionWord;
  readonly phase: Phase;
  /** Of the deciding rule; absent when a stage failed. */
  readonly category?: Category;
  /** Type of the finding, or `max_rows`, `max_bytes`, `window` for a limit. */
  readonly type?: string;
  readonly rule?: string;
  readonly source?: string;
  /** Where it was found; absent when the refusal is about a limit or a failed stage. */
  readonly pointer?: string;
  /** Inside the JSON that the leaf at `pointer` holds as text. */
  readonly inner?: string;
  /** What stands against the call, where no place in it does. */
  readonly says?: string;
  readonly reason: string;
  readonly change: string;
  readonly retry: Retry;
  readonly retry_after_ms?: number;
  /** The question that the call waits for. `expires` in milliseconds since the epoch. */
  readonly approval?: { readonly id: string; readonly expires: number };
}

/** What a caller is told of a call that flowed. */
export interface NoticeFields {
  readonly decision_id: string;
  readonly decision: DecisionWord;
  readonly phase: Phase;
  readonly reason: string;
  readonly findings: readonly NoticeFinding[];
  /** How many findings the notice is about; `findings` lists the first ones only. */
  readonly findings_total: number;
  /** The limits that cut the result. */
  readonly limits?: Constraints;
}

export interface NoticeFinding {
  readonly category: Category;
  readonly type: string;
  readonly action: "warn" | "redact";
  readonly rule: string;
  readonly pointer: string;
  readonly inner?: string;
  readonly says?: string;
}

/** A notice rides on every result: it lists this many findings and counts the rest. */
const MAX_NOTICE_FINDINGS = 20;

/**
 * One short text a model can act on: what was found and where, by which rule, what to change, whether to retry.
 * It names types and places, never a value, and tells a call that ran from one that did not.
 */
export function refusalText(decision: Decision, call: RefusedCall): string {
  const ran = decision.phase === "output";
  const fields = refusalFields(decision, call);
  return [
    `[Sallyport] The call to ${calledName(call)} ${ran ? "ran, but its result is withheld" : decision.decision === "require_approval" ? "waits for approval and did not run" : "was refused and did not run"}.`,
    whatFor(decision, fields),
    fields.change,
    RETRY_TEXT[fields.retry](fields.retry_after_ms, ran),
    `Decision ${call.id}.`,
  ].join(" ");
}

/** The tool as the client called it, without what could break a sentence. */
export function calledName(call: Pick<Call, "tool" | "shown">): string {
  return (call.shown ?? call.tool).replace(/[^\w.:/-]/g, "?").slice(0, 64);
}

function whatFor(decision: Decision, fields: RefusalFields): string {
  const lead = leadFinding(decision);
  const by = `rule ${fields.rule ?? "unnamed"}, ${fields.source ?? "built in"}`;
  if (lead !== undefined) {
    const others = decision.findings.filter((f) => f.action === "block").length - 1;
    const more = others > 0 ? ` and ${others} more` : "";
    if (lead.says !== undefined) return `${lead.says} (${lead.category}; ${by}).`;
    return `Found ${lead.type} (${lead.category}) at ${placeText(safePlaces(decision.findings)(lead))}${more}; ${by}.`;
  }
  return fields.rule === undefined ? decision.reason : `Over the limit ${fields.type ?? ""}; ${by}.`;
}

const RETRY_TEXT: Readonly<Record<Retry, (afterMs: number | undefined, ran: boolean) => string>> = {
  never: () => "Do not retry: the same call will be refused again.",
  changed: (afterMs, ran) =>
    `Retry only with that changed${afterMs === undefined ? "" : `, in ${duration(afterMs)}`}${ran ? "; what the call did is done" : ""}.`,
  after_approval: () => "Retry the same call once it is approved.",
  later: (afterMs) => `Retry ${afterMs === undefined ? "later" : `in ${duration(afterMs)}`}.`,
};

function duration(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}

/** The refusal as data. */
export function refusalFields(decision: Decision, call: RefusedCall): RefusalFields {
  const lead = leadFinding(decision);
  const rule =
    lead === undefined
      ? decision.rules[0]
      : decision.rules.find((r) => r.rule === lead.detector && r.category === lead.category);
  const { advice } = decision;
  const type = lead?.type ?? rule?.rule.replace(/^limit\./, "");
  return {
    decision_id: call.id,
    decision: decision.decision,
    phase: decision.phase,
    ...(rule !== undefined && { category: rule.category, rule: rule.rule, source: rule.source }),
    ...(type !== undefined && { type }),
    ...(lead !== undefined &&
      (lead.says === undefined ? safePlaces(decision.findings)(lead) : { says: lead.says })),
    reason: decision.reason,
    change: advice?.change ?? "Nothing in the call can be changed to make it pass.",
    retry: advice?.retry ?? "never",
    ...(advice?.retryAfterMs !== undefined && { retry_after_ms: advice.retryAfterMs }),
    ...(decision.approval !== undefined && {
      approval: { id: decision.approval.id, expires: decision.approval.expires },
    }),
  };
}

/** The one blocking finding a refusal speaks of: the gravest, then by name and place, whatever order they came in. */
function leadFinding(decision: Decision): JudgedFinding | undefined {
  const key = (f: JudgedFinding): string => `${f.detector} ${f.pointer} ${f.inner ?? ""} ${f.type}`;
  return decision.findings
    .filter((f) => f.action === "block")
    .toSorted(
      (a, b) =>
        SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) ||
        CATEGORIES.indexOf(a.category) - CATEGORIES.indexOf(b.category) ||
        (key(a) < key(b) ? -1 : 1),
    )[0];
}

/** What a caller must see of a call that flows: warnings, redactions, cuts. Undefined when there is nothing to tell. */
export function noticeFields(decision: Decision, call: RefusedCall): NoticeFields | undefined {
  if (decision.decision === "deny" || decision.decision === "require_approval") return undefined;
  const place = safePlaces(decision.findings);
  const told = decision.findings.flatMap((f): NoticeFinding[] =>
    f.action === "warn" || f.action === "redact"
      ? [
          {
            category: f.category,
            type: f.type,
            action: f.action,
            rule: f.detector,
            ...place(f),
            ...(f.says !== undefined && { says: f.says }),
          },
        ]
      : [],
  );
  // A warning about a limit is a rule without a finding.
  if (told.length === 0 && !decision.rules.some((r) => r.action !== "log")) return undefined;
  return {
    decision_id: call.id,
    decision: decision.decision,
    phase: decision.phase,
    reason: decision.reason,
    findings: told.slice(0, MAX_NOTICE_FINDINGS),
    findings_total: told.length,
    ...(decision.constraints !== undefined && { limits: decision.constraints }),
  };
}
