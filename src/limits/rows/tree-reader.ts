import { applyEdits, decodeString, liftEdits, member, parseJsonText } from "../../model/json-text.js";
import type { Edit, JsonNode } from "../../model/json-text.js";
import type { Reader } from "./reader.js";
import { looksLikeContainer, parseContainer } from "./reader.js";

/** A JSON text: the result itself, or JSON that a string of it holds from `offset` of its decoded text. */
export interface Doc {
  readonly text: string;
  readonly tree: JsonNode;
  readonly depth: number;
  readonly host?: { readonly string: TreeNode; readonly offset: number };
}

/** A node with the text that its offsets count in. */
export interface TreeNode {
  readonly doc: Doc;
  readonly node: JsonNode;
}

/** Parses the outermost document. Throws SallyportError `json_invalid`. */
export function rootDoc(text: string): TreeNode {
  const tree = parseJsonText(text);
  return { doc: { text, tree, depth: 0 }, node: tree };
}

/** The decoded text of a string node. */
function stringOf({ doc, node }: TreeNode): string {
  return decodeString(doc.text, node.start, node.end);
}

/**
 * Reads trees with positions. Its `parse` throws `json_invalid` for JSON that JSON.parse takes and we cannot
 * edit.
 */
export function treeReader(): Reader<TreeNode> {
  const texts = new WeakMap<JsonNode, string>();
  const textOf = (at: TreeNode): string => {
    const known = texts.get(at.node) ?? stringOf(at);
    texts.set(at.node, known);
    return known;
  };
  return {
    holds: ({ node }) => node.kind === "object" || node.kind === "array",
    items: ({ doc, node }) =>
      node.kind === "array" ? node.children.map((n) => ({ doc, node: n })) : undefined,
    keys: ({ node }) => (node.kind === "object" ? [...new Set(node.keys)] : undefined),
    // A key that is there twice has its first place and its last value, as JSON.parse has it.
    values: ({ doc, node }) =>
      node.kind === "object"
        ? [...new Map(node.keys.map((key, i) => [key, { doc, node: node.children[i]! }])).values()]
        : undefined,
    member: ({ doc, node }, key) => {
      const value = node.kind === "object" ? member(node, key) : undefined;
      return value && { doc, node: value };
    },
    text: (at) => (at.node.kind === "string" ? textOf(at) : undefined),
    parse: (at, start, end) => {
      if (at.node.kind !== "string") return undefined;
      const text = textOf(at).slice(start, end);
      if (!looksLikeContainer(text)) return undefined;
      const tree = parseOrRefuse(text);
      return (
        tree && {
          doc: { text, tree, depth: at.doc.depth + 1, host: { string: at, offset: start } },
          node: tree,
        }
      );
    },
  };
}

function parseOrRefuse(text: string): JsonNode | undefined {
  try {
    return parseJsonText(text);
  } catch (error) {
    // Counted as rows by JSON.parse but too deep for us: it must not slip through uncut.
    if (parseContainer(text) !== undefined) throw error;
    return undefined;
  }
}

/** Changes at any level of nesting, applied to the outermost text by `apply`. */
export interface Edits {
  /** Replaces offsets of the document that `doc` is. */
  inDoc(doc: Doc, edit: Edit): void;
  /** Replaces offsets of the decoded text of a string. */
  inString(at: TreeNode, edit: Edit): void;
  /** The text of the root document with all changes; what is not replaced keeps its characters. */
  apply(root: Doc): string;
}

/** Collects edits and carries them outward level by level, so that each string is lifted once. */
export function collectEdits(): Edits {
  const docs = new Map<Doc, Edit[]>();
  const strings = new Map<JsonNode, { at: TreeNode; edits: Edit[] }>();
  const inDoc = (doc: Doc, edit: Edit): void => {
    const list = docs.get(doc);
    if (list === undefined) docs.set(doc, [edit]);
    else list.push(edit);
  };
  const inString = (at: TreeNode, edit: Edit): void => {
    const entry = strings.get(at.node);
    if (entry === undefined) strings.set(at.node, { at, edits: [edit] });
    else entry.edits.push(edit);
  };
  const apply = (root: Doc): string => {
    const depths = [...docs.keys(), ...[...strings.values()].map(({ at }) => at.doc)].map((doc) => doc.depth);
    for (let depth = Math.max(0, ...depths); depth >= 0; depth--) {
      for (const { at, edits } of strings.values()) {
        if (at.doc.depth !== depth) continue;
        for (const edit of liftEdits(at.doc.text, at.node.start, at.node.end, edits)) inDoc(at.doc, edit);
      }
      for (const [{ depth: at, host }, edits] of docs) {
        if (at !== depth || host === undefined) continue;
        for (const { start, end, text } of edits) {
          inString(host.string, { start: start + host.offset, end: end + host.offset, text });
        }
      }
    }
    return applyEdits(root.text, docs.get(root) ?? []);
  };
  return { inDoc, inString, apply };
}
