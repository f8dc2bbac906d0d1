import { applyEdits, decodeString, liftEdits, parseJsonText } from "../model/json-text.js";
import type { Edit, JsonNode } from "../model/json-text.js";
import { isNotice, notice } from "./notice.js";
import { looksLikeContainer } from "./rows/reader.js";

/** Members that name or address things: half of one is wrong, not short. */
const WHOLE = new Set(["type", "uri", "mimeType", "name", "data", "blob"]);
const CUT_MARK = " [...]";

/**
 * The result with every long string cut to at most `units` UTF-16 units and a mark, at a line or word end
 * when there is one near, never inside a surrogate pair. JSON inside a string stays JSON: its own long
 * strings are cut, or with `wholeJson` it is replaced as a whole by a sentence.
 */
export function cutTexts(text: string, root: JsonNode, units: number, wholeJson: boolean): string {
  return applyEdits(text, cutBelow(text, root, units, wholeJson));
}

function cutBelow(text: string, node: JsonNode, units: number, wholeJson: boolean): Edit[] {
  if (node.kind === "string") {
    if (node.end - node.start - 2 <= units) return [];
    const edits = cutString(decodeString(text, node.start, node.end), units, wholeJson);
    return liftEdits(text, node.start, node.end, edits);
  }
  return node.children.flatMap((child, i) => {
    const key = node.keys[i];
    if (key === "_meta" || (key !== undefined && child.kind === "string" && WHOLE.has(key))) return [];
    return cutBelow(text, child, units, wholeJson);
  });
}

function cutString(decoded: string, units: number, wholeJson: boolean): Edit[] {
  const end = decoded.length;
  if (end <= units || isNotice(decoded)) return [];
  const nested = looksLikeContainer(decoded) ? parse(decoded) : undefined;
  if (nested === undefined) return [{ start: boundary(decoded, units), end, text: CUT_MARK }];
  if (!wholeJson) return cutBelow(decoded, nested, units, wholeJson);
  const bytes = Buffer.byteLength(decoded);
  return [
    { start: 0, end, text: notice(`A JSON text of ${bytes} bytes is withheld: it cannot be shortened.`) },
  ];
}

function parse(text: string): JsonNode | undefined {
  try {
    return parseJsonText(text);
  } catch {
    return undefined;
  }
}

/** Where to cut: after at most `units`, and up to a quarter earlier to end a line or a word. */
function boundary(text: string, units: number): number {
  const earliest = units - Math.floor(units / 4);
  const window = text.slice(earliest, units);
  const line = window.lastIndexOf("\n");
  if (line !== -1) return earliest + line;
  const space = window.lastIndexOf(" ");
  if (space !== -1) return earliest + space;
  const insidePair = (text.charCodeAt(units - 1) & 0xfc00) === 0xd800;
  return insidePair ? units - 1 : units;
}
