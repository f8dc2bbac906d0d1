import { LRUCache } from "lru-cache";
import type { Action } from "../model/nouns.js";
import type { LoopLimits, Threshold } from "../model/posture.js";
import type { StandingFinding } from "../policy/standing.js";
import { plain } from "./taint.js";

/**
 * Loops of one session: the same call again and again for the same answer, one error after another, one refusal after
 * another. First the calls are slowed down, then they are stopped, until the tool has been left alone for a while.
 * Asking for a state every few seconds is no loop: reads have thresholds of their own, and an answer that changes, a
 * success, or a pause begins the count anew.
 */
export interface LoopWatch {
  /** Counts the call in, unless it is stopped. `now` in milliseconds since the epoch. */
  begin(call: LoopCall, now: number): Loop | undefined;
  /** Refused at either gate, for another reason than a loop. */
  denied(call: LoopCall, now: number): void;
  /** Its answer went to the client. */
  released(call: LoopCall): void;
  /** `answer`: a digest that tells one from another. */
  answered(call: LoopCall, isError: boolean, answer: string, now: number): void;
}

export interface LoopCall {
  readonly server: string;
  readonly tool: string;
  /** Only reads, or nobody knows: a state may be asked for again and again. */
  readonly reads: boolean;
  /** Names server and tool. */
  readonly toolKey: string;
  /** Names server, tool and arguments. */
  readonly key: string;
}

/** `args`: digest of the arguments. */
export function loopCall(server: string, tool: string, reads: boolean, args: string): LoopCall {
  const toolKey = `${server}\0${tool}`;
  return { server, tool, reads, toolKey, key: `${toolKey}\0${args}` };
}

export type LoopKind = "repeats" | "errors" | "denials";

export interface Loop {
  readonly kind: LoopKind;
  /** This call included. */
  readonly count: number;
  readonly stage: "slow" | "stop";
  readonly retryAfterMs: number;
  /** How long this call is to wait. */
  readonly delayMs: number;
}

interface Streak {
  count: number;
  /** When the last of them was. */
  at: number;
  /** The last answer; undefined before the first. */
  answer: string | undefined;
}

/** Names come from clients: a session keeps the streaks of its last calls only. */
const MAX_STREAKS = 256;
const FIRST_DELAY_MS = 500;
/** A client waits a minute for an answer; a slowed call must not look like a dead one. */
const MAX_DELAY_MS = 5_000;

/** `blocks`: a stopped call is refused. Where it is only told of, it goes on and is counted. */
export function createLoopWatch(limits: LoopLimits, blocks: boolean): LoopWatch {
  const repeats = new LRUCache<string, Streak>({ max: MAX_STREAKS });
  const errors = new LRUCache<string, Streak>({ max: MAX_STREAKS });
  const denials = new LRUCache<string, Streak>({ max: MAX_STREAKS });

  const current = (streaks: LRUCache<string, Streak>, key: string, now: number): Streak | undefined => {
    const streak = streaks.get(key);
    // A clock that steps back makes a pause no longer: it is one of a day then, not of a year.
    return streak === undefined || Math.abs(now - streak.at) >= limits.within_ms ? undefined : streak;
  };
  const add = (streaks: LRUCache<string, Streak>, key: string, now: number): void => {
    const known = current(streaks, key, now);
    streaks.set(key, { count: (known?.count ?? 0) + 1, at: now, answer: known?.answer });
  };
  const judge = (
    kind: LoopKind,
    { slow_after: slow, stop_after: stop }: Threshold,
    streak: Streak | undefined,
    now: number,
  ): Loop | undefined => {
    const count = (streak?.count ?? 0) + 1;
    if (streak === undefined || count <= slow) return undefined;
    return {
      kind,
      count,
      stage: count > stop ? "stop" : "slow",
      retryAfterMs: streak.at + limits.within_ms - now,
      delayMs: Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(10, count - slow - 1)),
    };
  };

  return {
    begin: (call, now) => {
      const { toolKey: tool, key: same } = call;
      const loops = [
        judge("denials", limits.denials, current(denials, tool, now), now),
        judge("errors", limits.errors, current(errors, tool, now), now),
        judge(
          "repeats",
          call.reads ? limits.repeated_reads : limits.repeats,
          current(repeats, same, now),
          now,
        ),
      ].filter((loop) => loop !== undefined);
      const worst = loops.find(({ stage }) => stage === "stop") ?? loops[0];
      // Counted on, a stop would never end for a client that keeps trying.
      if (worst?.stage !== "stop" || !blocks) add(repeats, same, now);
      return worst;
    },
    denied: (call, now) => add(denials, call.toolKey, now),
    released: (call) => void denials.delete(call.toolKey),
    answered: (call, isError, answer, now) => {
      if (isError) add(errors, call.toolKey, now);
      else errors.delete(call.toolKey);
      const streak = repeats.get(call.key);
      if (streak === undefined || streak.count < 2) return;
      const moved = streak.answer !== undefined && streak.answer !== answer;
      repeats.set(call.key, { count: moved ? 1 : streak.count, at: streak.at, answer });
    },
  };
}

const WORDS: Readonly<Record<LoopKind, readonly [says: string, change: string]>> = {
  repeats: [
    "identical calls in a row got the same answer from",
    "Use the answer you have, change the arguments, or tell the user what you are waiting for.",
  ],
  errors: [
    "calls in a row failed at",
    "Read the error and change the approach, or tell the user what does not work.",
  ],
  denials: [
    "calls in a row were refused at",
    "Do what the refusals say, or tell the user what you need; another try is not a way around.",
  ],
};

/** What a looping call is told. `action`: what the posture or the file makes of a stopped one. */
export function loopFinding(
  loop: Loop,
  call: LoopCall,
  { action, source }: { readonly action: Action; readonly source: string },
): StandingFinding {
  const [says, change] = WORDS[loop.kind];
  const stops = loop.stage === "stop";
  // A program may ask the same thing a thousand times for good reasons: where that is not refused, it is left in peace.
  const told = loop.kind === "repeats" && call.reads && action !== "block" ? "log" : action;
  return {
    detector: `session.${loop.kind}`,
    category: "high_risk",
    type: stops ? "loop_stopped" : "loop_slowed",
    severity: stops ? "high" : "medium",
    pointer: "",
    span: [0, 0],
    role: "text",
    // Slowing down is all that a slowed call gets, and being told so.
    action: stops || told === "log" ? told : "warn",
    source,
    says: `${loop.count - 1} ${says} ${plain(`${call.server}/${call.tool}`)} in this session`,
    change,
    retry: "later",
    retryAfterMs: loop.retryAfterMs,
  };
}
