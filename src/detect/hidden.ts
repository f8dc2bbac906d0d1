export const HIDDEN_FACTS = [
  "tag_characters", // Unicode tags spell ASCII that only a model reads
  "zero_width_run", // a run of invisible characters: a watermark, or bits
  "bidi_override", // text shown in another order than it is read
  "exhausted", // the work that one document may cost is done, and this text was not read to the end
  "unread", // too long to be looked behind: encodings in it were not undone
] as const;
export type HiddenFactName = (typeof HIDDEN_FACTS)[number];

export interface HiddenFact {
  readonly analyzer: "hidden";
  readonly fact: HiddenFactName;
  readonly start: number;
  readonly end: number;
}

// Flags of regions (England, Scotland, Wales) are tags after a black flag, and are no message.
const PATTERNS: readonly (readonly [HiddenFactName, RegExp])[] = [
  ["tag_characters", /(?<!\u{1f3f4}[\u{e0020}-\u{e007e}]{0,8})[\u{e0020}-\u{e007e}]{2,4096}/gu],
  [
    "zero_width_run",
    /[\u200b\u2060-\u2064\ufeff\u{fe00}-\u{fe0f}\u{e0100}-\u{e01ef}]{4,4096}|(?:[\u200b-\u200d\u2060\ufeff]){6,4096}/gu,
  ],
  ["bidi_override", /[\u202d\u202e][^\u202c\n]{1,4096}/gu],
];

/** Characters that a reader does not see and a model does. */
export function hiddenFacts(text: string): HiddenFact[] {
  return PATTERNS.flatMap(([fact, pattern]) =>
    [...text.matchAll(pattern)].map((m) => ({
      analyzer: "hidden" as const,
      fact,
      start: m.index,
      end: m.index + m[0].length,
    })),
  );
}
