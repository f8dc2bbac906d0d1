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
  if (!isObject(result) || !Array.isArray(result["content"])) return { value: result, opened, notScanned };
  const content = result["content"] as readonly Json[];
  if (!content.some(holdsBlob)) return { value: result, opened, notScanned };

  const take = (holder: JsonObject, key: string, pointer: string): JsonObject => {
    const text = holder[key];
    if (typeof text !== "string") return holder;
    const seen = decode(text);
    if (typeof seen === "string") notScanned.push({ pointer, bytes: text.length, why: seen });
    else opened.push({ pointer, text: seen.text, length: text.length });
    return { ...holder, [key]: "" };
  };
  const emptied = content.map((item, i) => {
    if (!holdsBlob(item) || !isObject(item)) return item;
    if (isObject(item["resource"]))
      return { ...item, resource: take(item["resource"], "blob", `/content/${i}/resource/blob`) };
    return take(item, "data", `/content/${i}/data`);
  });
  return { value: { ...result, content: emptied }, opened, notScanned };
}

function holdsBlob(item: Json): boolean {
  if (!isObject(item)) return false;
  if (item["type"] === "image" || item["type"] === "audio") return typeof item["data"] === "string";
  return isObject(item["resource"]) && typeof item["resource"]["blob"] === "string";
}

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
