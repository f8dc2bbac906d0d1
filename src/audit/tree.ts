import { sha256 } from "./sha256.js";

/**
 * The RFC 6962 Merkle tree over the records, in the order of `seq`: leaf n is record n + 1, and its hash is the
 * record's `body_hash`. All hashes are SHA-256.
 */

const HASH_BYTES = 32;

/** Of a tree without leaves. */
export const EMPTY_ROOT: Buffer = sha256("");

/** Leaf and node hashes differ in their first byte, so that no node can be passed off as a record. */
export function leafHash(text: string): Buffer {
  return sha256(`\u0000${text}`);
}

const scratch = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  scratch.set(left, 1);
  scratch.set(right, 1 + HASH_BYTES);
  return sha256(scratch);
}

/**
 * All that is needed to go on with a tree: the roots of its perfect subtrees, largest first; their sizes are the bits
 * of `size`. Twenty hashes stand for a million records.
 */
export interface Frontier {
  readonly size: number;
  readonly roots: readonly Buffer[];
}

export const EMPTY_FRONTIER: Frontier = { size: 0, roots: [] };

/** The frontier with more leaves, given by their hashes one after the other. */
export function addLeaves({ size, roots }: Frontier, leaves: Buffer): Frontier {
  const next = [...roots];
  let count = size;
  for (let at = 0; at < leaves.length; at += HASH_BYTES) {
    let node = leaves.subarray(at, at + HASH_BYTES);
    // Each trailing 1 bit of the size is a subtree as large as the new one: both become one.
    for (let rest = count; rest % 2 === 1; rest = Math.floor(rest / 2)) node = nodeHash(next.pop()!, node);
    next.push(node);
    count++;
  }
  return { size: count, roots: next };
}

export function rootOf({ roots }: Frontier): Buffer {
  const last = roots.at(-1);
  if (last === undefined) return EMPTY_ROOT;
  return roots.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
}

export function frontierBytes({ roots }: Frontier): Buffer {
  return Buffer.concat(roots);
}

/** Undefined when the bytes cannot be the frontier of a tree of this size. */
export function frontierOf(size: number, bytes: Buffer): Frontier | undefined {
  const count = size.toString(2).replaceAll("0", "").length;
  if (bytes.length !== count * HASH_BYTES) return undefined;
  const roots = Array.from({ length: count }, (_, at) =>
    bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );
  return { size, roots };
}

/** Every level of a tree in memory, for as many proofs as one likes: 64 bytes a record. */
export interface Tree {
  readonly size: number;
  /** Root of the tree that the first `size` leaves make. */
  root(size: number): Buffer;
  /** RFC 6962 2.1.1: the path of leaf `index` in the tree of the first `size` leaves, from its sibling upwards. */
  inclusion(index: number, size: number): Buffer[];
  /** RFC 6962 2.1.2: that the tree of `first` leaves is the beginning of the tree of `second`. */
  consistency(first: number, second: number): Buffer[];
}

/** `leaves`: the leaf hashes one after the other. */
export function buildTree(leaves: Buffer): Tree {
  const levels = [leaves];
  for (let level = leaves; level.length >= 2 * HASH_BYTES;) {
    const pairs = Math.floor(level.length / (2 * HASH_BYTES));
    const above = Buffer.alloc(pairs * HASH_BYTES);
    for (let at = 0; at < pairs; at++) {
      const from = at * 2 * HASH_BYTES;
      const [middle, to] = [from + HASH_BYTES, from + 2 * HASH_BYTES];
      above.set(nodeHash(level.subarray(from, middle), level.subarray(middle, to)), at * HASH_BYTES);
    }
    levels.push((level = above));
  }

  /** Root of the leaves from `start` up to `end`: looked up where they make a perfect subtree. */
  function range(start: number, end: number): Buffer {
    const count = end - start;
    if (count === 0) return EMPTY_ROOT;
    const height = Math.log2(count);
    if (Number.isInteger(height) && start % count === 0) {
      const at = (start / count) * HASH_BYTES;
      return levels[height]!.subarray(at, at + HASH_BYTES);
    }
    const middle = start + split(count);
    return nodeHash(range(start, middle), range(middle, end));
  }

  function path(index: number, start: number, end: number): Buffer[] {
    if (end - start <= 1) return [];
    const middle = start + split(end - start);
    return index < middle
      ? [...path(index, start, middle), range(middle, end)]
      : [...path(index, middle, end), range(start, middle)];
  }

  function between(first: number, start: number, end: number, whole: boolean): Buffer[] {
    if (start + first === end) return whole ? [] : [range(start, end)];
    const left = split(end - start);
    const middle = start + left;
    return first <= left
      ? [...between(first, start, middle, whole), range(middle, end)]
      : [...between(first - left, middle, end, false), range(start, middle)];
  }

  return {
    size: leaves.length / HASH_BYTES,
    root: (size) => range(0, size),
    inclusion: (index, size) => path(index, 0, size),
    consistency: (first, second) => (first === 0 ? [] : between(first, 0, second, true)),
  };
}

/** The largest power of two below `count`. */
function split(count: number): number {
  return 2 ** (Math.ceil(Math.log2(count)) - 1);
}

/** The root that leaf `index` and its path lead to in a tree of `size`; undefined when the path has a wrong length. */
export function rootFromPath(
  leaf: Buffer,
  index: number,
  size: number,
  path: readonly Buffer[],
): Buffer | undefined {
  if (index >= size) return undefined;
  let [node, at, last, used] = [leaf, index, size - 1, 0];
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      node = nodeHash(sibling, node);
      // A last node without a sibling goes up as it is, until it is a right child.
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else node = nodeHash(node, sibling);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    used++;
  }
  return last === 0 && used === path.length ? node : undefined;
}

/** Whether the proof shows that the tree with `second` leaves begins with the tree of `first` (RFC 9162 2.1.4.2). */
export function isConsistent(
  first: { readonly size: number; readonly root: Buffer },
  second: { readonly size: number; readonly root: Buffer },
  proof: readonly Buffer[],
): boolean {
  if (first.size > second.size) return false;
  if (first.size === second.size) return proof.length === 0 && first.root.equals(second.root);
  if (first.size === 0) return proof.length === 0;
  const rest = [...proof];
  let [at, last] = [first.size - 1, second.size - 1];
  while (at % 2 === 1) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  const start = at === 0 ? first.root : rest.shift();
  if (start === undefined) return false;
  let [old, now] = [start, start];
  for (const each of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      old = nodeHash(each, old);
      now = nodeHash(each, now);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else now = nodeHash(now, each);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && old.equals(first.root) && now.equals(second.root);
}
