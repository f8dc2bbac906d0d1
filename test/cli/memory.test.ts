import { afterEach, beforeEach, expect, it, vi } from "vitest";

const set = vi.hoisted(() => vi.fn());
vi.mock("node:v8", async (original) => ({
  ...(await original<typeof import("node:v8")>()),
  setFlagsFromString: set,
}));

const { keepHeapSmall, LARGE_RESULT, makeRoom } = await import("../../src/cli/memory.js");
const given = (): string[] => set.mock.calls.flat().map(String);
const SMALL = ["--semi-space-growth-factor=1", "--heap-growing-percent=50"];
const ROOMY = ["--semi-space-growth-factor=2", "--heap-growing-percent=200"];

beforeEach(() => {
  vi.useFakeTimers();
  set.mockClear();
});
afterEach(() => vi.useRealTimers());

it("keeps the heap small, gives it room while large results come, and takes it back", () => {
  keepHeapSmall();
  makeRoom(LARGE_RESULT - 1);
  expect(given()).toEqual(SMALL);
  makeRoom(LARGE_RESULT);
  vi.advanceTimersByTime(20_000);
  makeRoom(LARGE_RESULT);
  vi.advanceTimersByTime(20_000);
  expect(given()).toEqual([...SMALL, ...ROOMY]);
  vi.advanceTimersByTime(20_000);
  expect(given()).toEqual([...SMALL, ...ROOMY, ...SMALL]);
});
