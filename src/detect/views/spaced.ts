import type { View } from "./view.js";
import { replaceView } from "./build.js";

const SPACED = /^\s{0,8}\S(?:[ .\-_*]{1,3}\S){11,8000}\s{0,8}$/u;
const GAP = /([ .\-_*]{1,3})/g;

/** `i g n o r e   a l l` as `ignore all`: single letters apart by one gap, words by a longer one. */
export function joinSpaced(text: string): View | undefined {
  if (text.length > 16_000 || !SPACED.test(text)) return undefined;
  return replaceView(text, GAP, (gap) => (gap.length === 1 ? "" : " "));
}
