/**
 * Whether the first bytes of something are none that a text has: a control character, or a byte of UTF-8 where it cannot
 * stand. Of random bytes one in three is, so a digest is told from a hidden text without making a string of it.
 */
export function isNoise(bytes: Uint8Array, length: number): boolean {
  let follow = 0;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at] as number;
    if (follow > 0) {
      if (byte >> 6 !== 2) return true;
      follow--;
    } else if (byte >= 0xc2 && byte <= 0xf4) follow = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    else if (byte >= 0x7f || byte < 9 || (byte > 13 && byte < 32)) return true;
  }
  return false;
}
