/**
 * Texts as arrays of their UTF-16 units, a stretch at a time. An array is read four times as fast as `charCodeAt`, and a
 * stretch stays in the processor's cache while all that reads it does so.
 */

/** Units of one stretch, and what of the one before it may be kept in front of it. */
const STRETCH = 16_384;
export const MAX_OVERLAP = 128;
/** Below this, writing unit by unit is sooner done than a call of the engine. */
const SHORT = 64;
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The stretch in hand. Good until the next one is loaded: texts are read one at a time. */
export const codes = new Uint16Array(STRETCH + MAX_OVERLAP);
const bytes = Buffer.from(codes.buffer);

/** Loads what of `text` follows `from`; says how many units that are. */
export function loadCodes(text: string, from: number): number {
  const count = Math.min(text.length - from, codes.length);
  if (count < SHORT || !LITTLE_ENDIAN) for (let i = 0; i < count; i++) codes[i] = text.charCodeAt(from + i);
  else bytes.write(count === text.length ? text : text.slice(from, from + count), 0, "utf16le");
  return count;
}
