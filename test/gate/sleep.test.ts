import { expect, it } from "vitest";
import { sleep } from "../../src/gate/sleep.js";

const DAY = 86_400_000;

it("ends with its time", async () => {
  await expect(sleep(1, undefined)).resolves.toBeUndefined();
});

it("ends at once when nobody waits any more, or ever did", async () => {
  const gone = new AbortController();
  const slept = sleep(DAY, gone.signal);
  gone.abort();
  await expect(slept).resolves.toBeUndefined();
  await expect(sleep(DAY, gone.signal)).resolves.toBeUndefined();
});
