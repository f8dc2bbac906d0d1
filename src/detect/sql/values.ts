/**
 * SQL injection in a value that is not SQL: a fragment that breaks out of the place a query gives it. The value is
 * read three ways, as it would stand bare, in single and in double quotes, and each reading is judged by its tokens.
 * Prose has quotes and the words "or" and "select" too, so every shape asks for more than one sign.
 */
import type { SqlToken } from "./tokens.js";
import { tokenizeSql } from "./tokens.js";
import { looksLikeSql } from "./looks.js";
import { probe, stackedVerb, unionSelect } from "./signs.js";
import { alwaysTrue, openedByOr } from "./where.js";
import { CLAUSES, COMPARE, COMPARISONS, isWord, JOINERS, OPERATORS, VERBS } from "./words.js";

export const SQLI_FACTS = [
  "tautology", // ' OR 1=1
  "condition", // ' AND (SELECT …)>0, a probe that answers yes or no
  "union_select",
  "stacked_query", // '; DROP TABLE users
  "comment_terminator", // admin'--
  "string_break", // a' = 'b, 'a'||'b
  "probe_function", // SLEEP(5), EXTRACTVALUE(…), @@version
  "clause_probe", // ORDER BY 10--, HAVING 1=1, PROCEDURE ANALYSE()
  "in_document", // any of these in a file's content or a letter
  "too_long", // what stands behind its beginning was not read
] as const;
export type SqliFactName = (typeof SQLI_FACTS)[number];

export interface ValueFact {
  readonly analyzer: "sqli";
  readonly fact: SqliFactName;
  readonly start: number;
  readonly end: number;
}

/** A longer value is judged by its beginning: the fragment has to come early to take effect. The rest is told. */
const MAX_VALUE = 16 * 1024;
const MAY_BE =
  /['"`;=()#@]|--|\/\*|\|\||\b(?:union|or|and|having|order|select|between|like|rlike|regexp|limit)\b/i;

/** A query's parameter is a line; a fragment that is broken at its blanks is a few. */
const LINES_OF_DOCUMENT = 5;

/** Facts of one value. At most one per reading: the first sign decides. */
export function valueFacts(text: string): ValueFact[] {
  const value = text.slice(0, MAX_VALUE);
  if (text.length > MAX_VALUE) {
    const rest: ValueFact = { analyzer: "sqli", fact: "too_long", start: MAX_VALUE, end: text.length };
    return [...valueFacts(value), rest];
  }
  if (value.length < 3 || !MAY_BE.test(value)) return [];
  // A whole statement has quotes of its own; it breaks out of nothing.
  const whole = looksLikeSql(value) && !/--\s{0,4}$|#\s{0,4}$/.test(value);
  if (whole && openedByOr(tokenizeSql(value, { hash: true }).filter((t) => t.kind !== "comment")))
    return [{ analyzer: "sqli", fact: "tautology", start: 0, end: text.length }];
  for (const quote of whole ? [""] : ["", "'", '"', "`"]) {
    const from = quote === "" ? 0 : value.indexOf(quote);
    if (from === -1) continue;
    const tokens = reading(value, quote, from);
    const before = value[from - 1];
    const place = before === undefined ? "start" : /[\w)\]]/.test(before) ? "touching" : "apart";
    const fact = judge(tokens, quote, place);
    if (fact === undefined) continue;
    // Code and prose hold all of these signs by chance, once there is enough of them.
    const shown = isDocument(value) ? "in_document" : fact;
    return [{ analyzer: "sqli", fact: shown, start: 0, end: text.length }];
  }
  return [];
}

function isDocument(text: string): boolean {
  let lines = 0;
  for (let from = 0, end = 0; end !== -1 && lines < LINES_OF_DOCUMENT; from = end + 1) {
    end = text.indexOf("\n", from);
    if (/\S/.test(text.slice(from, end === -1 ? undefined : end))) lines++;
  }
  return lines >= LINES_OF_DOCUMENT;
}

/** Tokens after the place the value breaks out of; in the bare reading, all of them. */
function reading(value: string, quote: string, from: number): SqlToken[] {
  const rest = quote === "" ? value : value.slice(from + 1);
  const tokens = tokenizeSql(rest, { hash: true });
  // Inside a double-quoted place, double quotes are strings.
  return quote === '"' ? tokens.map((t) => (t.kind === "quoted" ? { ...t, kind: "string" } : t)) : tokens;
}

/** Where the quote stands: a break-out starts the value or touches what is before it; a quotation stands apart. */
type Place = "start" | "touching" | "apart";

function judge(all: readonly SqlToken[], quote: string, place: Place): SqliFactName | undefined {
  const tokens = all.filter((t) => t.kind !== "executable");
  const quoted = quote !== "";
  const code = tokens.filter((t) => t.kind !== "comment");
  const comments = tokens.length - code.length;
  const union = unionSelect(code);
  if (union && code[0]?.text !== "WITH" && !(code[0]?.text === "SELECT" && code.length > 24))
    return "union_select";
  const stacked = stackedVerb(code, quoted);
  if (stacked) return "stacked_query";
  if (probe(code)) return "probe_function";
  if (quoted) return judgeQuoted(tokens, code, quote, place);
  return judgeBare(tokens, code, comments);
}

function judgeQuoted(
  tokens: readonly SqlToken[],
  code: readonly SqlToken[],
  quote: string,
  place: Place,
): SqliFactName | undefined {
  const commented = tokens.at(-1)?.kind === "comment";
  const body = pastClosers(code);
  const [first, second] = body;
  if (first === undefined || tokens[0]?.kind === "comment") {
    // Nothing follows the quote but a comment: the rest of the query is cut off.
    // "SOAP 1 '#" is a catalogue's shorthand: a break-out touches what it breaks out of.
    const [only] = tokens.length === 1 ? tokens : [];
    if (place === "apart" && only?.text === "#") return undefined;
    // case '---': the quotation ends where it should.
    if (place === "apart" && only?.text.includes(quote) === true) return undefined;
    return tokens.some(endsQuery) ? "comment_terminator" : undefined;
  }
  const joined = isWord(first, JOINERS) || first.text === "||" || first.text === "&&";
  if (
    joined &&
    quote === '"' &&
    (/^(?:MOD|DIV)$/.test(first.text) || (second?.kind === "string" && body.length === 2))
  )
    return undefined;
  if (joined && second !== undefined) return condition(body.slice(1), true);
  if (
    isWord(first, VERBS) &&
    (second?.text.startsWith("@") === true ||
      (code.length > 3 && code.some((t) => /^(?:FROM|INTO|DELAY)$/.test(t.text)) && quote === "'"))
  ) {
    return "stacked_query";
  }
  if (first.text === "IS" && first.kind === "word") {
    const is = second?.text === "NOT" ? body[2] : second;
    return /^(?:NULL|TRUE|FALSE|UNKNOWN|DISTINCT)$/.test(is?.text ?? "") ? "string_break" : undefined;
  }
  // Prose in Markdown: `match(name)` says whether …
  if (quote === "`") return first.text === ";" ? undefined : clause(body, tokens);
  if (isWord(first, COMPARE) && (operand(second, quote) || isWord(second, COMPARE))) {
    return quote === "'" || body.length > 2 ? "string_break" : undefined;
  }
  const compares = first.kind === "op" && COMPARISONS.has(first.text);
  const closes =
    body.some((t) => t.kind === "string") ||
    second?.text.startsWith("@") === true ||
    (commented && second?.kind !== "word");
  const arithmetic = first.kind === "op" && OPERATORS.has(first.text) && !COMPARISONS.has(first.text);
  // "4'+X+4'+WOOD" adds feet and inches; what is added to a query is a value or a call.
  const names = second?.kind === "word" && !second.text.startsWith("@") && body[2]?.text !== "(";
  const mere = second?.kind === "string" && /^'{3,}$/.test(second.text);
  const computes =
    arithmetic &&
    !names &&
    !mere &&
    quote === "'" &&
    first.text !== "/" &&
    (place === "touching" ? closes : place === "start" && second?.kind === "string");
  if (computes && second !== undefined) return "string_break";
  const right = /^[-+~!]$/.test(second?.text ?? "") ? body[2] : second;
  if (
    compares &&
    place !== "apart" &&
    operand(right, quote) &&
    (quote === "'" || right?.kind === "string" || commented)
  )
    return "string_break";
  if (first.text === ";" && body.length === 1)
    return tokens.some((t) => t.kind === "comment") ? "comment_terminator" : undefined;
  return clause(body, tokens);
}

function judgeBare(
  tokens: readonly SqlToken[],
  code: readonly SqlToken[],
  comments: number,
): SqliFactName | undefined {
  // " ( SELECT … )  --": an expression, and the rest of the query cut off.
  if (code[0]?.text === "(" && code.length > 3 && /^--\s{0,8}$/.test(tokens.at(-1)?.text ?? ""))
    return "comment_terminator";
  if (code[0]?.kind === "number" || code[0]?.text === "(" || code[0]?.text === "-") {
    if (code.some((t, i) => t.text === "(" && code[i + 1]?.text === "SELECT")) return "condition";
    if (code.length > 1 && code.at(-1)?.text === "UNION" && code.at(-1)?.kind === "word")
      return "union_select";
  }
  if (code[0]?.text === "SELECT" && code.at(-1)?.text === "WHERE") return "union_select";
  if (code[0]?.text === "SELECT" && code[1]?.kind === "number" && code[2]?.text === ",")
    return "union_select";
  if (
    code[0]?.kind === "number" &&
    isWord(code[1], VERBS) &&
    code.slice(2).some((t) => /^(?:FROM|SET|INTO|TABLE|DATABASE)$/.test(t.text)) &&
    code.some((t) => t.kind === "op" && /^[=*(]$/.test(t.text))
  ) {
    return "stacked_query";
  }
  const at = valueEnd(code);
  if (at === -1) return undefined;
  const body = pastClosers(code.slice(at));
  const [first, second] = body;
  if (first === undefined) {
    const last = tokens.at(-1);
    return comments > 0 && at === 1 && code[0]?.kind === "number" && last?.kind === "comment"
      ? "comment_terminator"
      : undefined;
  }
  const joined = isWord(first, JOINERS) || first.text === "||" || first.text === "&&";
  const calls = first.text === "||" && second?.kind === "word" && body[2]?.text === "(";
  if (calls) return "condition";
  const [, a, is, b] = body;
  if (
    joined &&
    at === 1 &&
    code[0]?.kind === "number" &&
    a?.kind === "word" &&
    is?.text === "=" &&
    b?.kind === "word"
  )
    return "condition";
  if (joined && second !== undefined) return condition(body.slice(1), false);
  return clause(body, tokens);
}

/** A comment that cuts the rest of a query off, not "7\" #2 needles" or a dash between clauses. */
function endsQuery(t: SqlToken, _: number, all: readonly SqlToken[]): boolean {
  const first = all[0] === t || all[0]?.text === ")" || all[0]?.text === ";";
  return t.kind === "comment" && first && /^(?:--|#|\/\*)[^\p{L}\d]{0,40}$|^--\S{1,40}$|^\/\*/u.test(t.text);
}

/** Where the value proper ends in the bare reading: a number, a string, a word or a parenthesis; -1 for prose. */
function valueEnd(code: readonly SqlToken[]): number {
  let i = 0;
  while (
    code[i]?.text === "-" ||
    code[i]?.text === "+" ||
    code[i]?.text === "(" ||
    code[i]?.text === "!" ||
    code[i]?.text === "~"
  )
    i++;
  const t = code[i];
  if (t === undefined) return -1;
  if (isWord(t, JOINERS) || t.text === ")" || t.text === "||" || t.text === "&&" || isWord(t, CLAUSES))
    return i;
  return i + 1;
}

function pastClosers(code: readonly SqlToken[]): readonly SqlToken[] {
  let i = 0;
  while (code[i]?.text === ")") i++;
  return code.slice(i);
}

/** A value: a number, a string in the quote that was broken out of, a variable or a parenthesis. */
const operand = (t: SqlToken | undefined, quote = "'"): boolean =>
  t !== undefined &&
  (t.kind === "number" ||
    /^@\w/.test(t.text) ||
    t.text === "(" ||
    t.kind === (quote === "`" ? "quoted" : "string"));

/** What follows OR or AND: true of everything, or at least a condition and not prose. */
function condition(rest: readonly SqlToken[], quoted: boolean): SqliFactName | undefined {
  const until = rest.findIndex((t) => t.text === ";");
  const unary = rest.findIndex((t) => !/^[-+~!]$/.test(t.text));
  const body = trimClosers(rest.slice(Math.max(unary, 0), until === -1 ? undefined : until));
  if (body.length === 0) return undefined;
  // "1950 or 1960" is a range of years.
  if (!quoted && body.length === 1 && body[0]?.kind === "number" && !/^[01]$/.test(body[0].text))
    return undefined;
  if (alwaysTrue(body) || alwaysTrue(openString(body))) return "tautology";
  // "or 1 group by concat(version(), …) having min(0)" answers through an error message.
  const grouped = body.some((t, i) => t.text === "GROUP" && t.kind === "word" && body[i + 1]?.text === "BY");
  if (grouped && body.some((t) => t.text === "(")) return "condition";
  const [a, b, c] = body;
  if (
    a?.kind === "word" &&
    /^(?:NOT|EXISTS|CASE|IF|SELECT)$/.test(a.text) &&
    (b?.text === "(" || b?.kind === "number")
  )
    return "condition";
  if (a?.text === "(" && (b?.text === "SELECT" || b?.kind === "number" || b?.kind === "string"))
    return "condition";
  const compares = (t: SqlToken | undefined): boolean =>
    (t?.kind === "op" && OPERATORS.has(t.text)) || isWord(t, COMPARE);
  const compared = body.some((t) => (t.kind === "op" && COMPARISONS.has(t.text)) || isWord(t, COMPARE));
  if ((a?.kind === "number" || a?.kind === "string") && compares(b) && (quoted || compared))
    return "condition";
  if (a?.text === "(" && compared && body.length > 3) return "condition";
  // A call: between a name and a remark in parentheses stands a space.
  const called = a?.kind === "word" && b?.text === "(" && (quoted || a.end === b.start);
  if (called && body.some((t) => compares(t))) return "condition";
  const right = /^[-+~!]$/.test(c?.text ?? "") ? body[3] : c;
  if (quoted && a?.kind === "word" && compares(b) && right !== undefined && operand(right))
    return "condition";
  if (a?.kind === "word" && b?.text === "=" && (c?.kind === "number" || c?.kind === "string"))
    return "condition";
  if (quoted && (a?.kind === "number" || a?.kind === "string") && b === undefined) return "condition";
  if (quoted && a?.text === "(") return "condition";
  return undefined;
}

/** `'a'='a` is closed by the query's own quote. */
function openString(body: readonly SqlToken[]): readonly SqlToken[] {
  const last = body.at(-1);
  const open = last?.text[0] ?? "";
  if (last?.kind !== "string" || open !== "'" || (last.text.length > 1 && last.text.endsWith(open)))
    return body;
  return [...body.slice(0, -1), { ...last, text: last.text + open }];
}

function trimClosers(body: readonly SqlToken[]): readonly SqlToken[] {
  let depth = 0;
  const end = body.findIndex((t) =>
    t.text === "(" ? (depth++, false) : t.text === ")" ? --depth < 0 : false,
  );
  return end === -1 ? body : body.slice(0, end);
}

/** Clauses that probe a query's shape. */
function clause(body: readonly SqlToken[], tokens: readonly SqlToken[]): SqliFactName | undefined {
  const [a, b, c] = body;
  if (a?.kind !== "word") return undefined;
  const commented = tokens.at(-1)?.kind === "comment";
  const constant = body.some(
    (t, i) => /^[=<>]/.test(t.text) && /^(?:number|string)$/.test(body[i - 1]?.kind ?? ""),
  );
  if (a.text === "HAVING" && (constant || commented)) return "clause_probe";
  if ((a.text === "ORDER" || a.text === "GROUP") && b?.text === "BY" && (c?.kind === "number" || commented))
    return "clause_probe";
  if (a.text === "LIMIT" && b?.kind === "number" && (c !== undefined || commented)) return "clause_probe";
  if (a.text === "PROCEDURE" && b?.text === "ANALYSE") return "clause_probe";
  if (a.text === "INTO" && /^(?:OUTFILE|DUMPFILE)$/.test(b?.text ?? "")) return "clause_probe";
  if (a.text === "WHERE" && body.some((t) => t.kind === "op" && /^[=<>]/.test(t.text)) && commented)
    return "clause_probe";
  return undefined;
}
