/**
 * What the audit store holds: records of several kinds, each written once as JSON text and never changed.
 * No raw argument or result is in any of them: sizes, names, pointers and keyed digests only.
 */
import type { Limits } from "../model/posture.js";
import type { ApprovalState, Constraints, Principal, RuleRef } from "../model/call.js";
import type { Action, Category, DecisionWord, Operation, Retry, Severity } from "../model/nouns.js";
import type { JsonObject } from "../model/json.js";

/** How a forwarded call ended. A call refused at the input gate has no outcome record. */
export const OUTCOMES = [
  "released", // as the downstream sent it
  "redacted", // with findings masked
  "truncated", // with rows or bytes held back
  "withheld", // refused at the output gate
  "failed", // the downstream could not answer
  "timed_out",
  "cancelled", // by the client
  "in_doubt", // the process died in between: it may have run, or not
] as const;
export type Outcome = (typeof OUTCOMES)[number];

interface RecordHead {
  readonly id: string;
  /** Milliseconds since the epoch, by the writer's clock. */
  readonly time: number;
  /** The process that wrote it, by the id of its life, not its pid. */
  readonly writer: string;
}

interface StartBody extends RecordHead {
  readonly kind: "start";
  readonly version: string;
  readonly node: string;
  readonly pid: number;
  /** Fingerprint of the HMAC key: digests under different keys cannot be compared. */
  readonly hmac_key: string;
}

interface StopBody extends RecordHead {
  readonly kind: "stop";
}

export interface PostureBody extends RecordHead {
  readonly kind: "posture";
  /** Identifies `bundle`; decisions point to it. */
  readonly snapshot: string;
  /** All that was in force: `posture` (profile, actions with their sources), servers with their limits, rules. */
  readonly bundle?: JsonObject;
  /** The record that holds the bundle, where an earlier start has written the very same. */
  readonly bundle_in?: string;
  /** With `bundle`: the policy files as they were written, so that they can be restored. */
  readonly policy_files?: readonly PolicyFile[];
}

export interface PolicyFile {
  /** As the configuration names it. */
  readonly file: string;
  readonly text: string;
}

/** A finding as recorded: where and what, never the text. `span` as in model Finding. */
export interface RecordedFinding {
  readonly detector: string;
  readonly category: Category;
  readonly type: string;
  readonly severity: Severity;
  readonly action: Action;
  readonly pointer: string;
  readonly inner?: string;
  readonly span: readonly [start: number, end: number];
  readonly on_key?: true;
  /** What it is, where no place in the data can show it. */
  readonly says?: string;
  readonly digest?: string;
  /** The exception that made its action `log`. */
  readonly exception?: string;
}

export interface FindingCount {
  readonly detector: string;
  readonly type: string;
  readonly category: Category;
  readonly severity: Severity;
  readonly action: Action;
  readonly exception?: string;
  readonly count: number;
}

/** What either gate decided. */
export interface Judgement {
  readonly rules: readonly RuleRef[];
  readonly reason: string;
  readonly constraints?: Constraints;
  /** The first 50; `finding_counts` has all of them. */
  readonly findings: readonly RecordedFinding[];
  readonly finding_counts: readonly FindingCount[];
  readonly shadow: readonly RuleRef[];
  readonly fail_closed: boolean;
  readonly retry?: Retry;
  readonly retry_after_ms?: number;
}

/** The input gate's decision. Its `id` is the call's id. */
export interface DecisionBody extends RecordHead, Judgement {
  readonly kind: "decision";
  readonly snapshot: string;
  readonly principal: Principal;
  readonly client?: string;
  readonly session?: string;
  readonly server: string;
  readonly connector: string;
  readonly tool: string;
  readonly operation: Operation;
  readonly environment?: string;
  readonly args: {
    readonly bytes: number;
    /** Top-level names, the first 50, shortened. */
    readonly keys: readonly string[];
    readonly hmac: string;
    /** Their beginning with every finding masked, where the configuration asks for it. */
    readonly preview?: string;
  };
  readonly decision: DecisionWord;
  readonly approval?: ApprovalState;
  /** For trying other policies on the call. */
  readonly facts?: RecordedFacts;
}

/** What conditions speak of, as far as it holds no value of the call. */
export interface RecordedFacts {
  readonly session: {
    readonly calls: number;
    readonly denied: number;
    readonly errors: number;
    readonly seen: readonly Category[];
  };
  /** The tool's definition was not the one that is trusted. */
  readonly changed?: boolean;
  /** Present when an argument is SQL. */
  readonly sql?: {
    readonly parse_ok: boolean;
    readonly read_only: boolean;
    readonly verbs: readonly string[];
    readonly does: readonly string[];
  };
}

export interface RowCount {
  /** How they were counted, e.g. `$.rows` or `csv`. */
  readonly rule: string;
  readonly received: number;
  readonly released: number;
}

export interface ByteCount {
  readonly received: number;
  readonly released: number;
}

/** A part of a result that no detector read: its record must not look like "nothing found". */
export interface NotScanned {
  readonly pointer: string;
  /** Size of the part. */
  readonly bytes: number;
  readonly why: string;
}

/** What became of a forwarded call. Without a judgement when no result reached the output gate. */
export interface OutcomeBody extends RecordHead, Partial<Judgement> {
  readonly kind: "outcome";
  readonly decision_id: string;
  readonly outcome: Outcome;
  readonly decision?: DecisionWord;
  readonly rows?: RowCount;
  readonly bytes?: ByteCount;
  readonly is_error?: boolean;
  readonly duration_ms?: number;
  /** Keyed HMAC of the result as received. */
  readonly result_hmac?: string;
  /** As `args.preview`, of the result. */
  readonly preview?: string;
  /** The first 50; `not_scanned_count` says how many there are. */
  readonly not_scanned?: readonly NotScanned[];
  readonly not_scanned_count?: number;
  /** The limits that held for this call. */
  readonly limits?: Limits;
  /** Why there is no result: a closed error code, never the downstream's words. */
  readonly error?: string;
}

/** What was learned of a tool's definition, or decided about it. The definition itself is not in the chain. */
export interface PinBody extends RecordHead {
  readonly kind: "pin";
  /** Where the server is configured: a file, or the digest of a command line. */
  readonly origin: string;
  readonly server: string;
  readonly tool: string;
  readonly event: "first_seen" | "changed" | "flagged" | "approved";
  /** SHA-256 of the definition, hex. */
  readonly hash: string;
  /** The hash that was trusted until then. */
  readonly was?: string;
  /** In the definition, the first 50. What they lead to is the posture's to say, call by call. */
  readonly findings: readonly Omit<RecordedFinding, "action" | "exception">[];
  readonly by?: Principal;
}

/** Which key signs checkpoints from here on. */
export interface KeyBody extends RecordHead {
  readonly kind: "key";
  readonly event: "first" | "changed";
  /** The Ed25519 public key, 32 bytes in base64. */
  readonly public: string;
  /** The one before. */
  readonly was?: string;
  /** By the one before, of this change, in base64; absent when that one was not at hand. */
  readonly endorsed?: string;
}

/** Which calls a person meant; all that is given must match. */
export interface ControlTarget {
  readonly server?: string;
  readonly tool?: string;
  readonly principal?: string;
  readonly session?: string;
  readonly connector?: string;
}

/** What a person has said of a call that waits. */
export interface ApprovalBody extends RecordHead {
  readonly kind: "approval";
  readonly event: "approved" | "denied" | "counted";
  /** Of the question. */
  readonly approval: string;
  /** The first decision that waits for it. */
  readonly decision_id: string;
  readonly by: { readonly id: string; readonly how: string };
  readonly comment?: string;
  /** Calls of the same shape that pass as well, and until when, in milliseconds since the epoch. */
  readonly grant?: { readonly count: number; readonly until: number };
}

/** What a person did to running proxies: stopped or resumed calls, gave budgets back, or restored policy files. */
export interface ControlBody extends RecordHead {
  readonly kind: "control";
  readonly event: "stopped" | "resumed" | "limits_reset" | "policies_restored";
  readonly target: ControlTarget;
  readonly by: Principal;
  /** In that person's words. */
  readonly reason?: string;
  /** Milliseconds since the epoch: a stop that ends by itself. */
  readonly until?: number;
  /** Whose policy files were restored. */
  readonly snapshot?: string;
}

/** Which calls a hold is about; all that is given must match. Times in milliseconds since the epoch. */
export interface HoldQuery {
  readonly who?: string;
  readonly tool?: string;
  readonly server?: string;
  readonly decision?: DecisionWord;
  readonly category?: Category;
  readonly rule?: string;
  readonly since?: number;
  readonly until?: number;
}

/** Somebody needs the calls of a query: they are not erased until the hold is released. */
export interface HoldBody extends RecordHead {
  readonly kind: "hold";
  readonly event: "placed" | "released";
  /** Of `placed`. */
  readonly query?: HoldQuery;
  /** Of `released`: the id of the record that placed it. */
  readonly hold?: string;
  readonly reason: string;
  readonly by: Principal;
}

/** Bodies of old records were erased. Their hashes are in the chain as they were. */
export interface ErasureBody extends RecordHead {
  readonly kind: "erasure";
  /** Calls decided before this. Milliseconds since the epoch. */
  readonly before: number;
  /** The records, as stretches: first and last. */
  readonly ranges: readonly (readonly [first: number, last: number])[];
  readonly by: Principal;
}

/** The writer's clock was set while it ran: times before and after this record are of two clocks. */
export interface ClockBody extends RecordHead {
  readonly kind: "clock";
  /** How far it was set: ahead, or back when negative. Milliseconds. */
  readonly step: number;
}

export type RecordBody =
  | ClockBody
  | StartBody
  | PostureBody
  | DecisionBody
  | OutcomeBody
  | PinBody
  | ControlBody
  | ApprovalBody
  | StopBody
  | KeyBody
  | HoldBody
  | ErasureBody;

/** Decisions that let a call go on to the downstream: these must get an outcome. */
export function forwards(decision: DecisionWord): boolean {
  return decision === "allow" || decision === "allow_with_constraints" || decision === "remediate";
}
