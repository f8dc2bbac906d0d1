import { hash } from "node:crypto";
import { SallyportError } from "../model/errors.js";
import { decodeString, member, parseJsonText, type JsonNode } from "../model/json-text.js";

/** What a model reads of a tool, or what decides how it is called. Icons and the like may change freely. */
const FIELDS: ReadonlySet<string> = new Set([
  "name",
  "title",
  "description",
  "inputSchema",
  "outputSchema",
  "annotations",
]);

/**
 * Nobody reviews more than this, and a server could fill the disk with it: a larger definition is pinned by its hash
 * alone, and is a finding. UTF-16 code units.
 */
export const MAX_DEFINITION = 128 * 1024;

export interface Definition {
  readonly tool: string;
  /** Canonical JSON of the fields that count: equal definitions give equal text, whatever their order and white space. */
  readonly text: string;
  /** SHA-256 of it, hex. */
  readonly hash: string;
}

/** A name is a key of the store, and stands in every record of a call. UTF-16 code units. */
const MAX_NAME = 1024;

/**
 * Reads one item of a tools list from the JSON text the server wrote. Numbers keep their digits, and members that
 * stand twice count twice: another parser may read the other one. What has no name is pinned under the empty one,
 * because a model may read it all the same. Throws `downstream_protocol` for a name that cannot be one.
 */
export function readDefinition(item: string): Definition {
  const node = parseJsonText(item);
  const name = member(node, "name");
  const tool = name?.kind === "string" ? decodeString(item, name.start, name.end) : "";
  if (tool.length > MAX_NAME)
    throw new SallyportError("downstream_protocol", `a tool's name has more than ${MAX_NAME} characters`);
  const text = node.kind === "object" ? objectText(item, node, FIELDS) : canonical(item, node);
  return { tool, text, hash: hash("sha256", text) };
}

function objectText(text: string, node: JsonNode, only?: ReadonlySet<string>): string {
  const members = node.keys.flatMap((key, i) => (only?.has(key) === false ? [] : [{ key, i }]));
  const sorted = members.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.i - b.i));
  return `{${sorted.map(({ key, i }) => `${JSON.stringify(key)}:${canonical(text, node.children[i]!)}`).join(",")}}`;
}

function canonical(text: string, node: JsonNode): string {
  switch (node.kind) {
    case "object":
      return objectText(text, node);
    case "array":
      return `[${node.children.map((child) => canonical(text, child)).join(",")}]`;
    case "string":
      return JSON.stringify(decodeString(text, node.start, node.end));
    default:
      return text.slice(node.start, node.end);
  }
}
