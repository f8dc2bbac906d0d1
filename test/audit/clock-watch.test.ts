/** A clock that is set while a process writes: said once, before the next call, and told by `verify`. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { clockWatch } from "../../src/audit/clock-watch.js";
import { openAudit } from "../../src/audit/log.js";
import { scorecard } from "../../src/audit/stats.js";
import { verify } from "../../src/audit/verify.js";
import { openStore } from "../../src/store/sqlite.js";
import { decide, freshFolder } from "./sample.js";

/** A wall clock and one that nobody can set. */
function clocks() {
  const at = { wall: 1_000_000, steady: 0 };
  const pass = (ms: number): void => {
    at.wall += ms;
    at.steady += ms;
  };
  return {
    at,
    pass,
    watch: clockWatch(
      () => at.wall,
      () => at.steady,
    ),
  };
}

it("tells a step once, ahead or back, and what adds up to one", () => {
  const { at, pass, watch } = clocks();
  pass(3_600_000);
  expect(watch.step()).toBeUndefined();
  at.wall -= 90_000;
  expect(watch.step()).toBe(-90_000);
  expect(watch.step()).toBeUndefined();
  for (const expected of [undefined, undefined, 2_700]) {
    at.wall += 900;
    pass(60_000);
    expect(watch.step()).toBe(expected);
  }
});

it("is a record before the next call, in the same commit, and a notice of verify", async () => {
  const path = join(freshFolder(), "audit.db");
  const { at, watch } = clocks();
  const log = await openAudit({ path, version: "1.0.0", clock: watch });
  await decide(log);
  at.wall += 7_200_000;
  // Where nothing was written, the step was not told either: it comes with the next call.
  const fails = log.appendDecision(() => {
    throw new Error("no decision");
  });
  await expect(fails).rejects.toThrow("no decision");
  await decide(log);
  at.wall -= 60_000;
  await decide(log);
  await log.close();
  const store = openStore(path, { readonly: true });
  const kinds = store.read((tx) => tx.all<{ kind: string }>("SELECT kind FROM records ORDER BY seq"));
  const result = verify(store);
  expect(scorecard(store, {}).completeness.clock_set).toBe(2);
  await store.close();
  expect(kinds.map(({ kind }) => kind)).toEqual([
    "start",
    "key",
    "decision",
    "clock",
    "decision",
    "clock",
    "decision",
    "stop",
  ]);
  expect(result).toMatchObject({
    ok: true,
    notices: [
      "record 4: the clock was set ahead by 7200 s while it ran",
      "record 6: the clock was set back by 60 s while it ran",
    ],
  });
});
