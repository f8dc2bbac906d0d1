import { isNotice } from "../notice.js";
import type { Reader } from "./reader.js";

/**
 * Where a result can hold rows: what it shows as text, and what it carries as structure. They mirror each
 * other.
 */
export interface Bodies<N> {
  /** Texts of blocks and embedded resources, and blocks of kinds we do not know. */
  readonly shown: readonly N[];
  /** structuredContent, and top-level members we do not know. */
  readonly structured: readonly N[];
  readonly content: Content<N> | undefined;
}

export interface Content<N> {
  readonly array: N;
  /** Indexes in `content` of the text blocks, parallel to `texts`. */
  readonly textAt: readonly number[];
  readonly texts: readonly N[];
  /** Indexes of embedded resources and resource links. */
  readonly resourcesAt: readonly number[];
}

const NOT_ROWS = new Set(["content", "contents", "messages", "isError", "_meta"]);

/** Finds the bodies of a result of tools/call, resources/read or prompts/get. */
export function bodiesOf<N>(result: N, reader: Reader<N>): Bodies<N> {
  const shown: N[] = [];
  const array = reader.member(result, "content");
  const blocks = array === undefined ? undefined : reader.items(array);
  const textAt: number[] = [];
  const texts: N[] = [];
  const resourcesAt: number[] = [];
  blocks?.forEach((block, i) => {
    const kind = stringMember(block, "type", reader);
    if (kind === "text") {
      const text = textOf(block, reader);
      if (text === undefined) return;
      textAt.push(i);
      texts.push(text);
      shown.push(text);
    } else if (kind === "resource" || kind === "resource_link") {
      resourcesAt.push(i);
      const text = resourceText(block, reader);
      if (text !== undefined) shown.push(text);
    } else if (kind !== "image" && kind !== "audio") shown.push(block);
  });
  for (const entry of itemsOf(result, "contents", reader)) {
    const text = textOf(entry, reader);
    if (text !== undefined) shown.push(text);
  }
  for (const message of itemsOf(result, "messages", reader)) {
    const block = reader.member(message, "content");
    const text = block && (textOf(block, reader) ?? resourceText(block, reader));
    if (text !== undefined) shown.push(text);
  }
  const structured = (reader.keys(result) ?? [])
    .filter((key) => !NOT_ROWS.has(key))
    .map((key) => reader.member(result, key))
    .filter((value) => value !== undefined);
  const content = array && blocks && { array, textAt, texts, resourcesAt };
  return { shown, structured, content };
}

function itemsOf<N>(node: N, key: string, reader: Reader<N>): readonly N[] {
  const array = reader.member(node, key);
  return (array === undefined ? undefined : reader.items(array)) ?? [];
}

/** The `text` of a block, unless it is a notice of ours. */
function textOf<N>(block: N, reader: Reader<N>): N | undefined {
  const node = reader.member(block, "text");
  const text = node === undefined ? undefined : reader.text(node);
  return text === undefined || isNotice(text) ? undefined : node;
}

function resourceText<N>(block: N, reader: Reader<N>): N | undefined {
  const resource = reader.member(block, "resource");
  return resource === undefined ? undefined : textOf(resource, reader);
}

function stringMember<N>(node: N, key: string, reader: Reader<N>): string | undefined {
  const value = reader.member(node, key);
  return value === undefined ? undefined : reader.text(value);
}
