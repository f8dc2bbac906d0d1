import type { Json } from "../model/json.js";
import { applyEdits, member, parseJsonText, type Edit } from "../model/json-text.js";

/** The text of an object with some members given other values, or added; whatever is not named keeps its characters. */
export function replaceMembers(text: string, members: Readonly<Record<string, Json>>): string {
  const root = parseJsonText(text);
  const edits: Edit[] = [];
  const added: string[] = [];
  for (const [name, value] of Object.entries(members)) {
    const node = member(root, name);
    if (node === undefined) added.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
    else edits.push({ start: node.start, end: node.end, text: JSON.stringify(value) });
  }
  if (added.length > 0) {
    const at = root.end - 1;
    edits.push({ start: at, end: at, text: (root.keys.length > 0 ? "," : "") + added.join(",") });
  }
  return applyEdits(text, edits);
}
