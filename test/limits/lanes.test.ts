import { expect, it } from "vitest";
import { createLanes } from "../../src/limits/lanes.js";

const BOUNDS = { waitMs: 60_000, waiting: 2 };

async function entered(lane: Promise<(() => void) | string>): Promise<() => void> {
  const leave = await lane;
  if (typeof leave === "string") throw new Error(leave);
  return leave;
}

it("lets so many in, and the others in the order in which they came", async () => {
  const lanes = createLanes(BOUNDS);
  const order: string[] = [];
  const first = await entered(lanes.enter("a", 2));
  const second = await entered(lanes.enter("a", 2));
  const third = entered(lanes.enter("a", 2)).then((leave) => (order.push("third"), leave));
  const fourth = entered(lanes.enter("a", 2)).then((leave) => (order.push("fourth"), leave));
  await entered(lanes.enter("b", 1));
  expect(order).toEqual([]);
  first();
  (await third)();
  await fourth;
  expect(order).toEqual(["third", "fourth"]);
  second();
});

it("leaving twice gives one place", async () => {
  const lanes = createLanes(BOUNDS);
  const leave = await entered(lanes.enter("a", 1));
  let second = false;
  const first = entered(lanes.enter("a", 1));
  void lanes.enter("a", 1).then(() => (second = true));
  leave();
  leave();
  await first;
  await new Promise(setImmediate);
  expect(second).toBe(false);
});

it("refuses when the line is full", async () => {
  const lanes = createLanes(BOUNDS);
  await entered(lanes.enter("a", 1));
  void lanes.enter("a", 1);
  void lanes.enter("a", 1);
  expect(await lanes.enter("a", 1)).toBe("full");
});

it("refuses when nothing moves for too long", async () => {
  const lanes = createLanes({ ...BOUNDS, waitMs: 1 });
  await entered(lanes.enter("a", 1));
  expect(await lanes.enter("a", 1)).toBe("full");
});

it("who gives up is out of the line", async () => {
  const lanes = createLanes(BOUNDS);
  const leave = await entered(lanes.enter("a", 1));
  const [gone, next] = [new AbortController(), new AbortController()];
  const first = lanes.enter("a", 1, gone.signal);
  const second = entered(lanes.enter("a", 1, next.signal));
  gone.abort();
  expect(await first).toBe("cancelled");
  leave();
  await second;
  gone.abort();
  expect(await lanes.enter("a", 1, AbortSignal.abort())).toBe("cancelled");
});
