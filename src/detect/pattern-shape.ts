/** What is read from a pattern before any text is: which texts it need not be tried on. */
import { ANY, firstTokens, type FirstTokens } from "./first-token.js";
import { leastRun } from "./least-run.js";

export interface PatternShape {
  readonly first: FirstTokens;
  /** Characters of the longest run of base64 that a match must hold; 0: any text. */
  readonly run: number;
}

export const ANY_SHAPE: PatternShape = { first: ANY, run: 0 };

export function shapeOf(pattern: string, flags = ""): PatternShape {
  return { first: firstTokens(pattern, flags), run: leastRun(pattern) };
}
