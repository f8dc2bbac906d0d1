/** What stands for or against a call before a word of it is read: the memory of its session. */
import { LRUCache } from "lru-cache";
import { createSessionMemory, type SessionMemory } from "../limits/session.js";
import type { Call } from "../model/call.js";
import { NO_SESSION, type SessionFacts } from "../model/session.js";
import type { LimitOverrun } from "../policy/decide.js";
import type { StandingFinding } from "../policy/standing.js";

/** What is known of a call besides its words. */
export interface Against {
  readonly session: SessionFacts;
  readonly findings: readonly StandingFinding[];
  readonly over: readonly LimitOverrun[];
}

export const NOTHING: Against = { session: NO_SESSION, findings: [], over: [] };

export interface Standing {
  /** What is remembered of the call's session; undefined for a call that belongs to none. */
  memory(call: Call): SessionMemory | undefined;
  facts(call: Call): SessionFacts;
}

/** Sessions remembered at once. Over HTTP they are opened by clients, so their number is bounded. */
const MAX_SESSIONS = 10_000;

export function createStanding(): Standing {
  const sessions = new LRUCache<string, SessionMemory>({ max: MAX_SESSIONS });
  const memory = ({ session, upward }: Call): SessionMemory | undefined => {
    // What a server asks, and what the user answers it, is none of the model's doing.
    if (session === undefined || upward === true) return undefined;
    const known = sessions.get(session) ?? createSessionMemory();
    sessions.set(session, known);
    return known;
  };
  return { memory, facts: (call) => memory(call)?.facts() ?? NO_SESSION };
}
