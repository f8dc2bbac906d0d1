/**
 * The sessions that clients of the stateless era share: one for each principal and what its clients can be asked, since
 * a server is told that once, when it is connected to. Bounded, because each owns connections.
 */
import type { Principal } from "../model/call.js";
import { ownerOf } from "./auth/access.js";
import type { SessionParts } from "./desk.js";
import { SHUTDOWN_MS } from "./limits.js";
import { createSession, type Session } from "./session.js";

export interface StatelessSessions {
  /** Undefined when there is no room: all are in use. */
  take(principal: Principal, kind: string): Session | undefined;
  /** Ends those that nobody has used since `before`. */
  sweep(before: number): void;
  close(): Promise<void>;
}

interface Held {
  readonly session: Session;
  usedAt: number;
}

export function createStatelessSessions(parts: SessionParts, max: number): StatelessSessions {
  // In the order of use: the first is the one that nobody has used for longest.
  const sessions = new Map<string, Held>();

  const end = async (key: string): Promise<void> => {
    const held = sessions.get(key);
    sessions.delete(key);
    await held?.session.drain(SHUTDOWN_MS);
    await held?.session.close();
  };
  const endQuietly = (key: string): void => {
    end(key).catch((error: unknown) => parts.log.error({ err: error }, "a session did not end well"));
  };
  const makeRoom = (): boolean => {
    if (sessions.size < max) return true;
    const idle = [...sessions].find(([, { session }]) => !session.busy);
    if (idle === undefined) return false;
    endQuietly(idle[0]);
    return true;
  };

  return {
    take: (principal, kind) => {
      const key = `${ownerOf(principal)} ${kind}`;
      let held = sessions.get(key);
      if (held === undefined) {
        if (!makeRoom()) return undefined;
        // Its clients cannot be told apart, so what one of them has seen is remembered of all, however they connect.
        const id = `stateless ${principal.how} ${principal.id}`;
        const session = createSession({ ...parts, principal }, { shared: true, id, unsolicited: () => {} });
        held = { session, usedAt: 0 };
      }
      held.usedAt = Date.now();
      sessions.delete(key);
      sessions.set(key, held);
      return held.session;
    },
    sweep: (before) => {
      for (const [key, { session, usedAt }] of sessions)
        if (usedAt < before && !session.busy) endQuietly(key);
    },
    close: async () => {
      await Promise.all([...sessions.keys()].map(end));
    },
  };
}
