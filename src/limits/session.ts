import type { Call, Decision } from "../model/call.js";
import { SEVERITIES, type Category } from "../model/nouns.js";
import { LAST_CALLS, type PastCall, type Seen, type SessionFacts } from "../model/session.js";

/** What a memory needs to know of a call. */
export type RememberedCall = Pick<Call, "id" | "server" | "tool">;

/**
 * What one session has done and seen. It is told of every decision and every end, in order; replaying the same events
 * gives the same facts. Kept in memory: a session is a connection to one process.
 */
export interface SessionMemory {
  /** As of now: what comes later does not change it. */
  facts(): SessionFacts;
  /** The same as in the facts, without their price. */
  readonly seen: ReadonlyMap<Category, Seen>;
  decided(call: RememberedCall, decision: Pick<Decision, "decision">): void;
  /** The output gate has decided on an answer. `isError`: the tool says that it failed. */
  answered(call: RememberedCall, decision: Pick<Decision, "decision" | "findings">, isError: boolean): void;
  /** The server could not answer. */
  failed(): void;
}

export function createSessionMemory(): SessionMemory {
  const seen = new Map<Category, Seen>();
  let [calls, denied, errors] = [0, 0, 0];
  const lastCalls: PastCall[] = [];
  let known: SessionFacts | undefined;

  return {
    seen,
    facts: () => (known ??= { seen: new Map(seen), calls, denied, errors, lastCalls: [...lastCalls] }),
    decided: ({ id, server, tool }, { decision }) => {
      known = undefined;
      calls++;
      if (decision === "deny") denied++;
      lastCalls.push({ id, server, tool, decision });
      if (lastCalls.length > LAST_CALLS) lastCalls.shift();
    },
    answered: ({ id, server, tool }, { decision, findings }, isError) => {
      known = undefined;
      if (isError) errors++;
      if (decision === "deny") denied++;
      // What waits for approval has not been seen either.
      if (decision === "deny" || decision === "require_approval") return;
      for (const { category, type, severity, action } of findings) {
        // Masked: it did not reach the client. Low: noise that would taint every session.
        if (action === "redact" || action === "block" || severity === "low") continue;
        const graver =
          SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(seen.get(category)?.severity ?? "low");
        if (graver) seen.set(category, { type, severity, call: id, server, tool });
      }
    },
    failed: () => {
      known = undefined;
      errors++;
    },
  };
}
