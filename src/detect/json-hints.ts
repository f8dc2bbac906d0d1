/** A cheap test before JSON.parse: an object or array, by its ends. */
export function looksLikeJson(text: string): boolean {
  const first = text.charCodeAt(0);
  if (first !== 0x7b && first !== 0x5b && first > 0x20) return false;
  const trimmed = text.trim();
  return (
    (trimmed.startsWith("{") && trimmed.endsWith("}")) || (trimmed.startsWith("[") && trimmed.endsWith("]"))
  );
}

/** A number as digits: no exponent, and no ".0" on a whole one. */
export function plainNumber(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? BigInt(value).toString() : String(value);
}

/**
 * True when the text may hold a key twice in one object. JSON.parse shows only the last of them, but whoever reads
 * the forwarded bytes next may take the first. `members`: how many JSON.parse has shown. Errs towards true, which only
 * costs the slow way.
 */
export function repeatsKeys(members: number, text: string): boolean {
  if (/"[ \t\r\n]+:/.test(text)) return true;
  let colons = 0;
  // `\":` is the end of a key inside of a string (JSON in text, which is looked at by itself); `\\":` is one of ours.
  for (let at = text.indexOf('":'); at !== -1; at = text.indexOf('":', at + 2))
    if (!escaped(text, at)) colons++;
  return members < colons;
}

/** Whether the character at `at` stands behind an odd number of backslashes. */
function escaped(text: string, at: number): boolean {
  let back = at - 1;
  while (text.charCodeAt(back) === 0x5c) back--;
  return (at - 1 - back) % 2 === 1;
}
