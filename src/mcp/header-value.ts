/** What a header may carry of a value in the body, and back (SEP-2243). */
import { isUtf8 } from "node:buffer";

/** A header value as SEP-2243 writes it: what is not printable ASCII goes in a base64 sentinel. */
export function headerValue(value: string): string {
  const plain = /^[!-~]([ -~]*[!-~])?$/.test(value) && !value.startsWith("=?base64?");
  return plain ? value : `=?base64?${Buffer.from(value).toString("base64")}?=`;
}

/** The value a header stands for; undefined for a broken sentinel. Half a sentinel is none: it stands for itself. */
export function headerMeaning(raw: string): string | undefined {
  const value = raw.trim();
  const sentinel = /^=\?base64\?(.*)\?=$/.exec(value);
  if (sentinel === null) return value;
  const bytes = Buffer.from(sentinel[1]!, "base64");
  // Node decodes what is not base64 as well; two hops that decode it differently would judge two values.
  return bytes.toString("base64") === sentinel[1] && isUtf8(bytes) ? bytes.toString("utf8") : undefined;
}
