import type { SqlToken } from "./tokens.js";

/**
 * What bounds a DELETE or UPDATE whose tokens follow: `none` (no WHERE at this depth), `always` (a WHERE that is
 * true of every row, such as 1=1, TRUE, a OR 1=1, x=x), or `bounded`.
 */
export function boundOf(tokens: readonly SqlToken[]): "none" | "always" | "bounded" {
  let depth = 0;
  for (let i = 0; i < tokens.length; i++) {
    const t = tokens[i] as SqlToken;
    if (t.text === "(") depth++;
    else if (t.text === ")" && --depth < 0) return "none";
    else if (depth === 0 && t.kind === "word") {
      if (t.text === "TOP") return "bounded";
      if (t.text === "WHERE") return alwaysTrue(clause(tokens, i + 1)) ? "always" : "bounded";
    }
  }
  return "none";
}

const ENDS = /^(?:RETURNING|ORDER|LIMIT|OPTION|GROUP|UNION|ON)$/;

function clause(tokens: readonly SqlToken[], from: number): SqlToken[] {
  const out: SqlToken[] = [];
  let depth = 0;
  for (let i = from; i < tokens.length; i++) {
    const t = tokens[i] as SqlToken;
    if (t.text === "(") depth++;
    else if (t.text === ")" && --depth < 0) break;
    else if (depth === 0 && t.kind === "word" && ENDS.test(t.text)) break;
    out.push(t);
  }
  return out;
}

/** True when a condition is a tautology at its top level: any OR branch whose AND parts are all true. */
export function alwaysTrue(tokens: readonly SqlToken[]): boolean {
  const inner = unwrap(tokens);
  if (inner.length === 0) return false;
  const branches = splitAt(inner, (t) => (t.kind === "word" && t.text === "OR") || t.text === "||");
  if (branches.length > 1) return branches.some(alwaysTrue);
  const parts = splitAt(inner, (t) => (t.kind === "word" && t.text === "AND") || t.text === "&&");
  if (parts.length > 1) return parts.every(alwaysTrue);
  return trueAtom(inner);
}

/** Whether one of the WHEREs holds `… OR 1=1` beside a condition: what an injection makes of it, and nobody writes. */
export function openedByOr(tokens: readonly SqlToken[]): boolean {
  return tokens.some((t, i) => t.kind === "word" && t.text === "WHERE" && trueBranch(clause(tokens, i + 1)));
}

function trueBranch(tokens: readonly SqlToken[]): boolean {
  const inner = unwrap(tokens);
  const branches = splitAt(inner, (t) => t.kind === "word" && t.text === "OR");
  if (branches.length > 1) return branches.some(alwaysTrue) || branches.some(trueBranch);
  const parts = splitAt(inner, (t) => t.kind === "word" && t.text === "AND");
  return parts.length > 1 && parts.some(trueBranch);
}

function unwrap(tokens: readonly SqlToken[]): readonly SqlToken[] {
  if (tokens[0]?.text !== "(" || tokens.at(-1)?.text !== ")") return tokens;
  let depth = 0;
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i]?.text === "(") depth++;
    else if (tokens[i]?.text === ")" && --depth === 0 && i < tokens.length - 1) return tokens;
  }
  return unwrap(tokens.slice(1, -1));
}

function splitAt(tokens: readonly SqlToken[], isSplit: (t: SqlToken) => boolean): SqlToken[][] {
  const parts: SqlToken[][] = [[]];
  let depth = 0;
  let between = false;
  for (const t of tokens) {
    if (t.text === "(") depth++;
    else if (t.text === ")") depth--;
    if (t.kind === "word" && t.text === "BETWEEN") between = true;
    if (depth === 0 && isSplit(t)) {
      if (between && t.text === "AND") between = false;
      else {
        parts.push([]);
        continue;
      }
    }
    parts.at(-1)?.push(t);
  }
  return parts;
}

function trueAtom(tokens: readonly SqlToken[]): boolean {
  const [a, op, b, ...rest] = tokens;
  if (a === undefined) return false;
  if (op === undefined) return a.text === "TRUE" || (a.kind === "number" && Number(a.text) !== 0);
  if (a.text === "NOT" && tokens.length === 2) return op.text === "FALSE" || op.text === "0";
  if (b === undefined || rest.length > 0) return false;
  const constants = isConstant(a) && isConstant(b);
  const equal = a.kind === b.kind && a.text === b.text;
  if (op.text === "=" || op.text === "LIKE" || op.text === "<=>")
    return equal || (op.text === "LIKE" && b.text === "'%'");
  if (op.text === "IS") return a.text === "TRUE" && b.text === "TRUE";
  if (!constants || equal) return (op.text === "<=" || op.text === ">=") && equal;
  if (op.text === "<>" || op.text === "!=") return true;
  if (a.kind !== "number" || b.kind !== "number") return false;
  if (op.text === "<" || op.text === "<=") return Number(a.text) < Number(b.text);
  return (op.text === ">" || op.text === ">=") && Number(a.text) > Number(b.text);
}

const isConstant = (t: SqlToken): boolean => t.kind === "number" || t.kind === "string";
