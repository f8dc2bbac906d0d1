import type { Place } from "./find.js";
import { findRows } from "./find.js";
import type { Edits, TreeNode } from "./tree-reader.js";
import { collectEdits, rootDoc, treeReader } from "./tree-reader.js";

export interface RowPlan {
  readonly rule: string;
  readonly rows: number;
  /** The text with the first `keep` rows only; text and structuredContent are cut to the same number. */
  cut(keep: number): string;
}

/**
 * Finds the rows of a result's text and how to cut them. Throws SallyportError `json_invalid`,
 * `data_invalid`.
 */
export function planRows(text: string, from: readonly string[]): RowPlan {
  const root = rootDoc(text);
  const { rule, rows, shown, structured } = findRows(root, treeReader(), from);
  return {
    rule,
    rows,
    cut(keep) {
      const edits = collectEdits();
      for (const side of [shown, structured]) {
        let left = keep;
        for (const place of side) {
          if (left < place.rows) cutPlace(place, left, edits);
          left = Math.max(0, left - place.rows);
        }
      }
      return edits.apply(root.doc);
    },
  };
}

function cutPlace(place: Place<TreeNode>, keep: number, edits: Edits): void {
  if (place.kind === "text") {
    const start = keep === 0 ? place.spans[0]?.[0] : place.spans[keep - 1]?.[1];
    const end = place.spans.at(-1)?.[1];
    if (start !== undefined && end !== undefined) edits.inString(place.string, { start, end, text: "" });
    return;
  }
  const { doc, node } = place.array;
  const remove = (start: number, end: number): void => edits.inDoc(doc, { start, end, text: "" });
  if (place.kind === "items") {
    const last = node.children[keep - 1];
    if (last === undefined) remove(node.start + 1, node.end - 1);
    else remove(last.end, node.children.at(-1)?.end ?? last.end);
    return;
  }
  const removed = new Set(place.indexes.slice(keep));
  const firstKept = node.children.findIndex((_, i) => !removed.has(i));
  if (firstKept === -1) remove(node.start + 1, node.end - 1);
  else {
    node.children.forEach((child, i) => {
      if (!removed.has(i)) return;
      // With its comma: the one before, or for those that open the list the one after.
      if (i > firstKept) remove(node.children[i - 1]?.end ?? child.start, child.end);
      else remove(child.start, node.children[i + 1]?.start ?? child.end);
    });
  }
}
