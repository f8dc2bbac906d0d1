import { isObject, type Json, type JsonObject } from "../model/json.js";

export interface NotScanned {
  readonly pointer: string;
  readonly bytes: number;
  readonly why: "binary" | "too_large" | "not_base64";
}

interface OpenedBlob {
  readonly pointer: string;
  /** The decoded text. */
  readonly text: string;
  /** Length of the base64 leaf. */
  readonly length: number;
}

/** Larger blobs are recorded as not scanned: decoding megabytes of images for nothing would stall every other call. */
const MAX_BLOB = 256 * 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Takes base64 leaves out of a result (`data` of images and audio, `blob` of resources), so that they are not read
 * as text, and decodes those that hold text. The returned value is for scanning only.
 */
export function openBlobs(result: Json): {
  value: Json;
  opened: OpenedBlob[];
  notScanned: NotScanned[];
} {
  const opened: OpenedBlob[] = [];
  const notScanned: NotScanned[] = [];
  const take = (holder: JsonObject, key: "data" | "blob", pointer: string): JsonObject => {
    const text = holder[key] as string;
    const seen = decode(text);
    if (typeof seen === "string")
      notScanned.push({ pointer: `${pointer}/${key}`, bytes: text.length, why: seen });
    else opened.push({ pointer: `${pointer}/${key}`, text: seen.text, length: text.length });
    return { ...holder, [key]: "" };
  };
  /** A content block or resource without its base64; the very same value where it has none. */
  const empty = (item: Json, pointer: string): Json => {
    if (!isObject(item)) return item;
    if ((item["type"] === "image" || item["type"] === "audio") && typeof item["data"] === "string")
      return take(item, "data", pointer);
    if (typeof item["blob"] === "string") return take(item, "blob", pointer);
    for (const inside of ["resource", "content"] as const) {
      const held = item[inside];
      const emptied = held === undefined ? held : empty(held, `${pointer}/${inside}`);
      if (emptied !== undefined && emptied !== held) return { ...item, [inside]: emptied };
    }
    return item;
  };
  if (!isObject(result)) return { value: result, opened, notScanned };
  let value = result;
  for (const list of LISTS) {
    const items = result[list];
    if (!Array.isArray(items)) continue;
    const emptied = items.map((item: Json, i) => empty(item, `/${list}/${i}`));
    if (emptied.some((item, i) => item !== items[i])) value = { ...value, [list]: emptied };
  }
  return { value, opened, notScanned };
}

/** Where results hold content: of tools, of resources/read, of prompts/get. */
const LISTS = ["content", "contents", "messages"] as const;

function decode(base64: string): { text: string } | NotScanned["why"] {
  if (base64.length > MAX_BLOB) return "too_large";
  let bytes: Buffer;
  try {
    bytes = Buffer.from(atob(base64), "latin1");
  } catch {
    return "not_base64";
  }
  try {
    const text = utf8.decode(bytes);
    return text.includes("\0") ? "binary" : { text };
  } catch {
    return "binary";
  }
}
