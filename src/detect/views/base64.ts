import { gunzipSync, inflateSync } from "node:zlib";
import type { View } from "./view.js";

/** A run, or lines of one as mail breaks them. */
const RUN = /(?:[A-Za-z0-9+/]{48,76}\r?\n){1,4096}[A-Za-z0-9+/]{1,76}={0,2}|[A-Za-z0-9+/_-]{20,}={0,2}/g;
/** How gzip and zlib begin, in base64. */
const COMPRESSED = /^(?:H4sI|eJ[wxyz0-9]|eN[oprst]|eA[EF])/;
/** What a compressed run may grow to: a bomb is left alone, and told. */
const MAX_INFLATED = 1 << 20;
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
    const run = m[0].replace(/\r?\n/g, "");
    const compressed = COMPRESSED.test(run) && run.length <= MAX_RUN ? inflate(run) : undefined;
    const span: [number, number] = [m.index, m.index + m[0].length];
    if (compressed !== undefined && !BINARY.test(compressed)) {
      views.push({ text: compressed, back: () => [span[0], span[1]] });
      continue;
    }
    if (run.length < minimum || run.length > MAX_RUN || (total += run.length) > MAX_TOTAL) continue;
    // Words and hex digests decode to noise; the probe is cheap and drops them.
    const probe = decode(run.slice(0, PROBE));
    if (probe === undefined || BINARY.test(probe.slice(0, -2))) continue;
    const decoded = run.length <= PROBE ? probe : decode(run);
    if (decoded === undefined || BINARY.test(decoded)) continue;
    views.push({ text: decoded, back: () => [span[0], span[1]] });
  }
  return views;
}

function inflate(run: string): string | undefined {
  const bytes = Buffer.from(run, "base64");
  try {
    const open = run.startsWith("H4sI") ? gunzipSync : inflateSync;
    return decoder.decode(open(bytes, { maxOutputLength: MAX_INFLATED }));
  } catch {
    return undefined;
  }
}

/**
 * Whether a run that is too long to be decoded holds text: then nobody looked into it, and that has to be told. An image
 * shows by its first bytes that it is none.
 */
export function hasUnreadText(text: string): boolean {
  let total = 0;
  for (const m of text.matchAll(RUN)) {
    total += m[0].length;
    if (m[0].length <= MAX_RUN && total <= MAX_TOTAL) continue;
    const probe = decode(m[0].slice(0, PROBE));
    if (probe !== undefined && !BINARY.test(probe.slice(0, -2))) return true;
  }
  return false;
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
