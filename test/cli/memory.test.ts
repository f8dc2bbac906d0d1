import { afterEach, beforeEach, expect, it, vi } from "vitest";

const set = vi.hoisted(() => vi.fn());
vi.mock("node:v8", async (original) => ({
  ...(await original<typeof import("node:v8")>()),
  setFlagsFromString: set,
}));

const { keepHeapSmall, LARGE_RESULT, makeRoom } = await import("../../src/cli/memory.js");
const growing = (): string[] => set.mock.calls.flat().filter((flag) => String(flag).includes("growing"));

beforeEach(() => {
  vi.useFakeTimers();
  set.mockClear();
});
afterEach(() => vi.useRealTimers());

it("keeps the heap small, gives it room while large results come, and takes it back", () => {
  keepHeapSmall();
  makeRoom(LARGE_RESULT - 1);
  expect(growing()).toEqual(["--heap-growing-percent=50"]);
  makeRoom(LARGE_RESULT);
  vi.advanceTimersByTime(20_000);
  makeRoom(LARGE_RESULT);
  vi.advanceTimersByTime(20_000);
  expect(growing()).toEqual(["--heap-growing-percent=50", "--heap-growing-percent=200"]);
  vi.advanceTimersByTime(20_000);
  expect(growing().at(-1)).toBe("--heap-growing-percent=50");
});
