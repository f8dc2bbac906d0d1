import type { Reader } from "./reader.js";

/** Arrays beside the rows that describe them (`fields` of node-postgres, `columns` of warehouses). */
const DESCRIBING = new Set(["columns", "fields", "headers", "schema", "column_names"]);
/** A list of this many times fewer elements than an array inside it holds is a wrapper of it. */
const WRAPPER_RATIO = 10;
/** A root array longer than this is not looked into: it is the rows. */
const MAX_WRAPPER = 100;
/** Names under which servers put rows as arrays of cells. Coordinates and matrices have others. */
const ROW_NAMES = new Set(["rows", "data", "results", "result", "records", "values"]);

/**
 * The array that the document is, or that its only member is (`{"result": […]}`, as frameworks wrap lists). A
 * short one that plainly wraps the rows (`[rows, fields]` of mysql2, `[{"rows": […]}]`) stands for the arrays
 * inside.
 */
export function rootArray<N>(root: N, reader: Reader<N>): N[] {
  const [only, more] = reader.keys(root) ?? [];
  const array = only !== undefined && more === undefined ? reader.member(root, only) : root;
  const items = array === undefined ? undefined : reader.items(array);
  if (array === undefined || items === undefined) return [];
  if (items.length > MAX_WRAPPER) return [array];
  const nested = sum(groupsOf(items, reader));
  return wraps(items, nested) ? [...nested.arrays] : [array];
}

function wraps<N>(items: readonly N[], nested: Group<N>): boolean {
  return nested.longest > (items.length === 1 ? 1 : items.length * WRAPPER_RATIO);
}

export type PathStep = { readonly key: string } | { readonly index: number } | "each";

/** `$.a.b[*].rows` and `$[0].rows` as steps; undefined when it is not of that form. */
export function parsePath(path: string): readonly PathStep[] | undefined {
  if (!/^\$(?:\.[^.[\]*\s]+|\[(?:\*|\d{1,9})\])*$/.test(path)) return undefined;
  return [...path.matchAll(/\.([^.[\]]+)|\[(\*|\d+)\]/g)].map(([, key, index]) =>
    key !== undefined ? { key } : index === "*" ? "each" : { index: Number(index) },
  );
}

/** The arrays at `path`. */
export function arraysAt<N>(root: N, reader: Reader<N>, path: readonly PathStep[]): N[] {
  let nodes: readonly N[] = [root];
  for (const step of path) {
    nodes = nodes.flatMap((node) => {
      if (step === "each") return reader.items(node) ?? [];
      const next = "key" in step ? reader.member(node, step.key) : reader.items(node)?.[step.index];
      return next === undefined ? [] : [next];
    });
  }
  return nodes.filter((node) => reader.items(node) !== undefined);
}

interface Group<N> {
  readonly arrays: readonly N[];
  /** Elements of the longest one, and of all. */
  readonly longest: number;
  readonly total: number;
}

const NONE = { arrays: [], longest: 0, total: 0 } as const;

/**
 * The arrays of records anywhere in the document: arrays of objects, or of arrays under a name for rows. Of
 * an array and those inside its elements the outer counts (orders, not their lines), unless it is plainly a
 * wrapper: one element, or ten times fewer (statements, not their rows). Cutting the outer one must not turn
 * that judgement, so the ratio is wide. Arrays side by side add up, except one that describes the columns of
 * a longer one.
 */
export function recordArrays<N>(root: N, reader: Reader<N>): N[] {
  return [...visit(root, reader, true).arrays];
}

function visit<N>(node: N, reader: Reader<N>, named: boolean): Group<N> {
  const items = reader.items(node);
  if (items !== undefined) {
    const nested = sum(groupsOf(items, reader));
    if (!areRecords(items, reader, named) || wraps(items, nested)) return nested;
    return { arrays: [node], longest: items.length, total: items.length };
  }
  const values = reader.values(node);
  // Most rows hold nothing that holds anything.
  return values?.some(reader.holds) === true ? inMembers(node, values, reader) : NONE;
}

function inMembers<N>(node: N, values: readonly N[], reader: Reader<N>): Group<N> {
  const keys = reader.keys(node) ?? [];
  const groups: Group<N>[] = [];
  const describing: Group<N>[] = [];
  for (const [i, value] of values.entries()) {
    const key = keys[i] as string;
    if (reader.holds(value))
      (DESCRIBING.has(key) ? describing : groups).push(visit(value, reader, ROW_NAMES.has(key)));
  }
  const rows = sum(groups);
  return sum([rows, ...describing.filter((group) => group.longest > rows.longest)]);
}

function groupsOf<N>(items: readonly N[], reader: Reader<N>): readonly Group<N>[] {
  let groups: Group<N>[] | undefined;
  for (const item of items) {
    if (!reader.holds(item)) continue;
    const group = visit(item, reader, false);
    if (group.total > 0) (groups ??= []).push(group);
  }
  return groups ?? NO_GROUPS;
}
const NO_GROUPS: readonly never[] = [];

function areRecords<N>(items: readonly N[], reader: Reader<N>, named: boolean): boolean {
  if (items.length === 0) return false;
  if (items.every((item) => reader.holds(item) && reader.items(item) === undefined)) return true;
  return named && items.every((item) => reader.items(item) !== undefined);
}

function sum<N>(groups: readonly Group<N>[]): Group<N> {
  const full = groups.filter((g) => g.total > 0);
  const [first] = full;
  if (full.length <= 1) return first ?? NONE;
  return {
    arrays: full.flatMap((g) => g.arrays),
    longest: full.reduce((most, g) => Math.max(most, g.longest), 0),
    total: full.reduce((all, g) => all + g.total, 0),
  };
}
