import { SallyportError } from "../model/errors.js";
import type { JsonNode } from "../model/json-text.js";

/** What many JSON Pointers lead to, so that one walk over the document resolves all of them. */
export interface PointerTrie<T> {
  readonly steps: Map<string, PointerTrie<T>>;
  readonly values: T[];
}

/** Builds the trie of `items` by their `pointer` (RFC 6901). */
export function pointerTrie<T extends { readonly pointer: string }>(items: readonly T[]): PointerTrie<T> {
  const root: PointerTrie<T> = { steps: new Map(), values: [] };
  const ends = new Map<string, PointerTrie<T>>();
  for (const item of items) {
    let at = ends.get(item.pointer) ?? root;
    if (at !== root) {
      at.values.push(item);
      continue;
    }
    for (const step of item.pointer.split("/").slice(1)) {
      const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
      let next = at.steps.get(name);
      if (next === undefined) at.steps.set(name, (next = { steps: new Map(), values: [] }));
      at = next;
    }
    at.values.push(item);
    ends.set(item.pointer, at);
  }
  return root;
}

export interface Step<T> {
  readonly child: JsonNode;
  readonly trie: PointerTrie<T>;
  readonly index: number;
  /** The member's key, for an object. */
  readonly key?: string;
  /** True for a member whose key comes again later: JSON.parse does not show its value, other readers may. */
  readonly shadowed: boolean;
}

/**
 * One level down: the children of `node` that the trie names. Throws SallyportError `internal` if one is not
 * there.
 */
export function stepsInto<T>(node: JsonNode, trie: PointerTrie<T>): Step<T>[] {
  const steps: Step<T>[] = [];
  const found = new Set<string>();
  if (node.kind === "object") {
    for (let index = node.keys.length - 1; index >= 0; index--) {
      const key = node.keys[index] ?? "";
      const next = trie.steps.get(key);
      const child = node.children[index];
      if (next === undefined || child === undefined) continue;
      steps.push({ child, trie: next, index, key, shadowed: found.has(key) });
      found.add(key);
    }
  } else if (node.kind === "array") {
    for (const [name, next] of trie.steps) {
      const child = /^(?:0|[1-9]\d{0,9})$/.test(name) ? node.children[Number(name)] : undefined;
      if (child === undefined) continue;
      steps.push({ child, trie: next, index: Number(name), shadowed: false });
      found.add(name);
    }
  }
  // A finding that leads nowhere is a secret that would stay: better no result than that one.
  if (found.size < trie.steps.size) throw new SallyportError("internal", "a finding points at nothing");
  return steps;
}
