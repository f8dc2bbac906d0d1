import type { SqlToken } from "./tokens.js";

/** One statement: its tokens without comments, and where it stands. */
export interface SqlStatement {
  readonly tokens: readonly SqlToken[];
  readonly start: number;
  readonly end: number;
  /** Its verb, past EXPLAIN, CTEs and opening parentheses: SELECT, DELETE, DROP… ("" when there is none). */
  readonly verb: string;
  /** Index of the verb in `tokens`. */
  readonly verbAt: number;
  /** True under EXPLAIN without ANALYZE: planned, not run. */
  readonly planned: boolean;
}

/** Splits at semicolons, and at GO on a line of its own position (SQL Server). Bodies in BEGIN … END split too. */
export function splitStatements(tokens: readonly SqlToken[]): SqlStatement[] {
  const statements: SqlStatement[] = [];
  let current: SqlToken[] = [];
  const flush = (): void => {
    const [first] = current;
    const last = current.at(-1);
    if (first !== undefined && last !== undefined) {
      statements.push({ tokens: current, start: first.start, end: last.end, ...verbOf(current) });
    }
    current = [];
  };
  for (const token of tokens) {
    if (token.kind === "comment" || token.kind === "executable") continue;
    if (token.kind === "op" && token.text === ";") flush();
    else current.push(token);
  }
  flush();
  return statements;
}

const OPENERS = new Set(["BEGIN", "THEN", "ELSE", "DO", "ATOMIC", "LOOP"]);

function verbOf(tokens: readonly SqlToken[]): { verb: string; verbAt: number; planned: boolean } {
  let at = 0;
  let planned = false;
  const word = (i: number): string => (tokens[i]?.kind === "word" ? (tokens[i] as SqlToken).text : "");
  for (;;) {
    if (tokens[at]?.text === "(" || tokens[at]?.text === "{") at++;
    else if (
      word(at) === "EXPLAIN" ||
      ((word(at) === "DESC" || word(at) === "DESCRIBE") && isVerb(word(at + 1)))
    ) {
      planned = true;
      at++;
      for (let depth = 0; at < tokens.length; at++) {
        if (tokens[at]?.text === "(") depth++;
        else if (tokens[at]?.text === ")") depth--;
        else if (/^ANALY[ZS]E$/.test(word(at))) planned = false;
        else if (depth === 0 && (isVerb(word(at)) || word(at) === "WITH")) break;
      }
    } else if (word(at) === "WITH") {
      const next = pastCtes(tokens, at + 1);
      if (next === -1) return { verb: "WITH", verbAt: at, planned };
      at = next;
    } else if (OPENERS.has(word(at)) && isVerb(word(at + 1))) at++;
    else return { verb: word(at), verbAt: Math.min(at, tokens.length - 1), planned };
  }
}

/** The verb after `WITH a AS (…), b AS (…)`, at the outer depth. */
function pastCtes(tokens: readonly SqlToken[], from: number): number {
  let depth = 0;
  for (let i = from; i < tokens.length; i++) {
    const t = tokens[i] as SqlToken;
    if (t.text === "(") depth++;
    else if (t.text === ")") depth--;
    else if (
      depth === 0 &&
      t.kind === "word" &&
      /^(?:SELECT|INSERT|UPDATE|DELETE|MERGE|REPLACE|FROM|VALUES|TABLE)$/.test(t.text)
    ) {
      return i;
    }
  }
  return -1;
}

const VERB =
  /^(?:SELECT|INSERT|UPDATE|DELETE|MERGE|REPLACE|DROP|TRUNCATE|ALTER|GRANT|REVOKE|CREATE|EXEC|EXECUTE|CALL)$/;
const isVerb = (word: string): boolean => VERB.test(word);
