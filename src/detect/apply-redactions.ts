import type { Finding } from "../model/call.js";
import { applyEdits, decodeString, liftEdits, member, parseJsonText } from "../model/json-text.js";
import type { Edit, JsonNode } from "../model/json-text.js";
import type { NestedReader } from "./leaf-edits.js";
import { append, maskDocument, maskString, maskToken, nestedReader, renameKeys } from "./leaf-edits.js";
import type { PointerTrie } from "./pointer-trie.js";
import { pointerTrie, stepsInto } from "./pointer-trie.js";
import type { MergedSpan } from "./redact.js";
import { mask, mergeSpans } from "./redact.js";
import { spreadIn } from "./spread-redactions.js";

/**
 * What redaction needs of a finding. `inner` may be there; the span alone says where, as it counts in the
 * outer leaf.
 */
export type Redaction = Pick<Finding, "type" | "severity" | "pointer" | "span" | "inner" | "onKey">;

/**
 * The JSON document `text` with the span of every finding replaced by "[REDACTED:<type>]" and all other
 * characters kept. A number becomes a string; JSON inside strings stays JSON, at every level. Throws
 * SallyportError `json_invalid` when `text` is not JSON, `internal` when a finding points at nothing:
 * withhold the result then.
 */
export function applyRedactions(text: string, findings: readonly Redaction[]): string {
  if (findings.length === 0) return text;
  return applyEdits(text, editsFor(text, parseJsonText(text), pointerTrie(findings), nestedReader()));
}

/**
 * As applyRedactions, and the same values wherever else they stand in the document, so that text and
 * structuredContent stay consistent. `spread` says what was redacted beyond `findings`.
 */
export function redactDocument(
  text: string,
  findings: readonly Redaction[],
): { readonly text: string; readonly spread: readonly Redaction[] } {
  if (findings.length === 0) return { text, spread: [] };
  const tree = parseJsonText(text);
  const read = nestedReader();
  const trie = pointerTrie(findings);
  const spread = spreadIn(text, tree, findings, trie, read);
  const all = spread.length === 0 ? trie : pointerTrie([...findings, ...spread]);
  return { text: applyEdits(text, editsFor(text, tree, all, read)), spread };
}

function editsFor(text: string, tree: JsonNode, root: PointerTrie<Redaction>, read: NestedReader): Edit[] {
  const edits: Edit[] = [];
  const visit = (node: JsonNode, trie: PointerTrie<Redaction>, key?: string, parent?: JsonNode): void => {
    const onValue = trie.values.filter((f) => f.onKey !== true);
    const media = maskedMedia(text, node, trie);
    if (media !== undefined) edits.push(media);
    else if (onValue.length > 0)
      append(edits, maskValue(text, node, onValue, read, key === "blob" ? parent : undefined));
    const renames = new Map<number, MergedSpan[]>();
    for (const step of stepsInto(node, trie)) {
      const onKey = step.trie.values.filter((f) => f.onKey === true);
      if (onKey.length > 0) renames.set(step.index, keySpans(onKey, step.key ?? ""));
      // Masked whole below: nothing there may be edited twice.
      if (media !== undefined || (onValue.length > 0 && node.kind !== "string")) continue;
      if (step.shadowed) append(edits, maskWhole(text, step.child, anyType(step.trie), read));
      else visit(step.child, step.trie, step.key, node);
    }
    if (renames.size > 0 && media === undefined) append(edits, renameKeys(text, node, renames));
  };
  visit(tree, root);
  return edits;
}

function maskValue(
  text: string,
  node: JsonNode,
  findings: readonly Redaction[],
  read: NestedReader,
  resource?: JsonNode,
): Edit[] {
  if (node.kind !== "string") {
    const everything = findings.map((f) => spanned(f, [0, f.span[1] + 1]));
    return maskWhole(text, node, mergeSpans(everything)[0]?.type ?? "", read);
  }
  const decoded = decodeString(text, node.start, node.end);
  const spans = mergeSpans(findings.map((f) => spanned(f, within(f.span, decoded.length))));
  if (resource !== undefined && member(resource, "uri") !== undefined && BASE64.test(decoded)) {
    // Clients decode a blob before they look at it, and refuse the whole result if they cannot.
    return [{ start: node.start, end: node.end, text: JSON.stringify(btoa(mask(spans[0]?.type ?? ""))) }];
  }
  return liftEdits(text, node.start, node.end, maskString(decoded, spans, read));
}

const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

function spanned({ type, severity }: Redaction, span: readonly [number, number]) {
  return { type, severity, span };
}

/** A span that does not fit its leaf was measured on something else: then the whole leaf goes. */
function within([start, end]: readonly [number, number], length: number): readonly [number, number] {
  return start >= 0 && start < end && end <= length ? [start, end] : [0, length];
}

function keySpans(findings: readonly Redaction[], key: string): MergedSpan[] {
  return mergeSpans(findings.map((f) => spanned(f, within(f.span, key.length))));
}

/**
 * An image or audio block as a text block: masked base64 is no picture, and models' APIs refuse a broken one.
 */
function maskedMedia(text: string, node: JsonNode, trie: PointerTrie<Redaction>): Edit | undefined {
  const data = trie.steps.get("data");
  const type = node.kind === "object" && data !== undefined ? member(node, "type") : undefined;
  if (type?.kind !== "string" || data === undefined) return undefined;
  if (!["image", "audio"].includes(decodeString(text, type.start, type.end))) return undefined;
  if (data.values.every((f) => f.onKey === true)) return undefined;
  const block = { type: "text", text: mask(anyType(data)) };
  return { start: node.start, end: node.end, text: JSON.stringify(block) };
}

function maskWhole(text: string, node: JsonNode, type: string, read: NestedReader): Edit[] {
  if (node.kind === "number" || node.kind === "literal") return [maskToken(node, type)];
  return maskDocument(text, node, [{ start: node.start, end: node.end, type }], read);
}

function anyType(trie: PointerTrie<Redaction>): string {
  const own = trie.values[0];
  if (own !== undefined) return own.type;
  for (const next of trie.steps.values()) return anyType(next);
  return "";
}
