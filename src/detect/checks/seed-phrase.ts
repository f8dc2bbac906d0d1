import { lazily } from "../lazily.js";
import { BIP39_WORDS } from "./bip39-words.js";
import { sha256 } from "./sha256.js";

const places = lazily(() => new Map(BIP39_WORDS.map((word, place) => [word, place])));
const BITS = 11;
/** How many words there may be. In the middle of more words of the list only the usual numbers are tried. */
const SHORTEST = 12;
const LONGEST = 24;
const COUNTS: readonly number[] = [SHORTEST, 15, 18, 21, LONGEST];
const USUAL: readonly number[] = [LONGEST, SHORTEST];
/** Of twelve words drawn by lot, fewer are different once in more years than there are. */
const LEAST_DIFFERENT = 8;

/**
 * A recovery phrase by its checksum (BIP-39): how many units of the text are one, or false. Of twelve words of the list
 * one in sixteen has it by chance, and no sentence is made of these words alone.
 */
export function bip39(value: string): number | false {
  const known: number[] = [];
  const ends: number[] = [];
  // Nearly every text is given up at its first word, and one that says the same over and over at its twelfth.
  const list = places();
  for (let at = 0; at < value.length && known.length < LONGEST;) {
    let end = at;
    while (end < value.length && isLetter(value.charCodeAt(end))) end++;
    const word = value.slice(at, end);
    const place = list.get(word) ?? list.get(word.toLowerCase());
    if (place === undefined) break;
    known.push(place);
    ends.push(end);
    if (known.length === SHORTEST && !isVaried(known)) return false;
    for (at = end; at < value.length && !isLetter(value.charCodeAt(at));) at++;
  }
  const counts = known.length < LONGEST && COUNTS.includes(known.length) ? [known.length, SHORTEST] : USUAL;
  const found = counts.find((count) => count <= known.length && hasChecksum(known, count));
  return found === undefined ? false : (ends[found - 1] as number);
}

const isLetter = (c: number): boolean => (c | 32) >= 0x61 && (c | 32) <= 0x7a;

/** Different words, or one and another at the end, as the phrase of an empty key is. */
function isVaried(words: readonly number[]): boolean {
  const same = words.every((place, n) => n === 0 || n === words.length - 1 || place === words[0]);
  return same || new Set(words).size >= LEAST_DIFFERENT;
}

/** The bits of the first `count` words are the key's, and the first of its digest: one for each 32. */
function hasChecksum(words: readonly number[], count: number): boolean {
  if (words[0] === words[1] && words.slice(0, count).every((place) => place === words[0])) return false;
  const sum = (count * BITS) % 32;
  const key = new Uint8Array((count * BITS - sum) / 8);
  let bits = 0;
  let held = 0;
  let filled = 0;
  for (let n = 0; n < count; n++) {
    bits = ((bits << BITS) | (words[n] as number)) & 0xffffff;
    for (held += BITS; held >= 8 && filled < key.length; held -= 8) key[filled++] = bits >>> (held - 8);
  }
  return (bits & ((1 << sum) - 1)) === (sha256(key)[0] as number) >>> (8 - sum);
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
