import type { View } from "../normalize.js";

const RUN = /[A-Za-z0-9+/_-]{20,}={0,2}/g;
/** Longest run decoded. A longer one is an image or an archive, or is caught by its own start. */
const MAX_RUN = 256 * 1024;
/** Together, so that a result made of a thousand blobs costs no more than one pass over it. */
const MAX_TOTAL = 1 << 20;
const PROBE = 64;
/** What text holds; anything else in the probe means a binary blob. */
// oxlint-disable-next-line no-control-regex
const BINARY = /[\u0000-\u0008\u000e-\u001f\u007f\ufffd]/;
const decoder = new TextDecoder("utf-8");

/** A view for each run of base64 that holds text. Its spans are the whole run: half of one is no text. */
export function decodeBase64Runs(text: string, minimum: number): View[] {
  const views: View[] = [];
  let total = 0;
  for (const m of text.matchAll(RUN)) {
    const run = m[0];
    if (run.length < minimum || run.length > MAX_RUN || (total += run.length) > MAX_TOTAL) continue;
    // Words and hex digests decode to noise; the probe is cheap and drops them.
    const probe = decode(run.slice(0, PROBE));
    if (probe === undefined || BINARY.test(probe.slice(0, -2))) continue;
    const decoded = run.length <= PROBE ? probe : decode(run);
    if (decoded === undefined || BINARY.test(decoded)) continue;
    const span: [number, number] = [m.index, m.index + run.length];
    views.push({ text: decoded, back: () => [span[0], span[1]] });
  }
  return views;
}

function decode(run: string): string | undefined {
  const bare = run.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  const usable = bare.slice(0, bare.length % 4 === 1 ? -1 : undefined);
  try {
    return decoder.decode(Uint8Array.from(atob(usable), (c) => c.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
