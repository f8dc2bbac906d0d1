import { pointerStep } from "../model/json.js";
import { decodeString, parseJsonText, type JsonNode } from "../model/json-text.js";

/** One value of a definition. A string's own text; else the JSON as it was written. */
export interface Field {
  readonly pointer: string;
  readonly text: string;
}

export interface FieldChange {
  readonly pointer: string;
  /** Absent: it was not there, or is no more. */
  readonly before?: string;
  readonly after?: string;
}

/** What people want to read first. */
const ORDER = ["/name", "/title", "/description", "/inputSchema", "/outputSchema", "/annotations"];

/** All values of a definition (JSON text), one by one. A member that stands twice is there twice, as `…#2`. */
export function fieldsOf(definition: string): Field[] {
  const fields: Field[] = [];
  walk(definition, parseJsonText(definition), "", fields);
  const rank = ({ pointer }: Field): number => ORDER.indexOf(/^\/[^/#]*/.exec(pointer)?.[0] ?? "");
  return fields.toSorted((a, b) => rank(a) - rank(b));
}

/** The values that differ between two definitions. */
export function changesBetween(before: string, after: string): FieldChange[] {
  const old = new Map(fieldsOf(before).map(({ pointer, text }) => [pointer, text]));
  const now = new Map(fieldsOf(after).map(({ pointer, text }) => [pointer, text]));
  const pointers = [...now.keys(), ...[...old.keys()].filter((pointer) => !now.has(pointer))];
  return pointers.flatMap((pointer): FieldChange[] => {
    const [was, is] = [old.get(pointer), now.get(pointer)];
    if (was === is) return [];
    return [{ pointer, ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) }];
  });
}

function walk(text: string, node: JsonNode, pointer: string, into: Field[]): void {
  if (node.children.length === 0) {
    const token = text.slice(node.start, node.end);
    into.push({ pointer, text: node.kind === "string" ? decodeString(text, node.start, node.end) : token });
    return;
  }
  const times = new Map<string, number>();
  node.children.forEach((child, i) => {
    const key = node.kind === "object" ? node.keys[i]! : String(i);
    const time = (times.get(key) ?? 0) + 1;
    times.set(key, time);
    walk(text, child, `${pointer}${pointerStep(key)}${time > 1 ? `#${time}` : ""}`, into);
  });
}
