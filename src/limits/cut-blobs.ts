import { applyEdits, decodeString, member, parseJsonText } from "../model/json-text.js";
import type { Edit, JsonNode } from "../model/json-text.js";
import { notice, textBlock } from "./notice.js";

interface Blob {
  readonly size: number;
  readonly edit: Edit;
}

/**
 * The result without its largest base64 parts, as many as it takes to save `bytes`; half of one is no use. An
 * image or audio block becomes a text block; a resource keeps its uri and gets a text instead of its blob.
 */
export function cutBlobs(result: string, bytes: number): { readonly text: string; readonly removed: number } {
  const blobs = blobsOf(result, parseJsonText(result)).toSorted((a, b) => b.size - a.size);
  let saved = 0;
  let removed = 0;
  for (; removed < blobs.length && saved < bytes; removed++) {
    const { size, edit } = blobs[removed] as Blob;
    saved += size - edit.text.length;
  }
  return {
    text: applyEdits(
      result,
      blobs.slice(0, removed).map((b) => b.edit),
    ),
    removed,
  };
}

function blobsOf(text: string, root: JsonNode): Blob[] {
  const listed = ["content", "contents"].flatMap((key) => member(root, key)?.children ?? []);
  return listed.flatMap((block) => {
    const resource = member(block, "resource") ?? block;
    const at = resource.keys.lastIndexOf("blob");
    const blob = resource.children[at];
    const data = member(block, "data");
    if (blob?.kind === "string") {
      const start = resource.keyStarts[at] ?? blob.start;
      const edit = { start, end: blob.end, text: `"text":${JSON.stringify(withheld(text, resource, blob))}` };
      return gain(blob, edit);
    }
    if (data?.kind !== "string" || !["image", "audio"].includes(stringMember(text, block, "type"))) return [];
    const edit = { start: block.start, end: block.end, text: textBlock(withheld(text, block, data)) };
    return gain(data, edit);
  });
}

/** A small icon costs less than the sentence that would stand for it. */
function gain(node: JsonNode, edit: Edit): Blob[] {
  const size = node.end - node.start;
  return size > edit.text.length ? [{ size, edit }] : [];
}

function withheld(text: string, block: JsonNode, data: JsonNode): string {
  const kind = stringMember(text, block, "mimeType") || "binary data";
  return notice(`${kind.slice(0, 80)} of ${data.end - data.start - 2} base64 characters is withheld.`);
}

function stringMember(text: string, node: JsonNode, key: string): string {
  const value = member(node, key);
  return value?.kind === "string" ? decodeString(text, value.start, value.end) : "";
}
