/** Patterns that people write in policies run on a linear engine: no text can make one of them slow. */
import { RE2JS } from "re2js";

const compiled = new Map<string, RE2JS>();

/** Throws when it is no pattern. */
export function checkPattern(pattern: string): void {
  compiled.set(pattern, RE2JS.compile(pattern));
}

/** Whether the whole text matches a pattern that was checked before. */
export function matchesWhole(pattern: string, text: string): boolean {
  const known = compiled.get(pattern);
  if (known === undefined) throw new Error("a pattern that nobody has checked");
  return known.matches(text);
}

/** Whether a text holds a match. Throws when it is no pattern. */
export function searchFor(pattern: string): { test(text: string): boolean } {
  const compiledOnce = RE2JS.compile(pattern);
  return { test: (text) => compiledOnce.matcher(text).find() };
}
