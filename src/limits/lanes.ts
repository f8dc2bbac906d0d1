import type { Signal } from "../model/signal.js";

/**
 * Concurrency caps: so many calls of one kind at once, the others in line, first come first served. In this process
 * only: what runs in another one cannot be waited for.
 */
export interface Lanes {
  /**
   * Resolves with how to leave once there is room; with `full` when too many wait or nothing moved for too long, and
   * with `cancelled` when the signal came first.
   */
  enter(lane: string, max: number, signal?: Signal): Promise<(() => void) | "full" | "cancelled">;
}

export interface LaneBounds {
  /** Nobody's client waits longer than it would for an answer. Milliseconds. */
  readonly waitMs: number;
  /** In line per lane: a client that floods us must not fill the memory. */
  readonly waiting: number;
}

const LANE_BOUNDS: LaneBounds = { waitMs: 30_000, waiting: 100 };

interface Lane {
  running: number;
  readonly line: Set<() => void>;
}

export function createLanes(bounds: LaneBounds = LANE_BOUNDS): Lanes {
  const lanes = new Map<string, Lane>();

  const leave = (name: string, lane: Lane): void => {
    // The place is handed on: given back first, somebody who has just come would overtake the line.
    const [next] = lane.line;
    if (next !== undefined) next();
    else if (--lane.running === 0) lanes.delete(name);
  };

  return {
    enter: async (name, max, signal) => {
      const lane = lanes.get(name) ?? { running: 0, line: new Set() };
      lanes.set(name, lane);
      let left = false;
      const out = (): void => {
        if (!left) leave(name, lane);
        left = true;
      };
      if (lane.running < max) {
        lane.running++;
        return out;
      }
      if (lane.line.size >= bounds.waiting) return "full";
      if (signal?.aborted === true) return "cancelled";
      return new Promise((resolve) => {
        const end = (result: (() => void) | "full" | "cancelled"): void => {
          lane.line.delete(go);
          clearTimeout(timer);
          signal?.removeEventListener("abort", cancel);
          resolve(result);
        };
        const go = (): void => end(out);
        const cancel = (): void => end("cancelled");
        const timer = setTimeout(() => end("full"), bounds.waitMs);
        lane.line.add(go);
        signal?.addEventListener("abort", cancel);
      });
    },
  };
}
