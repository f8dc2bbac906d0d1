import type { ApprovalState } from "../model/call.js";
import { ACTIONS, DECISIONS } from "../model/nouns.js";
import type { Action, Category, DecisionWord, Operation, Phase } from "../model/nouns.js";
import { forwards, OUTCOMES } from "./record.js";
import type { ByteCount, DecisionBody, FindingCount, Judgement, OutcomeBody, RowCount } from "./record.js";

/** An outcome as people ask for it: `refused` never left the input gate, `open` has no outcome yet. */
export const CALL_OUTCOMES = [...OUTCOMES, "refused", "open"] as const;
export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** One call on one line: its decision and its outcome joined. */
export interface CallRecord {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly principal: string;
  readonly client?: string;
  readonly session?: string;
  readonly server: string;
  readonly tool: string;
  readonly connector: string;
  readonly operation: Operation;
  readonly environment?: string;
  /** The stricter of both gates'. */
  readonly decision: DecisionWord;
  readonly outcome: CallOutcome;
  /** What weighed most: the deciding rule, or else the strongest finding. */
  readonly category: Category | null;
  readonly type: string | null;
  readonly rule: string | null;
  readonly reason: string;
  readonly findings: readonly (FindingCount & { readonly phase: Phase })[];
  /** Parts of the result that no detector read. */
  readonly not_scanned?: number;
  readonly rows?: RowCount;
  readonly bytes?: ByteCount;
  readonly is_error?: boolean;
  readonly duration_ms?: number;
  readonly fail_closed: boolean;
  /** What it waited for, or was let through by. */
  readonly approval?: ApprovalState;
  /** Rules that would have spoken, had they been enforced. */
  readonly shadow?: readonly string[];
  readonly snapshot: string;
  readonly seq: number;
}

/** What both gates recorded of one call. */
export interface Gates {
  readonly input: DecisionBody;
  readonly output: OutcomeBody | undefined;
}

/** Decision and outcome as one flat record. */
export function flatten(seq: number, { input, output }: Gates): CallRecord {
  const outputIsStricter =
    output?.decision !== undefined && DECISIONS.indexOf(output.decision) > DECISIONS.indexOf(input.decision);
  const decisive: Partial<Judgement> = outputIsStricter ? output : input;
  const findings = [
    ...input.finding_counts.map((count) => ({ phase: "input" as const, ...count })),
    ...(output?.finding_counts ?? []).map((count) => ({ phase: "output" as const, ...count })),
  ];
  const shadow = [...input.shadow, ...(output?.shadow ?? [])].map((ref) => ref.rule);
  const rule = strongest(decisive.rules ?? []);
  const category = rule?.category ?? strongest(findings)?.category ?? null;
  // The rule's own finding, if it has one: a type beside another finding's rule would be a riddle.
  const finding =
    strongest(findings.filter((count) => count.detector === rule?.rule)) ??
    strongest(findings.filter((count) => count.category === category));
  return {
    id: input.id,
    time: new Date(input.time).toISOString(),
    principal: input.principal.id,
    ...(input.client !== undefined && { client: input.client }),
    ...(input.session !== undefined && { session: input.session }),
    server: input.server,
    tool: input.tool,
    connector: input.connector,
    operation: input.operation,
    ...(input.environment !== undefined && { environment: input.environment }),
    decision: outputIsStricter ? output.decision : input.decision,
    outcome: output?.outcome ?? (forwards(input.decision) ? "open" : "refused"),
    category,
    type: finding?.type ?? null,
    rule: rule?.rule ?? null,
    reason: decisive.reason ?? "",
    findings,
    ...(output?.not_scanned_count !== undefined && { not_scanned: output.not_scanned_count }),
    ...(output?.rows !== undefined && { rows: output.rows }),
    ...(output?.bytes !== undefined && { bytes: output.bytes }),
    ...(output?.is_error !== undefined && { is_error: output.is_error }),
    ...(output?.duration_ms !== undefined && { duration_ms: output.duration_ms }),
    fail_closed: input.fail_closed || (output?.fail_closed ?? false),
    ...(shadow.length > 0 && { shadow: [...new Set(shadow)] }),
    ...(input.approval !== undefined && { approval: input.approval }),
    snapshot: input.snapshot,
    seq,
  };
}

function strongest<T extends { readonly action: Action }>(all: readonly T[]): T | undefined {
  let best: T | undefined;
  for (const one of all) {
    if (best === undefined || ACTIONS.indexOf(one.action) > ACTIONS.indexOf(best.action)) best = one;
  }
  return best;
}
