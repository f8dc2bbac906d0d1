import type { View } from "./view.js";
import { replaceView } from "./build.js";

/** Letters of other scripts that look like Latin ones (Unicode UTS #39, the ones found in attacks). */
const LOOK_ALIKE = new Map<string, string>(
  Object.entries({
    а: "a",
    е: "e",
    о: "o",
    р: "p",
    с: "c",
    у: "y",
    х: "x",
    і: "i",
    ї: "i",
    ј: "j",
    ѕ: "s",
    ԁ: "d",
    һ: "h",
    ԛ: "q",
    ԝ: "w",
    к: "k",
    м: "m",
    т: "t",
    в: "b",
    н: "h",
    п: "n",
    г: "r",
    ӏ: "l",
    ɡ: "g",
    ո: "n",
    ս: "u",
    օ: "o",
    յ: "j",
    А: "A",
    В: "B",
    С: "C",
    Е: "E",
    Н: "H",
    І: "I",
    Ј: "J",
    К: "K",
    М: "M",
    О: "O",
    Р: "P",
    Ѕ: "S",
    Т: "T",
    Х: "X",
    У: "Y",
    Ԛ: "Q",
    Ԝ: "W",
    α: "a",
    ε: "e",
    ο: "o",
    ρ: "p",
    ν: "v",
    ι: "i",
    κ: "k",
    τ: "t",
    υ: "u",
    χ: "x",
    η: "n",
    Α: "A",
    Β: "B",
    Ε: "E",
    Ζ: "Z",
    Η: "H",
    Ι: "I",
    Κ: "K",
    Μ: "M",
    Ν: "N",
    Ο: "O",
    Ρ: "P",
    Τ: "T",
    Υ: "Y",
    Χ: "X",
    ı: "i",
    ȷ: "j",
    ɑ: "a",
    ℓ: "l",
    "‘": "'",
    "’": "'",
    "‚": "'",
    "‛": "'",
    "′": "'",
    ʼ: "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "″": '"',
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "–": "-",
    "—": "-",
    "−": "-",
    "⁃": "-",
    "․": ".",
    "؍": ",",
    "∕": "/",
    "⁄": "/",
    "∗": "*",
    "∶": ":",
    "；": ";",
    "\u00a0": " ",
    "\u2028": " ",
    "\u2029": " ",
    "\u3000": " ",
  }),
);

/** Invisible characters: soft hyphen, joiners, direction marks, fillers, variation selectors, tags. */
// oxlint-disable-next-line no-misleading-character-class
const INVISIBLE =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\u{e0001}-\u{e007f}\u{e0100}-\u{e01ef}]/u;
/** Anything that reads as ASCII: one of the above, compatibility forms, spaces and dashes, or look-alikes by a Latin letter. */
const WORTH =
  /[\u00a0\u2000-\u200a\u2010-\u2015\u2018-\u201f\u2024\u2028\u2029\u2032\u2033\u2044\u2212\u2215\u2217\u2236\u3000\u02b0-\u02ff\u2070-\u209f\u2100-\u218f\u2460-\u24ff\uff01-\uff5e\u{1d400}-\u{1d7ff}\u{1f100}-\u{1f19a}]|[a-zA-Z][\u0370-\u058f\u0131\u0237\u0251\u0261]|[\u0370-\u058f\u0131\u0237\u0251\u0261][a-zA-Z]|\p{M}|[\u00c0-\u017f]/u;
const FOLDED = /[^\x00-\x7f]/gu;
const MARK = /^\p{M}$/u;

/** NFKC, look-alikes as the Latin letters they imitate, and nothing invisible. Undefined when there is nothing to fold. */
export function foldUnicode(text: string): View | undefined {
  if (!INVISIBLE.test(text) && !WORTH.test(text)) return undefined;
  return replaceView(text, FOLDED, foldOne);
}

const folded = new Map<string, string | undefined>();
const MAX_CACHED = 8192;

function foldOne(c: string): string | undefined {
  if (folded.has(c)) return folded.get(c);
  const out = foldUncached(c);
  if (folded.size < MAX_CACHED) folded.set(c, out);
  return out;
}

function foldUncached(c: string): string | undefined {
  const code = c.codePointAt(0) ?? 0;
  // Tag characters repeat ASCII invisibly; a model reads them.
  if (code >= 0xe0020 && code <= 0xe007e) return String.fromCharCode(code - 0xe0000);
  if (INVISIBLE.test(c) || MARK.test(c)) return "";
  const known = LOOK_ALIKE.get(c);
  if (known !== undefined) return known;
  const compatible = c.normalize("NFKC");
  if (compatible !== c) return LOOK_ALIKE.get(compatible) ?? compatible;
  // An accented letter counts as its base: "ígnóre" is read as "ignore".
  const base = c.normalize("NFD").replace(/\p{M}/gu, "");
  return base !== c && base !== "" ? base : undefined;
}
