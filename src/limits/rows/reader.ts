import type { Json } from "../../model/json.js";
import { isObject } from "../../model/json.js";

/**
 * A JSON document as counting sees it. There are two: parsed values (fast, for every call) and trees with
 * positions (for cutting). One algorithm over both cannot count one thing and cut another.
 */
export interface Reader<N> {
  /** True for an object or array. */
  holds(node: N): boolean;
  /** Elements of an array; undefined for anything else. */
  items(node: N): readonly N[] | undefined;
  /** Keys of an object (each once); undefined for anything else. */
  keys(node: N): readonly string[] | undefined;
  /** Its values, in the order of `keys`; undefined for anything else. */
  values(node: N): readonly N[] | undefined;
  /** The member of an object (the last of that name); undefined when there is none. */
  member(node: N, key: string): N | undefined;
  /** The text of a string; undefined for anything else. */
  text(node: N): string | undefined;
  /** The JSON object or array in [start, end) of the string's text; undefined when that is not JSON. */
  parse(node: N, start: number, end: number): N | undefined;
}

/** Reads JSON.parse'd values. */
export const valueReader: Reader<Json> = {
  holds: (node) => typeof node === "object" && node !== null,
  items: (node) => (Array.isArray(node) ? (node as readonly Json[]) : undefined),
  keys: (node) => (isObject(node) ? Object.keys(node) : undefined),
  values: (node) => (isObject(node) ? Object.values(node) : undefined),
  member: (node, key) => (isObject(node) && Object.hasOwn(node, key) ? node[key] : undefined),
  text: (node) => (typeof node === "string" ? node : undefined),
  parse: (node, start, end) =>
    typeof node === "string" ? parseContainer(node.slice(start, end)) : undefined,
};

/** The value of `text` if it is a JSON object or array. */
export function parseContainer(text: string): Json | undefined {
  if (!looksLikeContainer(text)) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** A cheap test before a parse: `{…}` or `[…]`, white space around it allowed. */
export function looksLikeContainer(text: string): boolean {
  let start = 0;
  while (isJsonSpace(text.charCodeAt(start))) start++;
  let end = text.length;
  while (end > start && isJsonSpace(text.charCodeAt(end - 1))) end--;
  const first = text.charCodeAt(start);
  return text.charCodeAt(end - 1) === (first === 0x7b ? 0x7d : first === 0x5b ? 0x5d : -1);
}

function isJsonSpace(c: number): boolean {
  return c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;
}
