/** What stands for or against a call before a word of it is read: the memory of its session, the line it waits in. */
import { LRUCache } from "lru-cache";
import { limitSource, type ServerConfig } from "../config/load.js";
import { createLanes } from "../limits/lanes.js";
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

/** A call that has got its turn. */
export interface Turn {
  readonly over: readonly LimitOverrun[];
  /** Once the client has its answer. */
  readonly leave: () => void;
}

export interface Standing {
  /** What is remembered of the call's session; undefined for a call that belongs to none. */
  memory(call: Call): SessionMemory | undefined;
  facts(call: Call): SessionFacts;
  /** Waits for the call's turn, or until the signal. */
  turn(call: Call, signal: AbortSignal | undefined): Promise<Turn>;
}

/** Sessions remembered at once. Over HTTP they are opened by clients, so their number is bounded. */
const MAX_SESSIONS = 10_000;

const OPEN: Turn = { over: [], leave: () => {} };

/** When a call that stood in line for nothing may try again. Milliseconds. */
const FULL_RETRY_MS = 5_000;

export function createStanding(server: (name: string) => ServerConfig): Standing {
  const sessions = new LRUCache<string, SessionMemory>({ max: MAX_SESSIONS });
  const lanes = createLanes();
  const memory = ({ session, upward }: Call): SessionMemory | undefined => {
    // What a server asks, and what the user answers it, is none of the model's doing.
    if (session === undefined || upward === true) return undefined;
    const known = sessions.get(session) ?? createSessionMemory();
    sessions.set(session, known);
    return known;
  };
  return {
    memory,
    facts: (call) => memory(call)?.facts() ?? NO_SESSION,
    turn: async (call, signal) => {
      const config = server(call.server);
      const max = config.limits.concurrency;
      // A server asks in the middle of a call that has its place already: in line it would wait for itself.
      if (max === undefined || call.upward === true) return OPEN;
      const leave = await lanes.enter(`${call.principal.id}\0${call.server}`, max, signal);
      if (typeof leave === "function") return { over: [], leave };
      if (leave === "cancelled") return OPEN;
      const source = limitSource(config, "concurrency");
      const over: LimitOverrun = {
        kind: "concurrency",
        limit: max,
        actual: max,
        source,
        retryAfterMs: FULL_RETRY_MS,
        action: "block",
      };
      return { ...OPEN, over: [over] };
    },
  };
}
