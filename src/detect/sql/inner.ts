/** SQL that stands as text inside SQL and runs with it: EXEC('…'), EXECUTE IMMEDIATE '…', PREPARE … FROM '…', DO $$…$$. */
import type { SqlStatement } from "./statements.js";

/** A text that will run, where it stands in the statement around it. */
export interface InnerSql {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const RUNS = /^(?:EXEC|EXECUTE|PREPARE|DO|SP_EXECUTESQL|SP_PREPARE)$/;

/** The literals of a statement that runs its literals. Pieces joined by + or || are joined: 'dr' + 'op'. */
export function innerSql({ tokens, verb }: SqlStatement): readonly InnerSql[] {
  if (!RUNS.test(verb) && !tokens.some((t) => t.kind === "word" && t.text === "SP_EXECUTESQL")) return [];
  const found: { text: string; start: number; end: number }[] = [];
  tokens.forEach((t, i) => {
    if (t.kind !== "string") return;
    const text = unquoted(t.text);
    const last = found.at(-1);
    const joins = /^(?:\+|\|\|)$/.test(tokens[i - 1]?.text ?? "") && tokens[i - 2]?.end === last?.end;
    if (joins && last !== undefined) {
      last.text += text;
      last.end = t.end;
    } else found.push({ text, start: t.start, end: t.end });
  });
  return found;
}

function unquoted(literal: string): string {
  const tag = /^\$\w{0,63}\$/.exec(literal)?.[0];
  if (tag !== undefined) return literal.slice(tag.length, literal.endsWith(tag) ? -tag.length : undefined);
  return literal
    .replace(/^[A-Za-z]?'/, "")
    .replace(/'$/, "")
    .replaceAll("''", "'");
}
