import type { View } from "./view.js";
import { replaceView } from "./build.js";

/**
 * Words of control, as a text that hides them would spell them. A word counts only when it is in this list, so that
 * `4x4`, `mp3` and identifiers stay what they are; and a view is made only when two of them were spelt with digits.
 */
const WORDS =
  "all admin administrator always and any append api approval approve assistant attacker bypass call canary command " +
  "commands confidential conversation credentials customer data database delete developer disable disclose discard " +
  "disregard do document emails environment execute exfiltrate export file files follow forget from forward guidelines " +
  "hidden ignore important include inform instruction instructions internal jailbreak key keys load mention message " +
  "mode model never new not now obey output override password passwords permanently policy previous print prior prompt " +
  "prompts read records remember repeat request restrictions result reveal rules run safety secret secrets send shell " +
  "show system tell tenant the then this token tokens tool tools unrestricted upload user with without you your";

const DIGIT: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "8": "b",
  "@": "a",
  $: "s",
  "!": "i",
};
const SPELT = /[0134578@$!]/;
const MIXED = /[a-zA-Z][013457@$!]{1,3}[a-zA-Z]/;
const TOKEN = /[A-Za-z0-9@$!]{2,24}/g;
const MAX_LEET = 16 * 1024;

/** Digits as the letters they stand for; `l` and `i` are one, because `1` is both. */
export function foldDigits(text: string): string {
  return text.toLowerCase().replace(/[0134578@$!l]/g, (c) => (c === "l" ? "i" : (DIGIT[c] as string)));
}

/** A pattern for each letter that digits may stand for: the letter and all that fold to it. */
export const SPELLINGS: Readonly<Record<string, string>> = Object.fromEntries(
  [...new Set([...Object.values(DIGIT), "l"])].map((letter) => [
    letter,
    `[${[...Object.keys(DIGIT), ...Object.values(DIGIT), "l"].filter((c) => foldDigits(c) === foldDigits(letter)).join("")}]`,
  ]),
);

const known = new Map(WORDS.split(" ").map((word) => [foldDigits(word), word]));

/** `Ign0r3 411 pr3v10u5 1n57ruc710n5` as the order it is. */
export function unleet(text: string): View | undefined {
  if (text.length > MAX_LEET || text.indexOf(" ") === -1 || !MIXED.test(text)) return undefined;
  let spelt = 0;
  const view = replaceView(text, TOKEN, (token) => {
    if (!SPELT.test(token)) return undefined;
    const [bare] = /^.+?(?=!*$)/.exec(token) ?? [token];
    const word = known.get(foldDigits(bare));
    if (word !== undefined && bare.length > 2) spelt++;
    return word;
  });
  return spelt < 2 ? undefined : view;
}
