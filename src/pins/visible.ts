/**
 * What a reader would not see, or would see as something else: controls, formats (zero-width, bidirectional, tags),
 * odd spaces, variation selectors, fillers. Line feeds have a sign of their own, below.
 */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u{fe00}-\u{fe0f}\u{e0100}-\u{e01ef}]/gu;

/** The text on one line with every hidden character shown as `<U+200B>`, and line feeds as `↵`. Safe for a terminal. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, (c) =>
    c === "\n" ? "↵" : `<U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}>`,
  );
}
