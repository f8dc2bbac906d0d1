/** The words of a key: `customerSSN`, `customer_ssn` and `Customer-SSN` are all " customer ssn ". */
export function keyWords(key: string): string {
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

/** True when the words contain `word` (itself words, such as "social security") as whole words, plural or not. */
export function hasWord(words: string, word: string): boolean {
  return words.includes(` ${word} `) || words.includes(` ${word}s `);
}
