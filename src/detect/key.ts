/** The words of a key: `customerSSN`, `customer_ssn` and `Customer-SSN` are all " customer ssn ". */
export function keyWords(key: string): string {
  if (isWords(key)) return ` ${key} `;
  const words = key
    .slice(0, MAX_KEY)
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
  return ` ${words} `;
}
const MAX_KEY = 128;
/** Words already, as most keys and nearly all phrases of rules are. */
export const isWords = (key: string): boolean => key.length <= MAX_KEY && PLAIN.test(key);
const PLAIN = /^[a-z0-9]+(?: [a-z0-9]+)*$/;

/** A phrase that a rule knows has at most so many words. */
const MAX_PHRASE = 5;
/** A key is a few words; what follows is somebody's text. */
const MAX_WORDS = 24;

/** Every run of up to five words: what is looked up to know what a key means. */
export function phrasesIn(words: string): string[] {
  const list = words.trim().split(" ").slice(0, MAX_WORDS);
  return list.flatMap((_, i) =>
    Array.from({ length: Math.min(MAX_PHRASE, list.length - i) }, (__, n) =>
      list.slice(i, i + n + 1).join(" "),
    ),
  );
}
