/**
 * Short values that were scanned and clean. A table says `in transit`, a date or a city again and again, and a tool's
 * answers are like the ones before them: such a value is looked up instead. Only the very same text, under the same
 * meaning of its key, role and phase, is taken for known.
 */
import type { LeafPlace } from "./finding.js";
import type { KeyMeaning } from "./key-meaning.js";

/** Longer ones are not kept, so that what is kept stays below a megabyte. UTF-16 units. */
export const MAX_KEPT = 96;
/** A power of two. */
const PLACES = 4096;
/** How many of a text's units say where it is kept. */
const SAMPLED = 16;

export interface CleanValues {
  placeOf(text: string): number;
  has(place: number, text: string, meaning: KeyMeaning | undefined, at: LeafPlace): boolean;
  /** Takes the place of another. */
  keep(place: number, text: string, meaning: KeyMeaning | undefined, at: LeafPlace): void;
}

export function cleanValues(): CleanValues {
  const texts: string[] = Array.from({ length: PLACES }, () => "");
  const meanings: (KeyMeaning | undefined)[] = Array.from({ length: PLACES });
  const places: (LeafPlace["role"] | undefined)[] = Array.from({ length: PLACES });
  const phases: (LeafPlace["phase"] | undefined)[] = Array.from({ length: PLACES });
  return {
    placeOf(text) {
      const step = 1 + ((text.length / SAMPLED) | 0);
      let hash = text.length;
      for (let at = 0; at < text.length; at += step) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
      return (hash ^ (hash >>> 15)) & (PLACES - 1);
    },
    has: (place, text, meaning, { role, phase }) =>
      meanings[place] === meaning &&
      places[place] === role &&
      phases[place] === phase &&
      texts[place] === text,
    keep(place, text, meaning, { role, phase }) {
      texts[place] = text;
      meanings[place] = meaning;
      places[place] = role;
      phases[place] = phase;
    },
  };
}
