/** What the gate is made of, and what it answers. */
import type { AuditLog } from "../audit/log.js";
import type { ServerConfig } from "../config/load.js";
import type { Engine } from "../detect/engine.js";
import type { Call, JudgedFinding, ToolResult, Verdict } from "../model/call.js";
import type { LoopLimits, Posture } from "../model/posture.js";
import type { Signal } from "../model/signal.js";
import type { Pins } from "../pins/pins.js";
import type { Exempt } from "../policy/exceptions.js";
import type { Policies } from "../policy/rules/policies.js";
import type { Told } from "./outcome.js";
import type { Measured } from "./result.js";

export interface GateParts {
  readonly engine: Engine;
  /** A detector's own sentence on what to change. */
  readonly advise: (detector: string) => string | undefined;
  readonly posture: Posture;
  /** Hash of everything that decides; every decision points to it. */
  readonly snapshot: string;
  readonly audit: AuditLog;
  /** What was found in tools' definitions. */
  readonly pins: Pick<Pins, "findings">;
  /** The exceptions in force. */
  readonly exempt: Exempt;
  readonly policies: Policies;
  /** Hash of the tool's definition as last listed; empty for one that was never seen. */
  readonly definition: (call: Call) => string;
  /** The server a call goes to, with its connector and limits as known by now. */
  readonly server: (name: string) => ServerConfig;
  /** Whether records keep the beginning of arguments and results, with everything masked that was found. */
  readonly previews?: boolean;
  /** What counts as a loop. */
  readonly loops: LoopLimits;
  /** Waits for so many milliseconds, or until the signal. */
  readonly sleep?: (ms: number, signal: Signal | undefined) => Promise<void>;
  readonly log: { info(fields: object, message: string): void; error(fields: object, message: string): void };
  /** A question is on record, or the answer of the caller's own user. It must not throw, and is not waited for. */
  readonly onApproval?: (event: "requested" | "decided", id: string) => void;
}

/** What the downstream answered: a result, or a JSON-RPC error, which may carry data just as well. */
export type Answer = Told;

/** `timeoutMs`: what a rule allows it; absent: the server's own deadline. */
export type Forward = (call: Call, timeoutMs: number | undefined) => Promise<Answer>;

/** What the client is told. `unchanged`: the very bytes that the downstream sent. */
export type Governed =
  | { readonly kind: "unchanged" }
  | {
      readonly kind: "changed";
      readonly body: "result" | "error";
      readonly text: string;
      /** Present when the caller's own user may let it pass. */
      readonly waits?: Waits;
    }
  | { readonly kind: "cancelled" };

/** A question about a call that its own client may put to its user. */
export interface Waits {
  readonly id: string;
  /** What the user reads. */
  readonly text: string;
}

export interface OutputVerdict extends Verdict<ToolResult> {
  readonly measured: Measured;
}

/** A text that passes outside of any call, such as a log line of a server. */
export interface Screened {
  /** The JSON text with everything masked that is to be redacted or blocked; the same text when there is nothing. */
  readonly text: string;
  readonly masked: readonly JudgedFinding[];
}

export interface Gate {
  checkInput(call: Call): Promise<Verdict<Call>>;
  checkOutput(call: Call, result: Told): Promise<OutputVerdict>;
  /**
   * `forward` sends the call on, as changed by the input gate; it rejects with a SallyportError when it cannot. `signal`:
   * nobody waits for the answer any more, so a call that waits for its turn need not.
   */
  govern(call: Call, forward: Forward, signal?: Signal): Promise<Governed>;
  /**
   * The answer of the calling client's own user to a question about `call`; the call is to be governed again. False when
   * it does not count: another one's question, or a rule that wants somebody else. Rejects with `store_unavailable`.
   */
  answer(call: Call, id: string, approve: boolean): Promise<boolean>;
  /** Throws when it cannot be judged: then nothing of it may pass. */
  screen(text: string): Screened;
}
