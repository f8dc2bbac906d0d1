import { expect, it, vi } from "vitest";
import { newId } from "../../src/audit/ids.js";

it("ids have a prefix, are unique, and sort in the order they were made", () => {
  const ids = Array.from({ length: 5000 }, () => newId("d"));
  expect(ids[0]).toMatch(/^d_[0-9a-hjkmnp-tv-z]{26}$/);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
});

it("ids sort by time, and go on upwards when the clock steps back", () => {
  vi.useFakeTimers({ now: Date.now() + 60_000 });
  try {
    const first = newId("d");
    vi.setSystemTime(Date.now() + 1);
    const second = newId("d");
    vi.setSystemTime(Date.now() - 30_000);
    const third = newId("d");
    expect([first, second, third].toSorted()).toEqual([first, second, third]);
    expect(second.slice(0, 12) > first.slice(0, 12)).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});
