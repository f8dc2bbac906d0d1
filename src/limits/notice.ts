import { applyEdits, member, parseJsonText } from "../model/json-text.js";

/**
 * What our own sentences in a result begin with, so that they are known for what they are, and not counted as
 * rows.
 */
const PREFIX = "[Sallyport] ";
const MAX_NOTICE = 600;

/** A sentence of ours, as it stands in a result: one line, bounded. */
export function notice(sentence: string): string {
  return (PREFIX + sentence.replaceAll(/\s+/g, " ")).slice(0, MAX_NOTICE);
}

/** True for a text of ours. Bounded, so that a downstream cannot hide rows behind our name. */
export function isNotice(text: string): boolean {
  return text.startsWith(PREFIX) && text.length <= MAX_NOTICE && !text.includes("\n");
}

/** JSON text of a text block that holds `text`. */
export function textBlock(text: string): string {
  return JSON.stringify({ type: "text", text });
}

/** An error result that holds nothing but a notice. */
export function noticeResult(text: string): string {
  return `{"content":[${textBlock(text)}],"isError":true}`;
}

/** The result with one more text block at the end of `content`, which is made if there is none. */
export function appendNotice(result: string, text: string): string {
  const root = parseJsonText(result);
  if (root.kind !== "object") return result;
  const list = member(root, "content");
  if (list !== undefined && list.kind !== "array") return result;
  const parent = list ?? root;
  const at = parent.children.at(-1)?.end ?? parent.start + 1;
  const comma = parent.children.length > 0 ? "," : "";
  const block = list !== undefined ? textBlock(text) : `"content":[${textBlock(text)}]`;
  return applyEdits(result, [{ start: at, end: at, text: comma + block }]);
}
