import { gunzipSync, inflateSync } from "node:zlib";
import { BASE64, base64Runs } from "./base64-runs.js";
import { isNoise } from "./bytes.js";
import type { Unfolded, View } from "./view.js";

/** How gzip and zlib begin, in base64. */
const COMPRESSED = /^(?:H4sI|eJ[wxyz0-9]|eN[oprst]|eA[EF])/;
/** What a compressed run may grow to: a bomb is left alone, and told. */
const MAX_INFLATED = 1 << 20;
/** Longest run decoded. A longer one is an image or an archive, or is caught by its own start. */
const MAX_RUN = 256 * 1024;
/** Together, so that a result made of a thousand blobs costs no more than one pass over it. */
const MAX_TOTAL = 1 << 20;
const PROBE = 64;
/** What text does not hold. */
// oxlint-disable-next-line no-control-regex
const BINARY = /[\u0000-\u0008\u000e-\u001f\u007f\ufffd]/;

/** A view for each run that holds text. Its spans are the whole run: half of one is no text. */
export function unfoldBase64(text: string): Unfolded {
  const views: View[] = [];
  let unread = false;
  let total = 0;
  for (const [start, end] of base64Runs(text)) {
    const probe = bare(text.slice(start, Math.min(end, start + PROBE)));
    const compressed = COMPRESSED.test(probe);
    // Words, digests and images decode to noise; the probe is cheap and drops them.
    if (!compressed && (startsAsNoise(probe) || BINARY.test(decode(probe).slice(0, -2)))) continue;
    total += end - start;
    if (end - start > MAX_RUN || total > MAX_TOTAL) {
      unread = true;
      continue;
    }
    const run = bare(text.slice(start, end));
    const held = compressed ? inflate(run) : decode(run);
    if (held === undefined) unread = true;
    else if (!BINARY.test(held)) views.push({ text: held, back: () => [start, end] });
  }
  return { views, unread };
}

const bare = (run: string): string => (run.includes("\n") ? run.replace(/\r?\n/g, "") : run);

/** Bytes as text; what is no UTF-8 becomes U+FFFD. A single letter at the end holds no byte. */
const decode = (run: string): string => Buffer.from(run, "base64").toString("utf8");

/** Undefined: it would grow beyond bounds. What is not compressed after all is empty. */
function inflate(run: string): string | undefined {
  const open = run.startsWith("H4sI") ? gunzipSync : inflateSync;
  try {
    return open(Buffer.from(run, "base64"), { maxOutputLength: MAX_INFLATED }).toString("utf8");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? undefined : "";
  }
}

const VALUES = new Uint8Array(128);
[...BASE64].forEach((c, value) => (VALUES[c.charCodeAt(0)] = value));
VALUES["-".charCodeAt(0)] = 62;
VALUES["_".charCodeAt(0)] = 63;

const first = new Uint8Array(24);

/** Whether a run's first bytes are no text. */
function startsAsNoise(run: string): boolean {
  let length = 0;
  for (let at = 0; at + 3 < run.length && length < first.length; at += 4) {
    const bits =
      (valueAt(run, at) << 18) |
      (valueAt(run, at + 1) << 12) |
      (valueAt(run, at + 2) << 6) |
      valueAt(run, at + 3);
    first[length++] = bits >> 16;
    first[length++] = bits >> 8;
    first[length++] = bits;
  }
  return isNoise(first, length);
}

const valueAt = (run: string, at: number): number => VALUES[run.charCodeAt(at)] as number;
