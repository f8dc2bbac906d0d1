import { expect, test } from "vitest";
import { Cancellation } from "../../src/model/signal.js";

test("whoever listens is told once, and who has left is not", () => {
  const told: string[] = [];
  const cancellation = new Cancellation();
  const left = (): void => void told.push("left");
  cancellation.addEventListener("abort", () => told.push("stays"));
  cancellation.addEventListener("abort", left);
  cancellation.removeEventListener("abort", left);
  expect(cancellation.aborted).toBe(false);
  cancellation.abort();
  cancellation.abort();
  expect([cancellation.aborted, told]).toEqual([true, ["stays"]]);
});
