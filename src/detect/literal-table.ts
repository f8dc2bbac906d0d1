/** The automaton of Aho and Corasick as a table: one step for each character, whatever the text. */
export interface Table {
  /** Of each UTF-16 unit; 0: in no literal. */
  readonly classOf: Uint16Array;
  /** How many classes there are; the state after `state` is `next[state * width + class]`. */
  readonly width: number;
  readonly next: Uint16Array | Uint32Array;
  /** By state: ids of the literals that end there. */
  readonly outputs: readonly (readonly number[] | undefined)[];
}

export interface Literal {
  /** In lower case. */
  readonly text: string;
  readonly id: number;
  /** Inside of a longer word it does not count. */
  readonly word: boolean;
}

type Chains = [Uint32Array, Uint32Array, Uint32Array, Uint32Array];

export function buildTable(literals: readonly Literal[]): Table {
  const classOf = new Uint16Array(65536);
  let width = 1;
  for (const { text: literal } of literals) {
    for (let i = 0; i < literal.length; i++) {
      const c = literal.charCodeAt(i);
      if (classOf[c] !== 0) continue;
      classOf[c] = width;
      const upper = (literal[i] as string).toUpperCase();
      // Turkish's dotless i has I as its capital, which is another letter's too.
      if (upper.length === 1 && upper.toLowerCase() === literal[i]) classOf[upper.charCodeAt(0)] = width;
      width++;
    }
  }
  // No more states than characters, and the root. Children are kept as chains, so that nothing is allocated for them.
  const most = literals.reduce((sum, { text }) => sum + text.length, 1);
  const States = most > 0xffff ? Uint32Array : Uint16Array;
  const [child, sibling, entered, fail] = [0, 1, 2, 3].map(() => new Uint32Array(most)) as Chains;
  const table = new States(most * width);
  const own: (number[] | undefined)[] = [undefined];
  // Level by level, so that states near the root, where a text nearly always is, lie together and stay in the cache.
  const reached = new Uint32Array(literals.length);
  const longestFirst = literals.toSorted((a, b) => b.text.length - a.text.length);
  for (let depth = 0, left = literals.length; left > 0; depth++)
    for (let n = 0; n < left; n++) {
      const { text, id } = longestFirst[n] as Literal;
      if (depth >= text.length) {
        // So are all that follow.
        left = n;
        break;
      }
      const state = reached[n] as number;
      const cls = classOf[text.charCodeAt(depth)] as number;
      let to = table[state * width + cls] as number;
      if (to === 0) {
        to = own.push(undefined) - 1;
        table[state * width + cls] = to;
        entered[to] = cls;
        sibling[to] = child[state] as number;
        child[state] = to;
      }
      reached[n] = to;
      if (depth === text.length - 1) own[to] = [...(own[to] ?? []), id];
    }
  const next = table.slice(0, own.length * width);
  // Breadth first, so that the row a state falls back to is whole before it is copied.
  const queue = new Uint32Array(own.length);
  let end = 0;
  for (let to = child[0] as number; to !== 0; to = sibling[to] as number) queue[end++] = to;
  for (let q = 0; q < end; q++) {
    const state = queue[q] as number;
    const back = fail[state] as number;
    const shorter = own[back];
    if (shorter !== undefined) own[state] = [...(own[state] ?? []), ...shorter];
    next.copyWithin(state * width, back * width, (back + 1) * width);
    for (let to = child[state] as number; to !== 0; to = sibling[to] as number) {
      const cls = entered[to] as number;
      fail[to] = next[back * width + cls] as number;
      next[state * width + cls] = to;
      queue[end++] = to;
    }
  }
  return { classOf, width, next, outputs: own };
}
