import { DECISIONS, type Category, type DecisionWord } from "../model/nouns.js";
import type { Store } from "../store/store.js";
import { CALL_OUTCOMES, type CallOutcome } from "./call-record.js";
import { lastCheckpoint } from "./checkpoints.js";
import type { ApprovalBody } from "./record.js";
import { eachCall, type SearchFilter } from "./search.js";

/** How the gates did over a time. Rates are shares of all calls, 0 to 1. */
export interface Scorecard {
  readonly calls: number;
  /** ISO 8601; null without calls. */
  readonly first: string | null;
  readonly last: string | null;
  readonly decisions: Readonly<Record<DecisionWord, number>>;
  readonly outcomes: Readonly<Record<CallOutcome, number>>;
  readonly denial_rate: number;
  readonly remediation_rate: number;
  /** Calls whose result was cut, or allowed under constraints. */
  readonly constraint_rate: number;
  /** Calls that were held for a person's approval. */
  readonly held_for_approval: number;
  readonly approvals: ApprovalScore;
  /** Refused because a check failed, not because a rule said so. */
  readonly fail_closed: number;
  /** The rules that decided most often. */
  readonly rules: readonly { readonly rule: string; readonly calls: number }[];
  readonly categories: Readonly<Partial<Record<Category, number>>>;
  readonly principals: number;
  readonly tools: number;
  /** How much of what should be on record is: forwarded calls with an outcome that is known. */
  readonly completeness: {
    readonly forwarded: number;
    readonly with_outcome: number;
    readonly in_doubt: number;
    readonly open: number;
    /** Results with parts that no detector read. */
    readonly not_scanned: number;
    /** Records that no signed checkpoint covers yet, of the whole store. */
    readonly unsigned: number;
    /** How often a clock was set while a writer ran: times on both sides of that are of two clocks. */
    readonly clock_set: number;
  };
  /** What the gates decided by changed meanwhile: how many states of it there were, and how calls fared under each. */
  readonly drift: readonly {
    readonly snapshot: string;
    readonly from: string;
    readonly calls: number;
    readonly denial_rate: number;
  }[];
}

/** How people answered what calls waited for. */
export interface ApprovalScore {
  /** Questions that were asked. */
  readonly asked: number;
  readonly approved: number;
  readonly denied: number;
  /** Nobody answered in time. */
  readonly expired: number;
  readonly waiting: number;
  /** Calls that an approval let through. */
  readonly used: number;
  /** From the question to the answer, seconds; null without an answer. */
  readonly median_seconds: number | null;
  readonly slowest_seconds: number | null;
}

const TOP = 10;

export function scorecard(store: Store, filter: SearchFilter): Scorecard {
  const decisions = zeros(DECISIONS);
  const outcomes = zeros(CALL_OUTCOMES);
  const rules = new Map<string, number>();
  const categories: Partial<Record<Category, number>> = {};
  const principals = new Set<string>();
  const tools = new Set<string>();
  const snapshots = new Map<string, { from: string; calls: number; denied: number }>();
  const asked = new Map<string, Question>();
  let [calls, failClosed, notScanned, used] = [0, 0, 0, 0];
  let first: string | null = null;
  let last: string | null = null;
  eachCall(store, filter, (call) => {
    calls++;
    first ??= call.time;
    last = call.time;
    decisions[call.decision]++;
    outcomes[call.outcome]++;
    if (call.rule !== null) rules.set(call.rule, (rules.get(call.rule) ?? 0) + 1);
    for (const category of new Set(call.findings.map((one) => one.category)))
      categories[category] = (categories[category] ?? 0) + 1;
    principals.add(call.principal);
    tools.add(`${call.server}/${call.tool}`);
    if (call.fail_closed) failClosed++;
    const { approval } = call;
    if (approval?.event === "consumed") used++;
    else if (approval !== undefined && !asked.has(approval.id))
      asked.set(approval.id, { time: Date.parse(call.time), expires: approval.expires });
    if ((call.not_scanned ?? 0) > 0) notScanned++;
    const state = snapshots.get(call.snapshot) ?? { from: call.time, calls: 0, denied: 0 };
    snapshots.set(call.snapshot, state);
    state.calls++;
    if (call.decision === "deny") state.denied++;
  });
  const { covered, records, clock } = store.read((tx) => ({
    // The range of ids finds the few of them by the id index.
    clock: tx.get<{ n: number }>("SELECT count(*) AS n FROM records WHERE id > 'l_' AND id < 'l~'")?.n ?? 0,
    covered: lastCheckpoint(tx)?.size ?? 0,
    records: tx.get<{ last: number | null }>("SELECT max(seq) AS last FROM records")?.last ?? 0,
  }));
  const forwarded = calls - outcomes.refused;
  return {
    calls,
    first,
    last,
    decisions,
    outcomes,
    denial_rate: share(decisions.deny, calls),
    remediation_rate: share(decisions.remediate, calls),
    constraint_rate: share(decisions.allow_with_constraints, calls),
    held_for_approval: decisions.require_approval,
    approvals: { ...answered(store, asked), used },
    fail_closed: failClosed,
    rules: [...rules]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, TOP)
      .map(([rule, count]) => ({ rule, calls: count })),
    categories,
    principals: principals.size,
    tools: tools.size,
    completeness: {
      forwarded,
      with_outcome: forwarded - outcomes.open - outcomes.in_doubt,
      in_doubt: outcomes.in_doubt,
      open: outcomes.open,
      not_scanned: notScanned,
      unsigned: records - covered,
      clock_set: clock,
    },
    drift: [...snapshots].map(([snapshot, state]) => ({
      snapshot,
      from: state.from,
      calls: state.calls,
      denial_rate: share(state.denied, state.calls),
    })),
  };
}

interface Question {
  readonly time: number;
  readonly expires: number;
}

/** `asked`: what was asked when, by the approval's id. */
function answered(store: Store, asked: ReadonlyMap<string, Question>): Omit<ApprovalScore, "used"> {
  const answers = new Map<string, ApprovalBody>();
  store.read((tx) => {
    const rows = tx.each<{ body: string }>(
      "SELECT body FROM records WHERE kind = 'approval' AND body IS NOT NULL ORDER BY seq",
    );
    for (const { body } of rows) {
      const said = JSON.parse(body) as ApprovalBody;
      if (said.event !== "counted" && asked.has(said.approval)) answers.set(said.approval, said);
    }
  });
  const all = [...answers.values()];
  const waits = all
    .map(({ approval, time }) => Math.round((time - (asked.get(approval)?.time ?? time)) / 1000))
    .toSorted((a, b) => a - b);
  const approved = all.filter(({ event }) => event === "approved").length;
  const open = [...asked].filter(([id]) => !answers.has(id));
  const expired = open.filter(([, { expires }]) => expires <= Date.now()).length;
  return {
    asked: asked.size,
    approved,
    denied: all.length - approved,
    expired,
    waiting: open.length - expired,
    median_seconds: waits[Math.floor((waits.length - 1) / 2)] ?? null,
    slowest_seconds: waits.at(-1) ?? null,
  };
}

function zeros<T extends string>(names: readonly T[]): Record<T, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<T, number>;
}

function share(part: number, of: number): number {
  return of === 0 ? 0 : Math.round((part / of) * 10_000) / 10_000;
}
