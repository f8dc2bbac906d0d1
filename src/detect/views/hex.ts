import { isNoise } from "./bytes.js";
import type { View } from "./view.js";

/** Twelve bytes or more: `69676e6f7265…`, `0x69676e…`, `69 67 6e 6f…`. Less holds no order and no key. */
const RUN = /(?<![0-9a-zA-Z])(?:0[xX])?(?:[0-9a-fA-F]{2}){12,65536}(?![0-9a-zA-Z])/g;
const APART = /(?<![0-9a-zA-Z])(?:[0-9a-fA-F]{2}[ :,-]{1,2}){11,4096}[0-9a-fA-F]{2}(?![0-9a-zA-Z])/g;
/** Text, and nothing else: a digest has bytes of every kind within its first dozen. */
const TEXT = /^[\t\n\r\x20-\x7e\u00a0-\uffff]{8,}$/;

/** A view for each run of hexadecimal digits that holds text. Its span is the whole run. */
export function decodeHexRuns(text: string, apart: boolean): View[] {
  const views: View[] = [];
  for (const m of text.matchAll(apart ? APART : RUN)) {
    const digits = m[0].replace(/^0[xX]/, "").replace(/[ :,-]/g, "");
    const decoded = bytesAsText(digits);
    if (decoded === undefined) continue;
    const [start, end] = [m.index, m.index + m[0].length];
    views.push({ text: decoded, back: () => [start, end] });
  }
  return views;
}

const FIRST = 12;
const first = new Uint8Array(FIRST);

function bytesAsText(digits: string): string | undefined {
  for (let i = 0; i < FIRST; i++) first[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  if (isNoise(first, FIRST)) return undefined;
  const text = Buffer.from(digits, "hex")
    .toString("utf8")
    .replace(/\ufffd{1,3}$/, "");
  return TEXT.test(text) && !text.includes("\ufffd") ? text : undefined;
}
