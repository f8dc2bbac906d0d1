import type { Json } from "../model/json.js";
import { findRows } from "./rows/find.js";
import { valueReader } from "./rows/reader.js";

export { isRowRule } from "./rows/find.js";

/**
 * How many rows a result holds, and by which rule they were counted: one of `rows.from`, "blocks", or "none".
 */
export interface RowCount {
  readonly rule: string;
  readonly rows: number;
}

/**
 * Counts the rows of a JSON.parse'd result. `from` is the connector's list of rules, tried in order on each
 * body of the result; the first that finds rows there counts. Bodies add up; text and structuredContent count
 * once, the larger. Never trusts a count that the server states. Throws SallyportError `data_invalid` for an
 * unknown rule.
 */
export function countRows(result: Json, from: readonly string[]): RowCount {
  const { rule, rows } = findRows(result, valueReader, from);
  return { rule, rows };
}
