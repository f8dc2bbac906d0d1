/** Longest repeat a pattern may ask for: with a bound, a match attempt costs at most this, and a scan stays linear. */
const MAX_REPEAT = 4096;

/**
 * Says what makes a pattern unfit, or undefined. JavaScript's RegExp backtracks, so one bad pattern is a way to
 * hang the proxy: an unbounded repeat is allowed only where nothing can follow it by backtracking, and a repeat
 * may not contain another one that is unbounded.
 */
export function unsafePattern(pattern: string, flags: string): string | undefined {
  try {
    new RegExp(pattern, flags);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (/\\[1-9]|\\k</.test(pattern)) return "back-references are not linear";
  let depth = 0;
  const unboundedIn: boolean[] = [false];
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i];
    if (c === "\\") {
      i++;
      if (pattern[i] === "u" && pattern[i + 1] === "{") i = pattern.indexOf("}", i);
      if ((pattern[i] === "p" || pattern[i] === "P") && pattern[i + 1] === "{") i = pattern.indexOf("}", i);
    } else if (c === "[") {
      for (i++; i < pattern.length && pattern[i] !== "]"; i++) if (pattern[i] === "\\") i++;
    } else if (c === "(") {
      unboundedIn[++depth] = false;
    } else if (c === ")") {
      const inner = unboundedIn[depth--] ?? false;
      const repeat = repeatAt(pattern, i + 1);
      if (inner && repeat > 1) return "a repeat inside a repeat is super-linear; bound the inner one";
      if (inner) unboundedIn[depth] = true;
      if (repeat === Infinity) return "an unbounded repeat; bound it as {0,n}";
    } else {
      continue;
    }
  }
  if (/(?<!\\)(?:[*+]|\{\d+,\})/.test(outsideClasses(pattern)))
    return "an unbounded repeat; bound it as {0,n}";
  for (const m of pattern.matchAll(/\{(?:\d+,)?(\d+)\}/g)) {
    if (Number(m[1]) > MAX_REPEAT) return `a repeat above ${MAX_REPEAT}`;
  }
  return undefined;
}

function repeatAt(pattern: string, at: number): number {
  const m = /^(?:([*+])|(\?)|\{(\d+)(,(\d+)?)?\})/.exec(pattern.slice(at, at + 16));
  if (m === null || m[2] !== undefined) return 1;
  if (m[1] !== undefined || (m[4] !== undefined && m[5] === undefined)) return Infinity;
  return Number(m[5] ?? m[3]);
}

/** The pattern with classes and escaped characters blanked, so that `[*+]` is not read as a repeat. */
function outsideClasses(pattern: string): string {
  return pattern.replace(/\\./g, "__").replace(/\[[^\]]*\]/g, "_");
}
