import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createLock, tryLock } from "../../src/store/lock.js";
import { freshFolder } from "../audit/sample.js";

it("a lock is held until it is released, and its file is gone afterwards", () => {
  const path = join(freshFolder(), "writers", "w_1");
  const lock = createLock(path);
  expect(tryLock(path)).toBe("held");
  expect(readdirSync(join(path, ".."))).toEqual(["w_1"]);
  lock.release();
  expect(existsSync(path)).toBe(false);
  expect(tryLock(path)).toBe("absent");
});

it("a lock file that exists is not created again", () => {
  const path = join(freshFolder(), "w_1");
  const lock = createLock(path);
  expect(() => createLock(path)).toThrow(expect.objectContaining({ code: "store_unavailable" }));
  lock.release();
});
