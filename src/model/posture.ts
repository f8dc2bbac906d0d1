import type { Action, Category, Operation, Role } from "./nouns.js";

/** Where one category's action comes from, so that the boot line and every decision can say so. */
export interface PostureEntry {
  readonly action: Action;
  readonly source: string;
}

/** What is in force: category → action, resolved once at start. */
export interface Posture {
  readonly profile: string;
  readonly profileSource: string;
  readonly actions: Readonly<Record<Category, PostureEntry>>;
  /** `compliance` treats medium findings as high. */
  readonly mediumBlocks: boolean;
}

export type OnExceed = "truncate" | "block";

export interface Limits {
  readonly max_rows?: number;
  readonly max_bytes?: number;
  /** What happens over a limit; absent: what the posture says of `exfiltration`. */
  readonly on_exceed?: OnExceed;
  /** All of them hold. */
  readonly window?: readonly WindowLimit[];
  /** For each tool that `tool_rates` does not name. */
  readonly rate?: RateLimit;
  /** Glob over tools → their rate, in place of `rate`; the tightest that matches holds. */
  readonly tool_rates?: Readonly<Record<string, RateLimit>>;
  /** Glob over tools → units of `max_cost` that one call takes; the most that matches counts, else 1. */
  readonly costs?: Readonly<Record<string, number>>;
  /** Calls of one principal to the server at the same time. */
  readonly concurrency?: number;
  /** When results tell what is left of the budgets. Absent: `low`. */
  readonly show_left?: ShowLeft;
}

/** `low`: once less than a fifth is left. */
export type ShowLeft = "always" | "low" | "never";

/** A token bucket per principal × tool: `burst` calls at once, refilled at `per_minute`. */
export interface RateLimit {
  readonly per_minute: number;
  readonly burst: number;
}

/** A cumulative budget per principal × connector, in fixed windows aligned to the epoch. */
export interface WindowLimit {
  readonly per: "minute" | "hour" | "day";
  readonly max_calls?: number;
  readonly max_cost?: number;
  readonly max_rows?: number;
  readonly max_bytes?: number;
}

/** What the tools of one kind do. Globs (`*`) match whole tool names, case-insensitively; the first operation listed wins. */
export interface OperationSpec {
  readonly tools: readonly string[];
  /** Argument name or JSON Pointer → role. A name matches at any depth; a pointer exactly. */
  readonly arguments?: Readonly<Record<string, Role>>;
}

/** A type of system behind a tool, as data: one file in connectors/. */
export interface Connector {
  readonly connector: string;
  readonly describe: string;
  readonly recognise: {
    readonly packages?: readonly string[];
    readonly commands?: readonly string[];
    readonly hosts?: readonly string[];
    readonly tools?: readonly string[];
  };
  readonly operations: Readonly<Partial<Record<Operation, OperationSpec>>>;
  readonly rows: { readonly from: readonly string[] };
  readonly limits: Limits;
  readonly egress: Egress;
}

/**
 * Which tools can carry data out of the house: all or none; those that change something; those with an argument that
 * leaves (a message, an address); or these, as globs.
 */
export type Egress = boolean | "execute" | "arguments" | readonly string[];

/** Calls in a row, after which they are slowed down, and stopped. */
export interface Threshold {
  readonly slow_after: number;
  readonly stop_after: number;
}

/** What counts as a loop in one session. */
export interface LoopLimits {
  /** Identical calls that change something, and get the same answer. */
  readonly repeats: Threshold;
  /** Identical calls that only read. */
  readonly repeated_reads: Threshold;
  /** Calls of one tool that fail. */
  readonly errors: Threshold;
  /** Calls of one tool that are refused. */
  readonly denials: Threshold;
  /** A pause of this length begins the count anew. Milliseconds. */
  readonly within_ms: number;
  /** What happens to a stopped call; absent: what the posture says of `high_risk`. */
  readonly action?: "log" | "warn" | "block";
}
