/** What stands around the leaves of a document on the way through it, for frame.ts and key-meaning.ts. */
import type { Json } from "../model/json.js";
import type { Frame } from "./frame.js";
import { columnNames, headerRow } from "./labels.js";

/** A frame and the object it is of; names of columns are looked up once, and only where rows are arrays. */
export interface WalkFrame extends Frame {
  readonly member?: (name: string) => Json | undefined;
  columns?: readonly string[] | undefined;
  /** Set when none of its keys holds anything. */
  cleanKeys?: boolean;
}

/** The frame of an object; what was found out about the one before it holds where the keys are the same. */
export function frameOf(
  last: WalkFrame | undefined,
  parent: string | undefined,
  keys: readonly string[],
  member: (name: string) => Json | undefined,
): WalkFrame {
  if (last === undefined || last.parent !== parent || last.keys.length !== keys.length)
    return { parent, keys, member };
  for (let i = 0; i < keys.length; i++) if (keys[i] !== last.keys[i]) return { parent, keys, member };
  const frame: WalkFrame = { parent, keys: last.keys, member };
  if (last.company !== undefined) frame.company = last.company;
  if (last.meanings !== undefined) frame.meanings = last.meanings;
  if (last.cleanKeys === true) frame.cleanKeys = true;
  return frame;
}

/** What the cells of rows that are arrays are called: by the object they stand in, or by their own first row. */
export function rowNames(frame: WalkFrame | undefined, rows: readonly Json[]): readonly string[] | undefined {
  if (frame?.member !== undefined && !("columns" in frame)) frame.columns = columnNames(frame.member);
  return frame?.columns ?? headerRow(rows);
}
