import {
  applyEdits,
  decodedOffsets,
  decodeString,
  liftEdits,
  parseJsonText,
  stringEnd,
} from "../model/json-text.js";
import type { Edit, JsonNode } from "../model/json-text.js";
import type { MergedSpan } from "./redact.js";
import { mask, mergeSpans } from "./redact.js";

/**
 * A string that holds JSON in JSON in JSON doubles its escapes at each level; no honest tool goes this deep.
 */
const MAX_NESTING = 8;

/** A value or key of a document, by position. */
export interface Leaf {
  readonly node: JsonNode;
  readonly start: number;
  readonly end: number;
  /** Set for a key: which member of which object it names; `node` is then that object. */
  readonly keyAt?: number;
}

/** JSON inside of a string. */
export interface Nested {
  readonly tree: JsonNode;
  readonly leaves: readonly Leaf[];
}

/** Reads a decoded string that holds a JSON object or array; undefined for any other text. */
export type NestedReader = (decoded: string) => Nested | undefined;

/** Of a small text reading it again costs less than keeping it. */
const WORTH_KEEPING = 512;

/** A reader that remembers, for the time of one redaction: values are looked for, then places, then both are masked. */
export function nestedReader(): NestedReader {
  const known = new Map<string, Nested | undefined>();
  return (decoded) => {
    if (!/^[ \t\r\n]*[[{]/.test(decoded)) return undefined;
    if (decoded.length < WORTH_KEEPING) return readNested(decoded);
    if (!known.has(decoded)) known.set(decoded, readNested(decoded));
    return known.get(decoded);
  };
}

function readNested(decoded: string): Nested | undefined {
  try {
    const tree = parseJsonText(decoded);
    return { tree, leaves: leavesOf(decoded, tree) };
  } catch {
    return undefined;
  }
}

/** All keys and scalar values below `node`, in document order. */
function leavesOf(text: string, node: JsonNode): Leaf[] {
  const leaves: Leaf[] = [];
  const visit = (at: JsonNode): void => {
    if (at.kind !== "object" && at.kind !== "array") {
      leaves.push({ node: at, start: at.start, end: at.end });
      return;
    }
    at.children.forEach((child, i) => {
      const keyStart = at.keyStarts[i];
      if (keyStart !== undefined) {
        leaves.push({ node: at, start: keyStart, end: stringEnd(text, keyStart), keyAt: i });
      }
      visit(child);
    });
  };
  visit(node);
  return leaves;
}

/**
 * The leaves that a span touches: whole numbers and strings, by position. A key counts only when no value is
 * touched.
 */
export function touchedLeaves(leaves: readonly Leaf[], start: number, end: number): Leaf[] {
  let low = 0;
  for (let high = leaves.length; low < high;) {
    const mid = (low + high) >>> 1;
    if ((leaves[mid]?.end ?? 0) > start) high = mid;
    else low = mid + 1;
  }
  const touched: Leaf[] = [];
  for (let leaf = leaves[low]; leaf !== undefined && leaf.start < end; leaf = leaves[++low])
    touched.push(leaf);
  const values = touched.filter((leaf) => leaf.keyAt === undefined);
  return values.length > 0 ? values : touched;
}

/**
 * Edits of a decoded string that mask `spans` (in its own offsets, ascending, none overlapping). Where the
 * string holds JSON it stays valid JSON: a number becomes a quoted mask, quotes and structure are never
 * eaten.
 */
export function maskString(
  decoded: string,
  spans: readonly MergedSpan[],
  read: NestedReader,
  depth = 0,
): Edit[] {
  const nested = depth < MAX_NESTING ? read(decoded) : undefined;
  if (nested !== undefined) return maskLeaves(decoded, nested.leaves, spans, read, depth + 1);
  return spans.map(({ start, end, type }) => ({
    // Half of a surrogate pair left behind would not survive UTF-8.
    start: splitsPair(decoded, start) ? start - 1 : start,
    end: splitsPair(decoded, end) ? end + 1 : end,
    text: mask(type),
  }));
}

/**
 * Edits of a JSON text that mask `spans` (offsets into `text`, ascending, none overlapping) in the leaves
 * below `node`.
 */
export function maskDocument(
  text: string,
  node: JsonNode,
  spans: readonly MergedSpan[],
  read: NestedReader,
): Edit[] {
  return maskLeaves(text, leavesOf(text, node), spans, read, 0);
}

function maskLeaves(
  text: string,
  leaves: readonly Leaf[],
  spans: readonly MergedSpan[],
  read: NestedReader,
  depth: number,
): Edit[] {
  const byLeaf = new Map<Leaf, MergedSpan[]>();
  for (const span of spans) {
    for (const leaf of touchedLeaves(leaves, span.start, span.end)) {
      const list = byLeaf.get(leaf);
      if (list === undefined) byLeaf.set(leaf, [span]);
      else list.push(span);
    }
  }
  const edits: Edit[] = [];
  const keys = new Map<JsonNode, Map<number, MergedSpan[]>>();
  for (const [leaf, touching] of byLeaf) {
    if (leaf.keyAt !== undefined) {
      const renames = keys.get(leaf.node) ?? new Map<number, MergedSpan[]>();
      keys.set(leaf.node, renames.set(leaf.keyAt, decodeSpans(text, leaf.start, leaf.end, touching)));
    } else if (leaf.node.kind === "string") {
      const inside = decodeSpans(text, leaf.start, leaf.end, touching);
      const decoded = decodeString(text, leaf.start, leaf.end);
      append(edits, liftEdits(text, leaf.start, leaf.end, maskString(decoded, inside, read, depth)));
    } else edits.push(maskToken(leaf.node, touching[0]?.type ?? ""));
  }
  for (const [object, renames] of keys) append(edits, renameKeys(text, object, renames));
  return edits;
}

/** Adds edits one by one: as arguments of one call, a hundred thousand of them do not fit on the stack. */
export function append(edits: Edit[], more: readonly Edit[]): void {
  for (const edit of more) edits.push(edit);
}

/** A number, true, false or null becomes a string: part of a number is still a number, and still tells. */
export function maskToken(node: JsonNode, type: string): Edit {
  return { start: node.start, end: node.end, text: JSON.stringify(mask(type)) };
}

/**
 * Edits that mask spans of keys (member index → spans of the decoded key). Two keys masked alike get " (2)",
 * " (3)"…: with duplicates a parser would keep only the last member.
 */
export function renameKeys(
  text: string,
  object: JsonNode,
  renames: ReadonlyMap<number, readonly MergedSpan[]>,
): Edit[] {
  const taken = new Set(object.keys.filter((_, i) => !renames.has(i)));
  const used = new Map<string, number>();
  return [...renames].flatMap(([i, spans]) => {
    const start = object.keyStarts[i] ?? 0;
    const key = object.keys[i] ?? "";
    const masked = maskString(key, spans, () => undefined);
    const name = applyEdits(key, masked);
    let count = used.get(name) ?? 1;
    while (taken.has(suffixed(name, count))) count++;
    used.set(name, count + 1);
    taken.add(suffixed(name, count));
    const suffix = { start: key.length, end: key.length, text: suffixed("", count) };
    return liftEdits(text, start, stringEnd(text, start), count > 1 ? [...masked, suffix] : masked);
  });
}

function suffixed(name: string, count: number): string {
  return count > 1 ? `${name} (${count})` : name;
}

/**
 * Spans over the raw token at [start, end) as spans of its decoded text; whole characters, still in order.
 */
function decodeSpans(text: string, start: number, end: number, spans: readonly MergedSpan[]): MergedSpan[] {
  const ends = spans.flatMap((s) => [
    { at: s.start, up: false },
    { at: s.end, up: true },
  ]);
  const offsets = decodedOffsets(text, start, end, ends);
  // Merged once more: two spans may end and begin within one escape.
  return mergeSpans(
    spans.map(({ type }, i) => ({
      type,
      severity: "low" as const,
      span: [offsets[2 * i] ?? 0, offsets[2 * i + 1] ?? 0] as const,
    })),
  );
}

function splitsPair(text: string, at: number): boolean {
  return at > 0 && isSurrogate(text, at - 1, 0xd800) && isSurrogate(text, at, 0xdc00);
}

function isSurrogate(text: string, at: number, base: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === base;
}
