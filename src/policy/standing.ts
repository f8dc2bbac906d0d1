import type { Finding } from "../model/call.js";
import type { Action, Retry } from "../model/nouns.js";

/**
 * What speaks against a call though nothing in its words does: a stop, a loop, what the session has seen. A finding
 * without a place, which brings its own sentences along.
 */
export interface StandingFinding extends Finding {
  /** What was found, as the sentence's own words: no value of any call is in it. */
  readonly says: string;
  readonly change: string;
  readonly retry: Retry;
  readonly retryAfterMs?: number;
  /** Who says so; absent: the posture, by the category's action. */
  readonly source?: string;
  /** Whatever the posture says. */
  readonly action?: Action;
}

/** Nothing of a call is masked to mend what stands against it, so there `redact` refuses. */
export function standingAction(finding: StandingFinding, ofPosture: Action): Action {
  const action = finding.action ?? ofPosture;
  return action === "redact" ? "block" : action;
}
