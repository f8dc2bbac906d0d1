import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createHash, createHmac } from "node:crypto";
import { join } from "node:path";
import { expect, it } from "vitest";
import { keyedDigest, openDigest } from "../../src/audit/keys.js";
import { freshFolder } from "./sample.js";

it("a key is made once, for its owner only, and gives the same digests ever after", () => {
  const folder = freshFolder();
  const first = openDigest(folder)("123-45-6789");
  expect(openDigest(folder)("123-45-6789")).toBe(first);
  expect(readdirSync(folder)).toEqual(["hmac.key"]);
  expect(statSync(join(folder, "hmac.key")).mode & 0o777).toBe(0o600);
  const key = readFileSync(join(folder, "hmac.key"));
  expect(key).toHaveLength(32);
  expect(first).toBe(createHmac("sha256", key).update("123-45-6789").digest("hex").slice(0, 32));
});

it("a digest is the standard HMAC of a text of any length and script", () => {
  const key = readFileSync(join(keyFolder(), "hmac.key"));
  const texts = [
    "",
    "a",
    "Zoë",
    "漢字".repeat(2048),
    "x".repeat(4096),
    "x".repeat(4097),
    "\ud800",
    "😀".repeat(3000),
  ];
  const digest = keyedDigest(key);
  for (const text of [...texts, ...texts])
    expect(digest(text)).toBe(createHmac("sha256", key).update(text).digest("hex").slice(0, 32));
});

function keyFolder(): string {
  const folder = freshFolder();
  openDigest(folder);
  return folder;
}

it("a digest is keyed: two installations give two, and neither is the plain hash", () => {
  const value = "123-45-6789";
  const digests = [openDigest(freshFolder())(value), openDigest(freshFolder())(value)];
  digests.push(createHash("sha256").update(value).digest("hex").slice(0, 32));
  expect(new Set(digests).size).toBe(3);
});

it("a key that others can read is refused, with the command that cures it", () => {
  const folder = freshFolder();
  openDigest(folder);
  chmodSync(join(folder, "hmac.key"), 0o640);
  expect(() => openDigest(folder)).toThrow(
    expect.objectContaining({
      code: "store_unavailable",
      place: expect.objectContaining({ fix: expect.stringMatching(/^chmod 600 /) }),
    }),
  );
});

it("a key of the wrong length is refused", () => {
  const folder = freshFolder();
  writeFileSync(join(folder, "hmac.key"), "short", { mode: 0o600 });
  expect(() => openDigest(folder)).toThrow(/has 5 bytes, not 32/);
});
