export interface Piece {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** Comparing every word with every other one costs the product of both; beyond this, all is shown as replaced. */
const MAX_CELLS = 1_000_000;

/** Two texts as runs of words that stayed, went or came. The runs of one side together are that text. */
export function diffWords(before: string, after: string): Piece[] {
  const [a, b] = [words(before), words(after)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const pieces: { kind: Piece["kind"]; text: string }[] = [];
  const add = (kind: Piece["kind"], word: string): void => {
    const last = pieces.at(-1);
    if (last?.kind === kind) last.text += word;
    else pieces.push({ kind, text: word });
  };
  for (const word of a.slice(0, start)) add("same", word);
  middle(a.slice(start, a.length - end), b.slice(start, b.length - end), add);
  for (const word of a.slice(a.length - end)) add("same", word);
  return pieces;
}

/** Each word with the space that follows it. */
function words(text: string): string[] {
  return text.match(/\S+\s*|\s+/g) ?? [];
}

/** By the longest common subsequence. What went stands before what came in its place. */
function middle(
  a: readonly string[],
  b: readonly string[],
  add: (kind: Piece["kind"], word: string) => void,
): void {
  if (a.length * b.length > MAX_CELLS) {
    for (const word of a) add("removed", word);
    for (const word of b) add("added", word);
    return;
  }
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => longest[i * width + j]!;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      add("same", a[i++]!);
      j++;
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1))) add("removed", a[i++]!);
    else add("added", b[j++]!);
  }
}
