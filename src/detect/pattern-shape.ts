/** What is read from a pattern before any text is: which texts it need not be tried on. */
import { ANY, firstTokens, type FirstTokens } from "./first-token.js";
import { leastRun } from "./least-run.js";
import { prefixesOf } from "./prefixes.js";

export interface PatternShape {
  readonly first: FirstTokens;
  /** Characters of the longest run of base64 that a match must hold; 0: any text. */
  readonly run: number;
  /** How every match begins, in lower case; absent: nobody knows. */
  readonly prefixes?: readonly string[];
}

export const ANY_SHAPE: PatternShape = { first: ANY, run: 0 };

export function shapeOf(pattern: string, flags = ""): PatternShape {
  const prefixes = prefixesOf(pattern);
  const known = { first: firstTokens(pattern, flags), run: leastRun(pattern) };
  return prefixes === undefined ? known : { ...known, prefixes };
}
