import { lazily } from "../lazily.js";
import { BIP39_WORDS } from "./bip39-words.js";
import { sha256 } from "./sha256.js";

const places = lazily(() => new Map(BIP39_WORDS.map((word, place) => [word, place])));
const BITS = 11;
/** Of twelve words drawn by lot, fewer are different once in more years than there are. */
const LEAST_DIFFERENT = 8;

/**
 * A recovery phrase by its checksum (BIP-39): how many units of the text are one, or false. Of twelve words of the list
 * one in sixteen has it by chance, and no sentence is made of these words alone.
 */
export function bip39(value: string): number | false {
  const found = [...value.matchAll(/[a-z]+/gi)];
  const known: number[] = [];
  for (const [word] of found) {
    const place = places().get(word.toLowerCase());
    if (place === undefined) break;
    known.push(place);
  }
  for (const count of [24, 21, 18, 15, 12]) {
    const last = found[count - 1];
    if (count <= known.length && last !== undefined && isPhrase(known.slice(0, count)))
      return last.index + last[0].length;
  }
  return false;
}

/** Texts that say the same over and over are none; the phrase of an empty key is one word, and another at the end. */
function isPhrase(words: readonly number[]): boolean {
  const different = new Set(words).size;
  const ofNothing = different === 2 && new Set(words.slice(0, -1)).size === 1;
  return (different >= LEAST_DIFFERENT || ofNothing) && hasChecksum(words);
}

/** The bits of the words are the key's, and the first of its digest: one for each 32. */
function hasChecksum(words: readonly number[]): boolean {
  const bits = words.flatMap((place) =>
    Array.from({ length: BITS }, (_, n) => (place >> (BITS - 1 - n)) & 1),
  );
  const own = (bits.length * 32) / 33;
  const key = Uint8Array.from({ length: own / 8 }, (_, byte) =>
    bits.slice(8 * byte, 8 * byte + 8).reduce((sum, bit) => 2 * sum + bit, 0),
  );
  const digest = sha256(key);
  return bits.slice(own).every((bit, n) => bit === (((digest[n >> 3] as number) >> (7 - (n & 7))) & 1));
}

/** Words that English cannot do without and that no list of such words holds. */
const PROSE = /\b(?:the|and|for|are|was|were|has|had|but|from|which|been|their|into|than|its|our|not)\b/;

/** What stands under the name of a recovery phrase: one by its checksum, or 12 to 24 plain words of any list. */
export function seedPhrase(value: string): boolean | number {
  const proven = bip39(value.trimStart());
  if (proven !== false) return proven + value.length - value.trimStart().length;
  const words = value.trim().split(/[\s,]+/);
  const enough = words.length >= 12 && words.length <= 24 && words.length % 3 === 0;
  return enough && new Set(words).size >= words.length - 2 && !PROSE.test(value);
}
