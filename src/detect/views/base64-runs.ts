/** Where base64 may stand in a text: a run of its letters, or lines of one as mail breaks them. */

/** Shortest run worth decoding: shorter ones hold no phrase and no key. */
export const MIN_RUN = 20;
/** Lines of mail are 76 letters, of PEM 64; many that are shorter than this are a list of words. */
const [MIN_LINE, MAX_LINE] = [48, 76];
const MAX_LINES = 4096;

/** Its letters, in the order of their values. */
export const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const PLAIN = 1;
const URL_SAFE = 2;
const kinds = new Uint8Array(128);
for (const c of BASE64) kinds[c.charCodeAt(0)] = PLAIN;
for (const c of "_-") kinds[c.charCodeAt(0)] = URL_SAFE;

const kindAt = (text: string, at: number): number => {
  const c = text.charCodeAt(at);
  return c < 128 ? (kinds[c] as number) : 0;
};

/**
 * The runs of a text, in order, as [start, end) in UTF-16 units. Looks at one character in twenty until one could be
 * inside of a run, so that prose and tables cost next to nothing.
 */
export function* base64Runs(text: string): Generator<readonly [start: number, end: number]> {
  let from = 0;
  for (let at = MIN_RUN - 1; at < text.length; at += MIN_RUN) {
    if (kindAt(text, at) === 0) continue;
    let start = at;
    while (start > from && kindAt(text, start - 1) !== 0) start--;
    let end = at + 1;
    while (kindAt(text, end) !== 0) end++;
    if (end - start >= MIN_RUN) {
      from = padded(text, lines(text, start, end) ?? end);
      yield [start, from];
      at = from - 1;
    } else at = end;
  }
}

/** Where the last of several full lines ends; undefined when this run is one line alone. */
function lines(text: string, first: number, firstEnd: number): number | undefined {
  let [start, end] = [first, firstEnd];
  for (let n = 0; n < MAX_LINES; n++) {
    const next = lineBreak(text, end);
    if (next === end || end - start < MIN_LINE || end - start > MAX_LINE || !plain(text, start, end)) break;
    let to = next;
    while (to - next < MAX_LINE + 1 && kindAt(text, to) === PLAIN) to++;
    if (to === next) break;
    [start, end] = [next, to];
  }
  if (start === first) return undefined;
  return Math.min(end, start + MAX_LINE);
}

function plain(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (kindAt(text, at) !== PLAIN) return false;
  return true;
}

function lineBreak(text: string, at: number): number {
  const next = text.charCodeAt(at) === 0x0d ? at + 1 : at;
  return text.charCodeAt(next) === 0x0a ? next + 1 : at;
}

function padded(text: string, end: number): number {
  let to = end;
  while (to < end + 2 && text.charCodeAt(to) === 0x3d) to++;
  return to;
}
