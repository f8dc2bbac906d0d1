import { expect, test } from "vitest";
import { addPlace, clearPlaces, noPlaces, orderPlaces } from "../../src/detect/places.js";

const listed = (of: readonly number[]) => {
  const places = noPlaces();
  for (const place of of) addPlace(places, place);
  return places;
};
const shown = ({ at, count }: ReturnType<typeof noPlaces>) => [...at.subarray(0, count)];

test("places are put in order, each once, however many there are", () => {
  const many = Array.from({ length: 5000 }, (_, i) => (i * 7919) % 1250);
  const places = listed(many);
  orderPlaces(places);
  expect(shown(places)).toEqual([...new Set(many)].toSorted((a, b) => a - b));
  for (const few of [[], [3], [1, 2, 9], [2, 2], [1, 5, 5, 4]]) {
    const list = listed(few);
    orderPlaces(list);
    expect(shown(list)).toEqual([...new Set(few)].toSorted((a, b) => a - b));
  }
});

test("a cleared list is empty, and one that grew large gives its memory back", () => {
  const [small, large] = [listed([1, 2]), listed(Array.from({ length: 100_000 }, (_, i) => i))];
  clearPlaces(small);
  clearPlaces(large);
  expect([shown(small), shown(large), large.at.length]).toEqual([[], [], 0]);
  addPlace(large, 7);
  expect(shown(large)).toEqual([7]);
});
