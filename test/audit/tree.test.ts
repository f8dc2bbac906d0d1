import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addLeaves,
  buildTree,
  EMPTY_FRONTIER,
  EMPTY_ROOT,
  frontierBytes,
  frontierOf,
  isConsistent,
  leafHash,
  rootFromPath,
  rootOf,
} from "../../src/audit/tree.js";

const leavesOf = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, n) => leafHash(`record ${n}`));
const sha256 = (...parts: Uint8Array[]): Buffer => createHash("sha256").update(Buffer.concat(parts)).digest();

/** MTH of RFC 6962 2.1, word for word. */
function definition(leaves: readonly Buffer[]): Buffer {
  const [first, second] = leaves;
  if (first === undefined) return sha256();
  if (second === undefined) return first;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Buffer.of(1), definition(leaves.slice(0, k)), definition(leaves.slice(k)));
}

describe("the tree is RFC 6962's", () => {
  it("has the roots of the Certificate Transparency test vectors", () => {
    const inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"].map((hex) =>
      sha256(Buffer.of(0), Buffer.from(hex, "hex")),
    );
    const root = (count: number): string =>
      rootOf(addLeaves(EMPTY_FRONTIER, Buffer.concat(inputs.slice(0, count)))).toString("hex");
    expect(EMPTY_ROOT.toString("hex")).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    expect(root(1)).toBe("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    expect(root(2)).toBe("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    expect(root(3)).toBe("aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77");
    expect(root(7)).toBe("ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c");
  });

  it("by its frontier and in memory alike, for every size up to 130", () => {
    const leaves = leavesOf(130);
    const tree = buildTree(Buffer.concat(leaves));
    let frontier = EMPTY_FRONTIER;
    for (let size = 0; size <= 130; size++) {
      const expected = definition(leaves.slice(0, size)).toString("hex");
      expect(rootOf(frontier).toString("hex")).toBe(expected);
      expect(tree.root(size).toString("hex")).toBe(expected);
      frontier = addLeaves(frontier, leaves[size] ?? Buffer.alloc(0));
    }
  });

  it("a frontier survives being written down; bytes of another size are none", () => {
    const frontier = addLeaves(EMPTY_FRONTIER, Buffer.concat(leavesOf(21)));
    const bytes = frontierBytes(frontier);
    expect(frontierOf(21, bytes)).toEqual(frontier);
    expect(frontierOf(22, bytes)).toEqual({ ...frontier, size: 22 });
    expect(frontierOf(23, bytes)).toBeUndefined();
  });
});

describe("proofs", () => {
  const leaves = leavesOf(70);
  const tree = buildTree(Buffer.concat(leaves));

  it("of inclusion lead from every leaf to every root, and from nothing else", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(69), fc.nat(69), (size, index, other) => {
        fc.pre(index < size);
        const path = tree.inclusion(index, size);
        const root = tree.root(size).toString("hex");
        const leads = (leaf: number, at: number, by = path): boolean =>
          rootFromPath(leaves[leaf]!, at, size, by)?.toString("hex") === root;
        expect(leads(index, index)).toBe(true);
        if (other !== index) {
          expect(leads(other, index)).toBe(false);
          expect(leads(index, other)).toBe(false);
        }
        expect(leads(index, index, path.slice(1))).toBe(path.length === 0);
        expect(leads(index, index, [...path, path[0] ?? leaves[0]!])).toBe(false);
        expect(rootFromPath(leaves[index]!, size, size, path)).toBeUndefined();
      }),
    );
  });

  it("of consistency hold between every two sizes, and for no other root", () => {
    for (let first = 0; first <= 70; first++) {
      for (let second = first; second <= 70; second++) {
        const proof = tree.consistency(first, second);
        const at = (size: number) => ({ size, root: tree.root(size) });
        expect(isConsistent(at(first), at(second), proof)).toBe(true);
        if (first === 0 || first === second) continue;
        const forged = { size: first, root: leafHash("forged") };
        expect(isConsistent(forged, at(second), proof)).toBe(false);
        expect(isConsistent(at(first), { size: second, root: forged.root }, proof)).toBe(false);
        expect(isConsistent(at(first), at(second), proof.slice(1))).toBe(false);
        expect(isConsistent(at(first), at(second), [...proof, forged.root])).toBe(false);
      }
    }
  });
});
