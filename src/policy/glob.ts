/**
 * A glob over whole names, `*` only; case counts where `exact`, as it does in people's names. Pieces are searched left to right, so matching is linear in
 * practice and cannot backtrack on a hostile tool name.
 */
export function compileGlob(glob: string, exact = false): (name: string) => boolean {
  const folded = (text: string): string => (exact ? text : text.toLowerCase());
  const pieces = folded(glob).split("*");
  const first = pieces[0] ?? "";
  if (pieces.length === 1) return (name) => folded(name) === first;
  const last = pieces.at(-1) ?? "";
  const middle = pieces.slice(1, -1);
  return (name) => {
    const text = folded(name);
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return at <= text.length - last.length;
  };
}

/** True when any of the globs matches. */
export function compileGlobs(globs: readonly string[], exact = false): (name: string) => boolean {
  const matchers = globs.map((glob) => compileGlob(glob, exact));
  return (name) => matchers.some((matches) => matches(name));
}
