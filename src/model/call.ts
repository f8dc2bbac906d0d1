import type { Json, JsonObject } from "./json.js";
import type { Action, Category, DecisionWord, Operation, Phase, Retry, Role, Severity } from "./nouns.js";

/** On whose behalf, and how we know. */
export interface Principal {
  readonly id: string;
  readonly how: "asserted" | "os_user" | "api_key" | "oidc";
  readonly team?: string;
  readonly roles?: readonly string[];
}

/** One tool call, as judged. `args` is parsed once; `argsText` is the very JSON text it was parsed from. */
export interface Call {
  /** Decision id: time-sortable, unique across processes. */
  readonly id: string;
  readonly principal: Principal;
  /** The client's session (one connection, or all stateless clients of a principal): what is remembered belongs to it. */
  readonly session?: string;
  /** Name and version the client gave, if any: a claim, not a proof. */
  readonly client: string | undefined;
  readonly server: string;
  readonly connector: string;
  /** The downstream's own name for the tool, without our prefix; the method itself for what is not a tool call. */
  readonly tool: string;
  /** The name the client called it by, where that is another: `server__tool`. For texts to the client only. */
  readonly shown?: string;
  /** Absent for tool calls, and what answers as a tool does: a refusal is then a tool result, else a JSON-RPC error. */
  readonly method?: string;
  readonly operation: Operation;
  readonly args: JsonObject;
  readonly argsText: string;
  /** True when a server asks something of the client: `args` are its words then, and the answer is the user's. */
  readonly upward?: true;
  /** What the client sends along when it retries an `input_required` call: it reaches the downstream, so it is judged. */
  readonly inputResponses?: Json;
  /** The tool's inputSchema as last listed, when known: used to infer argument roles. */
  readonly inputSchema?: JsonObject;
  /** Whether the tool promises structured output of a shape: a refusal must then not invent some. */
  readonly hasOutputSchema?: boolean;
  readonly environment?: string;
}

/**
 * Where something was found. Never the matched text.
 * `pointer` leads to a leaf (JSON Pointer, "" for a bare text); `span` is in UTF-16 code units of that leaf's
 * text (a number's text is its token). When the leaf is a string that itself holds JSON, `inner` leads on from
 * there and `span` still counts in the outer leaf's text.
 */
export interface Finding {
  readonly detector: string;
  readonly category: Category;
  readonly type: string;
  readonly severity: Severity;
  readonly pointer: string;
  readonly inner?: string;
  readonly span: readonly [start: number, end: number];
  /** True when it stands in the member's key, not in its value. */
  readonly onKey?: boolean;
  /** The role under which the leaf was read. */
  readonly role: Role;
  /** What it is, where no place in the data can show it. No value is in it. */
  readonly says?: string;
  /** Keyed HMAC of the matched text, so that equal values can be correlated without being known. Set by the gate. */
  readonly digest?: string;
}

/** A finding, with what the posture makes of it. */
export interface JudgedFinding extends Finding {
  readonly action: Action;
  /** The exception that made it `log`, as records name it. */
  readonly exception?: string;
}

/** Which rule spoke. `source` is where it is written (`profile strict`, `PII_ACTION`, `connector postgres`, a policy file). */
export interface RuleRef {
  readonly rule: string;
  readonly category: Category;
  readonly action: Action;
  readonly source: string;
}

/** What an allowed call must obey; the proxy enforces it. */
export interface Constraints {
  readonly max_rows?: number;
  readonly max_bytes?: number;
  /** Milliseconds. */
  readonly timeout?: number;
  /** Nothing may be changed: every SQL argument reads, and a tool without one is a `query`. */
  readonly read_only?: boolean;
  /** Argument name → what it may be. An argument that is not sent obeys. */
  readonly arguments?: Readonly<Record<string, ArgumentRule>>;
  /** Calls a minute, and how many of them at once. */
  readonly rate?: { readonly per_minute: number; readonly burst: number };
}

/** All that is given must hold. */
export interface ArgumentRule {
  readonly one_of?: readonly Json[];
  /** For numbers. */
  readonly min?: number;
  readonly max?: number;
  /** Patterns in RE2's syntax that the whole text must match, all of them; of a list, each text. */
  readonly matches?: readonly string[];
}

/** Who must agree before a held call may run. */
export interface Approval {
  /** The rule that asks, as records name it. */
  readonly rule: string;
  /** `team:dba`, `role:oncall`, `user:maya`; empty: anybody who may approve at all. */
  readonly approvers: readonly string[];
  readonly not_requester: boolean;
  readonly quorum: number;
  /** How long the question stays open, and how long the answer is good for. Milliseconds. */
  readonly expires: number;
}

/** What a refused caller is told, machine-readable. Delays in milliseconds. */
export interface Advice {
  readonly retry: Retry;
  readonly retryAfterMs?: number;
  /** What to change, as a sentence to a person or a model. */
  readonly change: string;
}

export interface Decision {
  readonly phase: Phase;
  readonly decision: DecisionWord;
  readonly rules: readonly RuleRef[];
  readonly reason: string;
  readonly constraints?: Constraints;
  readonly findings: readonly JudgedFinding[];
  /** Rules that would have spoken, had they been enforced. */
  readonly shadow: readonly RuleRef[];
  /** True when the decision is a refusal because a stage failed, not because a rule said so. */
  readonly failClosed: boolean;
  /** Hash of the whole posture in force. */
  readonly snapshot: string;
  /** What `require_approval` waits for: all of them. */
  readonly approvals?: readonly Approval[];
  /** The question that the call waits for, or that has let it pass. */
  readonly approval?: ApprovalState;
  /** Present when `decision` is `deny` or `require_approval`. */
  readonly advice?: Advice;
}

/** What a person was asked about a call, and has said. */
export interface ApprovalState {
  readonly id: string;
  readonly event: "requested" | "pending" | "denied" | "consumed";
  /** Who has said yes, or the one no. */
  readonly by: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** What leaves a gate. */
export interface Verdict<S> {
  readonly subject: S;
  readonly decision: Decision;
  readonly changed: boolean;
}

/**
 * What a downstream answered, as JSON text: the `result` (or `error`) member exactly as it was sent, unless a
 * decision changed it.
 */
export interface ToolResult {
  readonly text: string;
  /** `text` parsed. */
  readonly value: Json;
  /** UTF-8 length of `text`. */
  readonly bytes: number;
}
