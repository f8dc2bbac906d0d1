/**
 * The longest run of base64's characters that every match of a pattern holds. A text without one so long need not be
 * searched: `key`, on every page, then wakes nothing that wants forty letters after it. Only ever too short: what is not
 * understood counts for nothing.
 */
import { alternatives, looksAround, past, quantifierAt } from "./pattern-text.js";

const RUN = /^[A-Za-z0-9+/=_-]$/;

export function leastRun(pattern: string): number {
  return Math.min(...alternatives(pattern).map(ofSequence));
}

function ofSequence(text: string): number {
  let longest = 0;
  let run = 0;
  for (let at = 0; at < text.length;) {
    const end = past(text, at);
    const atom = text.slice(at, end);
    const { min: times, end: next } = quantifierAt(text, end) ?? { min: 1, end };
    at = next;
    // What is only looked at is not read.
    if (looksAround(atom, 0) || /^\\[bB]$|^[\^$]$/.test(atom)) continue;
    if (isRun(atom)) {
      run += times;
      // Zero times or more: what is on both sides of it still touches.
    } else {
      if (times > 0 && atom.startsWith("(")) longest = Math.max(longest, leastRun(inside(atom)));
      run = 0;
    }
    longest = Math.max(longest, run);
  }
  return longest;
}

const inside = (group: string): string =>
  group.slice(/^\((?:\?:|\?<[a-z]\w*>)?/.exec(group)?.[0].length ?? 1, -1);

/** Whether an atom is one character, and always one of a run. */
function isRun(atom: string): boolean {
  if (atom === "\\d" || atom === "\\w" || RUN.test(atom)) return true;
  if (!atom.startsWith("[") || atom.startsWith("[^")) return false;
  const members = atom.slice(1, -1).replace(/\\[dw]|A-Z|a-z|0-9|A-F|a-f/g, "");
  return [...members.replace(/\\([-+/=])/g, "$1")].every((c) => RUN.test(c)) && !/[^-]-[^-]/.test(members);
}
