/** Places in a text, in lists that are used again: a text of a kilobyte has hundreds of them, for dozens of rules. */
export interface Places {
  /** UTF-16 offsets; what stands at `count` and behind it is of an earlier text. */
  at: Int32Array;
  count: number;
}

/** A list that has grown beyond this is not kept: one strange text would hold the memory for good. */
const MAX_KEPT = 1024;
const FIRST = 16;
const NONE = new Int32Array(0);

export function noPlaces(): Places {
  return { at: NONE, count: 0 };
}

export function addPlace(places: Places, place: number): void {
  const { at, count } = places;
  if (count === at.length) {
    places.at = new Int32Array(Math.max(FIRST, 2 * count));
    places.at.set(at);
  }
  places.at[places.count++] = place;
}

export function clearPlaces(places: Places): void {
  places.count = 0;
  if (places.at.length > MAX_KEPT) places.at = NONE;
}

/** Puts them in order, each once. */
export function orderPlaces(places: Places): void {
  const { at, count } = places;
  for (let i = 1; i < count; i++) {
    if ((at[i] as number) > (at[i - 1] as number)) continue;
    at.subarray(0, count).sort();
    places.count = 1;
    for (let next = 1; next < count; next++)
      if (at[next] !== at[places.count - 1]) at[places.count++] = at[next] as number;
    return;
  }
}
