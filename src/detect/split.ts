/**
 * A secret in two halves: `{ "a": "<first half>", "b": "<second half>" }` shows a whole one to nobody but the model that
 * joins them. Neighbours are joined only where one begins as a secret of a known format does, so that a table of ids
 * costs nothing.
 */
import type { Json } from "../model/json.js";

/** How formats begin that are worth joining for: in a column of ids these letters do not come up. */
const BEGINS =
  /^(?:gh[pousr]_|github_pat_|glpat-|sk-(?:ant|proj|svcacct|or)-|sk_live_|rk_live_|xox[abp]-|AKIA|ASIA|AIza|ya29\.|npm_|pypi-|hf_|SG\.|shpat_|dop_v1_|dckr_pat_|lin_api_|hvs\.|eyJ|-----BEGIN)/;
const PIECE = /^[\w+/=.~-]{3,512}$/;
/** Whether a value begins as a secret does and is made of nothing else. */
export const opensSecret = (text: string): boolean => BEGINS.test(text) && isPiece(text);
/** Whether a value may be a part of a secret: one word, not too long. */
export const isPiece = (text: string): boolean => PIECE.test(text);

/** Neighbours that are joined at most. */
const MAX_PIECES = 4;
const MAX_SIBLINGS = 64;

/** Where siblings may hold the pieces of one secret: index of the first, and the joined text. */
export function joinedPieces(
  siblings: readonly Json[],
): { readonly at: number; readonly pieces: readonly string[] }[] {
  if (siblings.length < 2 || siblings.length > MAX_SIBLINGS) return [];
  const out: { at: number; pieces: string[] }[] = [];
  siblings.forEach((first, at) => {
    if (typeof first !== "string" || !opensSecret(first)) return;
    const pieces = [first];
    for (const next of siblings.slice(at + 1, at + MAX_PIECES)) {
      if (typeof next !== "string" || !isPiece(next)) break;
      pieces.push(next);
    }
    if (pieces.length > 1) out.push({ at, pieces });
  });
  return out;
}
