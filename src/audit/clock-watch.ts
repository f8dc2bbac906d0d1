/** What a time server corrects little by little is no step; nor is a timer that a busy machine runs late. Milliseconds. */
const NOTICED_MS = 2000;

export interface ClockWatch {
  /** By how much the clock was set since the last call: milliseconds, negative for back. Undefined: it ran on. */
  step(): number | undefined;
  /** What `step` has told was not written down: it is to be told again. */
  untold(step: number): void;
}

/**
 * Compares the clock on the wall, whose times are recorded, with one that nobody can set. A machine that slept looks like
 * a leap ahead: the other clock sleeps with it.
 */
export function clockWatch(
  wall: () => number = Date.now,
  steady: () => number = () => performance.now(),
): ClockWatch {
  let offset = wall() - steady();
  return {
    step() {
      const now = wall() - steady();
      const step = now - offset;
      // Small differences are left to add up: a clock that is turned slowly is told of as well.
      if (Math.abs(step) < NOTICED_MS) return undefined;
      offset = now;
      return Math.round(step);
    },
    untold: (step) => void (offset -= step),
  };
}
