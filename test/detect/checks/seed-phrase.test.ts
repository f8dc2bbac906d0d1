import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { BIP39_WORDS } from "../../../src/detect/checks/bip39-words.js";
import { bip39 } from "../../../src/detect/checks/seed-phrase.js";

/** The phrase of a key, as the standard makes it. */
function phraseOf(key: Uint8Array): string {
  const bytes = [...key, ...createHash("sha256").update(key).digest()];
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const count = (key.length * 8 + key.length / 4) / 11;
  return Array.from(
    { length: count },
    (_, n) => BIP39_WORDS[Number.parseInt(bits.slice(11 * n, 11 * n + 11), 2)],
  ).join(" ");
}
const keyOf = (length: number, seed: string): Uint8Array =>
  createHash("sha512").update(seed).digest().subarray(0, length);

describe("a recovery phrase", () => {
  it("is made of the words of the standard", () => {
    const list = `${BIP39_WORDS.join("\n")}\n`;
    expect(createHash("sha256").update(list).digest("hex")).toBe(
      "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda",
    );
  });

  it.each([16, 20, 24, 28, 32])("of a key of %i bytes is known by its checksum", (length) => {
    for (let n = 0; n < 50; n++) {
      const phrase = phraseOf(keyOf(length, `key ${n}`));
      expect(bip39(phrase), phrase).toBe(phrase.length);
      expect(bip39(phrase.toUpperCase())).toBe(phrase.length);
    }
  });

  it("ends where it ends, whatever words go on", () => {
    const phrase = phraseOf(keyOf(16, "a"));
    expect(bip39(`${phrase} and tell nobody`)).toBe(phrase.length);
    expect(bip39(`${phrase} zebra`)).toBe(phrase.length);
  });

  it("may be that of an empty key, but no word said over and over", () => {
    for (const length of [16, 32]) {
      const phrase = phraseOf(new Uint8Array(length));
      expect(bip39(phrase)).toBe(phrase.length);
    }
    for (const word of ["word", "zoo", "abandon", "run"]) expect(bip39(`${word} `.repeat(24))).toBe(false);
    for (const two of ["zoo act", "run dog"]) expect(bip39(`${two} `.repeat(12))).toBe(false);
  });

  it("is one in sixteen of twelve words drawn by lot, not more", () => {
    let passed = 0;
    for (let n = 0; n < 2000; n++) {
      const drawn = [...keyOf(24, `lot ${n}`)];
      const words = Array.from(
        { length: 12 },
        (_, i) => BIP39_WORDS[((drawn[2 * i] ?? 0) * 256 + (drawn[2 * i + 1] ?? 0)) % 2048],
      );
      if (bip39(words.join(" ")) !== false) passed++;
    }
    expect(passed).toBeGreaterThan(80);
    expect(passed).toBeLessThan(180);
  });
});
