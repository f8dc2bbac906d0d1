import type { Finding } from "../model/call.js";
import { decodedOffsets, decodeString, liftEdits, parseJsonText } from "../model/json-text.js";
import type { JsonNode } from "../model/json-text.js";
import { pointerStep } from "../model/json.js";
import { SEVERITIES } from "../model/nouns.js";
import type { Redaction } from "./apply-redactions.js";
import type { NestedReader } from "./leaf-edits.js";
import { nestedReader, touchedLeaves } from "./leaf-edits.js";
import type { PointerTrie } from "./pointer-trie.js";
import { pointerTrie, stepsInto } from "./pointer-trie.js";
import type { Hit, KnownValue, ValueIndex } from "./value-index.js";
import { indexValues, MIN_VALUE } from "./value-index.js";

type Spanned = Pick<Finding, "type" | "severity" | "span">;

/**
 * A span this long over JSON inside a string covers many leaves: it is no single value to look for elsewhere.
 */
const MAX_NESTED_SPAN = 16_384;
/** As deep as leaf-edits masks. */
const MAX_NESTING = 8;

/**
 * The further places of the JSON document where a value stands that `findings` redact: the same secret in
 * structuredContent, in another block, as a number or in a key. The values are held in memory only, for this
 * call. Throws SallyportError `json_invalid` or `internal` as applyRedactions does.
 */
export function spreadRedactions(text: string, findings: readonly Redaction[]): Redaction[] {
  if (findings.length === 0) return [];
  return spreadIn(text, parseJsonText(text), findings, pointerTrie(findings), nestedReader());
}

/** As spreadRedactions, for a document already parsed. */
export function spreadIn(
  text: string,
  tree: JsonNode,
  findings: readonly Redaction[],
  trie: PointerTrie<Redaction>,
  read: NestedReader,
): Redaction[] {
  const values = valuesAt(text, tree, trie, read);
  if (values.length === 0) return [];
  const index = indexValues(values);
  const known = new Map<string, Redaction[]>();
  for (const f of findings) {
    const place = `${f.onKey === true ? "k" : "v"}${f.pointer}`;
    const list = known.get(place);
    if (list === undefined) known.set(place, [f]);
    else list.push(f);
  }
  const out: Redaction[] = [];
  const path: string[] = [];
  const add = (hits: readonly Hit[], onKey: boolean): void => {
    if (hits.length === 0) return;
    const pointer = path.join("");
    const before = known.get(`${onKey ? "k" : "v"}${pointer}`) ?? [];
    for (const { start, end, type, severity } of uncovered(hits, before)) {
      out.push({ type, severity, pointer, span: [start, end], ...(onKey && { onKey }) });
    }
  };
  const visit = (node: JsonNode): void => {
    node.children.forEach((child, i) => {
      const key = node.keys[i];
      path.push(pointerStep(key ?? i));
      if (key !== undefined) add(index.find(key), true);
      visit(child);
      path.pop();
    });
    if (node.kind === "string")
      add(hitsInString(decodeString(text, node.start, node.end), index, read, 0), false);
    if (node.kind === "number") add(hitsInNumber(text, node, index), false);
  };
  visit(tree);
  return out;
}

/**
 * The texts that findings cover, as they read at the innermost level: no escapes, no quotes. Weakest first.
 */
function valuesAt(
  text: string,
  tree: JsonNode,
  root: PointerTrie<Redaction>,
  read: NestedReader,
): KnownValue[] {
  const values = new Map<string, KnownValue>();
  const take = (text: string, { type, severity }: Spanned): void => {
    const value = text.trim();
    if (value.length < MIN_VALUE) return;
    const known = values.get(value);
    if (known === undefined || rank(severity) >= rank(known.severity))
      values.set(value, { value, type, severity });
  };
  const takeFrom = (decoded: string, spans: readonly Spanned[], depth: number): void => {
    const nested = depth < MAX_NESTING ? read(decoded) : undefined;
    if (nested === undefined) {
      for (const s of spans) take(decoded.slice(...s.span), s);
      return;
    }
    const { leaves } = nested;
    const strings = new Map<(typeof leaves)[number], Spanned[]>();
    for (const s of spans) {
      if (s.span[1] - s.span[0] > MAX_NESTED_SPAN) continue;
      for (const leaf of touchedLeaves(leaves, ...s.span)) {
        if (leaf.keyAt === undefined && leaf.node.kind !== "string") {
          take(decoded.slice(leaf.start, leaf.end), s);
          continue;
        }
        const over = strings.get(leaf);
        if (over === undefined) strings.set(leaf, [s]);
        else over.push(s);
      }
    }
    for (const [{ start, end }, over] of strings) {
      const ends = over.flatMap(({ span }) => [
        { at: span[0], up: false },
        { at: span[1], up: true },
      ]);
      const at = decodedOffsets(decoded, start, end, ends);
      const inside = over.map(({ type, severity }, i) => ({
        type,
        severity,
        span: [at[2 * i] ?? 0, at[2 * i + 1] ?? 0] as const,
      }));
      takeFrom(decodeString(decoded, start, end), inside, depth + 1);
    }
  };
  const visit = (node: JsonNode, trie: PointerTrie<Redaction>): void => {
    const onValue = trie.values.filter((f) => f.onKey !== true);
    if (node.kind === "string") takeFrom(decodeString(text, node.start, node.end), onValue, 0);
    else if (node.kind === "number") for (const f of onValue) take(text.slice(node.start, node.end), f);
    for (const step of stepsInto(node, trie)) {
      for (const f of step.trie.values) if (f.onKey === true) take((step.key ?? "").slice(...f.span), f);
      if (!step.shadowed) visit(step.child, step.trie);
    }
  };
  visit(tree, root);
  return [...values.values()].toSorted((a, b) => rank(a.severity) - rank(b.severity));
}

const rank = (severity: Finding["severity"]): number => SEVERITIES.indexOf(severity);

/** Where values stand in a decoded string, also in the JSON it may hold; offsets of the decoded string. */
function hitsInString(decoded: string, index: ValueIndex, read: NestedReader, depth: number): Hit[] {
  if (decoded.length < MIN_VALUE) return [];
  const nested = depth < MAX_NESTING ? read(decoded) : undefined;
  if (nested === undefined) return index.find(decoded);
  return nested.leaves.flatMap((leaf) => {
    if (leaf.keyAt === undefined && leaf.node.kind === "number")
      return hitsInNumber(decoded, leaf.node, index, leaf.start);
    if (leaf.keyAt === undefined && leaf.node.kind !== "string") return [];
    const inner = decodeString(decoded, leaf.start, leaf.end);
    const hits = leaf.keyAt === undefined ? hitsInString(inner, index, read, depth + 1) : index.find(inner);
    if (hits.length === 0) return hits;
    const places = liftEdits(
      decoded,
      leaf.start,
      leaf.end,
      hits.map(({ start, end }) => ({ start, end, text: "" })),
    );
    return hits.map(({ type, severity }, i) => ({
      start: places[i]?.start ?? 0,
      end: places[i]?.end ?? 0,
      type,
      severity,
    }));
  });
}

/** A number is a value only as a whole: part of its digits is another number. Offsets from `base`. */
function hitsInNumber(text: string, node: JsonNode, index: ValueIndex, base = 0): Hit[] {
  const token = text.slice(node.start, node.end);
  const item = index.exact(token);
  return item === undefined
    ? []
    : [{ start: base, end: base + token.length, type: item.type, severity: item.severity }];
}

/** Hits that no earlier finding of the same leaf covers. Both lists may be long: one sweep. */
function uncovered(hits: readonly Hit[], before: readonly Redaction[]): Hit[] {
  if (hits.length === 0 || before.length === 0) return [...hits];
  const starts = before.toSorted((a, b) => a.span[0] - b.span[0]);
  let next = 0;
  let reach = 0;
  return hits
    .toSorted((a, b) => a.start - b.start)
    .filter((hit) => {
      for (let f = starts[next]; f !== undefined && f.span[0] <= hit.start; f = starts[++next]) {
        reach = Math.max(reach, f.span[1]);
      }
      return hit.end > reach;
    });
}
