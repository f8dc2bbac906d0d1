import { beforeEach, describe, expect, it } from "vitest";
import { createLoopWatch, loopCall, type LoopCall, type LoopWatch } from "../../src/limits/loops.js";
import type { LoopLimits } from "../../src/model/posture.js";

const MINUTE = 60_000;
const limits: LoopLimits = {
  repeats: { slow_after: 3, stop_after: 6 },
  repeated_reads: { slow_after: 20, stop_after: 30 },
  errors: { slow_after: 2, stop_after: 4 },
  denials: { slow_after: 2, stop_after: 4 },
  within_ms: 10 * MINUTE,
};
const write = loopCall("crm", "write", false, "a1");
const read = loopCall("crm", "read", true, "a1");

let watch: LoopWatch;
let now: number;
beforeEach(() => {
  watch = createLoopWatch(limits, true);
  now = Date.UTC(2026, 10, 20, 12);
});

/** One call that gets `answer`; how it was judged. */
function ask(call: LoopCall, answer = "same", seconds = 1): string {
  now += seconds * 1000;
  const loop = watch.begin(call, now);
  if (loop?.stage !== "stop") watch.answered(call, false, answer, now);
  return loop?.stage ?? "go";
}
const many = (times: number, one: () => string): string[] => Array.from({ length: times }, one);

describe("identical calls", () => {
  it("with the same answer are slowed down, then stopped, until they are left alone for a while", () => {
    expect(many(8, () => ask(write))).toEqual(["go", "go", "go", "slow", "slow", "slow", "stop", "stop"]);
    const last = watch.begin(write, now)!;
    // Two refused tries, a second each, do not push the end away.
    expect(last.retryAfterMs).toBe(10 * MINUTE - 2000);
    now += last.retryAfterMs;
    expect(ask(write, "same", 0)).toBe("go");
  });

  it("are slowed down more and more, but never so long that a client takes them for dead", () => {
    const delays = many(30, () => String(watch.begin(read, now)?.delayMs ?? 0));
    expect([...new Set(delays.map(Number))]).toEqual([0, 500, 1000, 2000, 4000, 5000]);
  });

  it("that get another answer each time are no loop", () => {
    let n = 0;
    expect(new Set(many(50, () => ask(write, `answer ${n++}`)))).toEqual(new Set(["go"]));
  });

  it("of a watched state may repeat as long as it changes now and then", () => {
    let n = 0;
    expect(new Set(many(200, () => ask(read, `state ${Math.floor(n++ / 10)}`, 5)))).toEqual(new Set(["go"]));
  });

  it("that only read have a threshold of their own", () => {
    expect(many(20, () => ask(read)).at(-1)).toBe("go");
    expect(ask(read)).toBe("slow");
  });

  it("with other arguments in between are counted by themselves", () => {
    many(3, () => ask(write));
    expect(ask(loopCall("crm", "write", false, "a2"))).toBe("go");
    expect(ask(loopCall("wiki", "write", false, "a1"))).toBe("go");
    expect(ask(write)).toBe("slow");
  });

  it("that nobody blocks go on and are counted on", () => {
    watch = createLoopWatch(limits, false);
    many(6, () => ask(write));
    expect(watch.begin(write, now)).toMatchObject({ stage: "stop", count: 7 });
    expect(watch.begin(write, now)).toMatchObject({ stage: "stop", count: 8 });
  });
});

describe("streaks of one tool, whatever its arguments", () => {
  let n = 0;
  const other = (): LoopCall => loopCall("crm", "write", false, `${n++}`);

  it("errors end with a success", () => {
    const fail = (): string => {
      const call = other();
      const loop = watch.begin(call, now);
      watch.answered(call, true, "", now);
      return loop?.stage ?? "go";
    };
    expect(many(5, fail)).toEqual(["go", "go", "slow", "slow", "stop"]);
    watch = createLoopWatch(limits, true);
    many(3, fail);
    ask(other());
    expect(fail()).toBe("go");
  });

  it("refusals end when an answer goes through", () => {
    const refuse = (): string => {
      const call = other();
      const loop = watch.begin(call, now);
      if (loop?.stage !== "stop") watch.denied(call, now);
      return loop?.stage ?? "go";
    };
    expect(many(6, refuse)).toEqual(["go", "go", "slow", "slow", "stop", "stop"]);
    expect(watch.begin(loopCall("crm", "other", false, "a1"), now)).toBeUndefined();
    watch.released(other());
    expect(refuse()).toBe("go");
  });

  it("a pause ends them, and a clock that steps back a year too", () => {
    for (const pause of [10 * MINUTE, -365 * 24 * 60 * MINUTE]) {
      many(3, () => {
        watch.denied(other(), now);
        return "";
      });
      expect(watch.begin(other(), now)?.stage).toBe("slow");
      now += pause;
      expect(watch.begin(other(), now)).toBeUndefined();
    }
  });
});
