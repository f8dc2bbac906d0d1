export interface Column<T> {
  readonly title: string;
  readonly text: (row: T) => string;
  /** Colour the padded cell. */
  readonly paint?: (row: T, cell: string) => string;
  readonly right?: boolean;
  /** May be shortened on a narrow terminal. */
  readonly shrinks?: boolean;
  /** May be left out where shortening is not enough; the last one first. */
  readonly optional?: boolean;
}

const GAP = 2;
/** A column that shrinks keeps this much: less tells nothing. */
const SHORTEST = 10;

/**
 * Rows under aligned titles (unless `titles` is false), one line each. Where a line does not fit into `width`
 * (terminal columns), columns that shrink are shortened with …, and if that is not enough optional ones are
 * left out. Ids and words that people copy are never cut.
 */
export function table<T>(
  all: readonly Column<T>[],
  rows: readonly T[],
  { width = Infinity, titles = true }: { readonly width?: number; readonly titles?: boolean } = {},
): string {
  const measured = all.map((column) => measure(column, rows));
  const columns = fit(measured, width);
  const header = columns.map((one) => pad(one, one.column.title));
  const lines = rows.map((row, at) =>
    columns.map((one) => {
      const cell = pad(one, one.cells[at] ?? "");
      return one.column.paint === undefined ? cell : one.column.paint(row, cell);
    }),
  );
  if (titles) lines.unshift(header);
  return lines.map((line) => `${line.join(" ".repeat(GAP)).trimEnd()}\n`).join("");
}

interface Measured<T> {
  readonly column: Column<T>;
  readonly cells: readonly string[];
  readonly width: number;
  readonly shortest: number;
}

function measure<T>(column: Column<T>, rows: readonly T[]): Measured<T> {
  const cells = rows.map((row) => printable(column.text(row)));
  const width = cells.reduce((most, cell) => Math.max(most, cell.length), column.title.length);
  return { column, cells, width, shortest: column.shrinks === true ? Math.min(width, SHORTEST) : width };
}

function fit<T>(measured: readonly Measured<T>[], width: number): Measured<T>[] {
  const columns = [...measured];
  const gaps = (): number => (columns.length - 1) * GAP;
  const total = (of: "width" | "shortest"): number => columns.reduce((sum, one) => sum + one[of], gaps());
  while (total("shortest") > width) {
    const at = columns.findLastIndex((one) => one.column.optional === true);
    if (at === -1) break;
    columns.splice(at, 1);
  }
  for (let excess = total("width") - width; excess > 0; excess--) {
    let widest = -1;
    columns.forEach((one, at) => {
      if (one.width > one.shortest && one.width > (columns[widest]?.width ?? 0)) widest = at;
    });
    const one = columns[widest];
    if (one === undefined) break;
    columns[widest] = { ...one, width: one.width - 1 };
  }
  return columns;
}

function pad<T>({ column, width }: Measured<T>, text: string): string {
  const fitting = text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  return column.right === true ? fitting.padStart(width) : fitting.padEnd(width);
}

/**
 * Names come from clients and servers: an escape sequence in a tool's name would otherwise move the cursor
 * and rewrite what the reader of the record sees; bidirectional controls reorder it.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, "\ufffd");
}
