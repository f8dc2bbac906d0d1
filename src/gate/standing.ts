/** What stands for or against a call before a word of it is read: its session, the line it waits in, loops. */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Engine } from "../detect/engine.js";
import type { RawFinding } from "../detect/finding.js";
import { createSplitWindow, type SplitWindow } from "../detect/split-window.js";
import { limitSource, type ServerConfig } from "../config/load.js";
import { createLanes } from "../limits/lanes.js";
import { createLoopWatch, loopCall, loopFinding, type LoopCall, type LoopWatch } from "../limits/loops.js";
import { createSessionMemory, type SessionMemory } from "../limits/session.js";
import { taintFinding } from "../limits/taint.js";
import type { Call, Decision } from "../model/call.js";
import type { Action } from "../model/nouns.js";
import type { LoopLimits, Posture } from "../model/posture.js";
import { NO_SESSION, type SessionFacts } from "../model/session.js";
import type { Signal } from "../model/signal.js";
import type { LimitOverrun } from "../policy/judge.js";
import type { StandingFinding } from "../policy/standing.js";
import { sendsOut } from "./egress.js";
import { sleep as sleepUntil } from "./sleep.js";

/** What is known of a call besides its words. */
export interface Against {
  /** Put together when somebody asks for it. */
  readonly session: () => SessionFacts;
  readonly findings: readonly StandingFinding[];
  readonly over: readonly LimitOverrun[];
  /** Secrets that this call ends and calls before it began. */
  readonly pieces: readonly RawFinding[];
  /** A person has agreed: what only waits for that, waits no more. */
  readonly approved?: boolean;
}

export const NOTHING: Against = { session: () => NO_SESSION, findings: [], over: [], pieces: [] };

/** A call that has got its turn. */
export interface Turn {
  readonly against: Against;
  /** Both gates tell what became of it, as soon as that is on record. */
  readonly decided: (decision: Decision) => void;
  readonly answered: (decision: Decision, isError: boolean, digest: string) => void;
  /** The server could not answer. */
  readonly failed: () => void;
  /** Once the client has its answer. */
  readonly leave: () => void;
}

export interface Standing {
  facts(call: Call): SessionFacts;
  /** Waits for the call's turn, or until the signal. */
  turn(call: Call, signal: Signal | undefined): Promise<Turn>;
}

export interface StandingParts {
  readonly server: (name: string) => ServerConfig;
  readonly posture: Posture;
  readonly loops: LoopLimits;
  readonly engine: Pick<Engine, "scanText">;
  readonly sleep?: typeof sleepUntil;
}

interface Session {
  readonly memory: SessionMemory;
  readonly loops: LoopWatch;
  readonly pieces: SplitWindow;
}

/** Sessions remembered at once. Over HTTP they are opened by clients, so their number is bounded. */
const MAX_SESSIONS = 10_000;

/** When a call that stood in line for nothing may try again. Milliseconds. */
const FULL_RETRY_MS = 5_000;

/** How the protocol itself asks again and again whether a task is done. */
const POLLS: ReadonlySet<string> = new Set(["tasks/get", "tasks/result"]);

/** The connector of servers that nobody has described: what their tools do is not known. */
const GENERIC = "generic";

const nothing = (): void => {};

export function createStanding(parts: StandingParts): Standing {
  const { server, posture, loops, sleep = sleepUntil } = parts;
  const sessions = new LRUCache<string, Session>({ max: MAX_SESSIONS });
  const lanes = createLanes();
  const { action: ofPosture, source } = posture.actions.high_risk;
  const stopped: { readonly action: Action; readonly source: string } =
    loops.action === undefined
      ? { action: ofPosture === "redact" ? "block" : ofPosture, source }
      : { action: loops.action, source: "loops.action" };

  const sessionOf = ({ session, upward }: Call): Session | undefined => {
    // What a server asks, and what the user answers it, is none of the model's doing.
    if (session === undefined || upward === true) return undefined;
    const known = sessions.get(session);
    if (known !== undefined) return known;
    const made = {
      memory: createSessionMemory(),
      loops: createLoopWatch(loops, stopped.action === "block"),
      // Whatever rules are in force by then.
      pieces: createSplitWindow({ scanText: (text, at) => parts.engine.scanText(text, at) }),
    };
    sessions.set(session, made);
    return made;
  };

  /** Undefined when nobody waits any more; an overrun when there was no room. */
  const place = async (call: Call, signal: Signal | undefined): Promise<(() => void) | LimitOverrun> => {
    const config = server(call.server);
    const max = config.limits.concurrency;
    // A server asks in the middle of a call that has its place already: in line it would wait for itself.
    if (max === undefined || call.upward === true) return nothing;
    const leave = await lanes.enter(`${call.principal.id}\0${call.server}`, max, signal);
    if (typeof leave === "function") return leave;
    if (leave === "cancelled") return nothing;
    return {
      kind: "concurrency",
      limit: max,
      actual: max,
      source: limitSource(config, "concurrency"),
      retryAfterMs: FULL_RETRY_MS,
      action: "block",
    };
  };

  return {
    facts: (call) => sessionOf(call)?.memory.facts() ?? NO_SESSION,
    turn: async (call, signal) => {
      const session = sessionOf(call);
      const findings: StandingFinding[] = [];
      const looped = POLLS.has(call.tool) ? undefined : loopCallOf(call);
      const loop = looped && session?.loops.begin(looped, Date.now());
      if (looped !== undefined && loop !== undefined) {
        const finding = loopFinding(loop, looped, stopped);
        findings.push(finding);
        if (finding.action === "warn") await sleep(loop.delayMs, signal);
      }
      const room = await place(call, signal);
      // As late as can be: what other calls have seen meanwhile counts.
      const memory = session?.memory;
      if (memory !== undefined && memory.seen.size > 0 && sendsOut(server(call.server).connector, call)) {
        const taint = taintFinding(memory, posture.mediumBlocks);
        if (taint !== undefined) findings.push(taint);
      }
      const full = typeof room === "function" ? [] : [room];
      const ofLoop = loop?.stage === "stop" && stopped.action === "block";
      return {
        against: {
          session: () => memory?.facts() ?? NO_SESSION,
          findings,
          over: full,
          pieces: session?.pieces.check(call.args) ?? [],
        },
        leave: typeof room === "function" ? room : nothing,
        decided: (decision) => {
          session?.memory.decided(call, decision);
          session?.pieces.remember(call.args);
          if (looped !== undefined && !ofLoop && refuses(decision)) session?.loops.denied(looped, Date.now());
        },
        answered: (decision, isError, answer) => {
          session?.memory.answered(call, decision, isError);
          if (looped === undefined) return;
          session?.loops.answered(looped, isError, answer, Date.now());
          if (refuses(decision)) session?.loops.denied(looped, Date.now());
          else session?.loops.released(looped);
        },
        failed: () => {
          session?.memory.failed();
          if (looped !== undefined) session?.loops.answered(looped, true, "", Date.now());
        },
      };
    },
  };
}

/** A stage of ours that failed is not the caller's doing. */
function refuses({ decision, failClosed }: Decision): boolean {
  return decision === "deny" && !failClosed;
}

function loopCallOf({ server, tool, operation, connector, argsText }: Call): LoopCall {
  return loopCall(server, tool, operation === "query" || connector === GENERIC, digest(argsText));
}

/** Told apart, not kept: a memory dump must not hold what calls were about. */
function digest(text: string): string {
  return hash("sha256", text, "base64");
}
