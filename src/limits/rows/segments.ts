import { parseContainer } from "./reader.js";

/** Each bracket that never closes costs a pass over the rest of the text. */
const MAX_UNCLOSED = 8;
/** A parse that fails costs a hundred times one that does not. */
const MAX_BROKEN = 1000;

/**
 * JSON objects and arrays that stand in a text on lines of their own, as servers write them under a sentence,
 * in a code fence or between tags. In order, none overlapping.
 */
export function jsonSegments(text: string): { readonly start: number; readonly end: number }[] {
  const segments: { start: number; end: number }[] = [];
  const opener = /^[ \t]*[[{]/gm;
  let unclosed = 0;
  let broken = 0;
  while (unclosed < MAX_UNCLOSED && broken < MAX_BROKEN && opener.test(text)) {
    const start = opener.lastIndex - 1;
    const end = closingBracket(text, start);
    if (end === -1) {
      unclosed++;
      continue;
    }
    opener.lastIndex = end;
    if (!/^[ \t]*(?:[\r\n<`]|$)/.test(text.slice(end, end + 80))) continue;
    if (parseContainer(text.slice(start, end)) !== undefined) segments.push({ start, end });
    else broken++;
  }
  return segments;
}

/**
 * The offset after the bracket that closes the one at `start`; brackets in strings do not count. -1: none
 * does.
 */
function closingBracket(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 0x22) {
      for (at++; at < text.length && text.charCodeAt(at) !== 0x22; at++)
        if (text.charCodeAt(at) === 0x5c) at++;
    } else if (c === 0x5b || c === 0x7b) depth++;
    else if ((c === 0x5d || c === 0x7d) && --depth === 0) return at + 1;
  }
  return -1;
}
