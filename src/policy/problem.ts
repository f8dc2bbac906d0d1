/** What a start refuses, in the words a person needs: what is wrong, where, and what to do. */
export interface Problem {
  readonly message: string;
  /** A file, or the name of an environment variable. */
  readonly file?: string;
  /** Dotted path inside the file. */
  readonly path?: string;
  readonly fix?: string;
}

/** "did you mean" for a mistyped name: the closest of `names` within a third of its length, or undefined. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  const wanted = word.toLowerCase();
  for (const name of names) {
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return bestDistance <= Math.max(2, Math.floor(word.length / 3)) ? best : undefined;
}

/** Names as one phrase for an error: `dev, default, strict`. */
export function listNames(names: Iterable<string>): string {
  return [...names].join(", ");
}

/** Levenshtein distance with one row of memory; inputs are cut at 64 characters, since names are short. */
export function editDistance(a: string, b: string): number {
  const left = a.slice(0, 64);
  const right = b.slice(0, 64);
  let row = Array.from({ length: right.length + 1 }, (_, i) => i);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const swap = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
