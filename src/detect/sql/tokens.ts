/** A small SQL tokenizer that several dialects can share. It never fails: what it cannot read is an `unknown` token. */
export type SqlKind = "word" | "quoted" | "string" | "number" | "op" | "comment" | "executable" | "unknown";

export interface SqlToken {
  readonly kind: SqlKind;
  /** Words in upper case; quoted identifiers without quotes; everything else as written. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface SqlOptions {
  /** Read `\'` as an escaped quote, as MySQL and BigQuery do; others end the string there. */
  readonly backslash?: boolean;
  /** Read `#` as a comment (MySQL). */
  readonly hash?: boolean;
}

const SPACE = /\s{1,65536}/y;
const WORD = /[\p{L}_@$][\p{L}\p{N}_$@#]{0,1024}/uy;
const NUMBER = /0[xX][0-9a-fA-F]{0,65536}|\d{1,4096}(?:\.\d{0,4096})?(?:[eE][+-]?\d{1,16})?|\.\d{1,4096}/y;
const OP = /\|\||&&|<=>|<>|!=|<=|>=|:=|::|->>|->|[-+*/%=<>!~^&|(),;.:?[\]{}@#\\$]/y;

/** Tokens of a text, comments included, white space not. */
export function tokenizeSql(text: string, options: SqlOptions = {}): SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  const push = (kind: SqlKind, end: number, value = text.slice(at, end)): void => {
    tokens.push({ kind, text: value, start: at, end });
    at = end;
  };
  const sticky = (regex: RegExp): number => {
    regex.lastIndex = at;
    return regex.test(text) ? regex.lastIndex : -1;
  };
  while (at < text.length) {
    const space = sticky(SPACE);
    if (space !== -1) {
      at = space;
      continue;
    }
    const c = text[at] as string;
    const two = text.slice(at, at + 2);
    if (two === "--" || (c === "#" && options.hash === true)) push("comment", lineEnd(text, at));
    else if (two === "/*") {
      // MySQL runs what stands in /*! … */; so its content is tokenised, and the trick itself is a token.
      const head = /^\/\*M?!(?:\d{5,6})?/.exec(text.slice(at, at + 10));
      if (head === null) push("comment", commentEnd(text, at));
      else push("executable", at + head[0].length);
    } else if (two === "*/") push("comment", at + 2);
    else if (c === "'") push("string", quoteEnd(text, at, "'", options.backslash === true));
    else if (/[eEnNbBxXrR]/.test(c) && text[at + 1] === "'") {
      const escapes = /[eErR]/.test(c) || options.backslash === true;
      push("string", quoteEnd(text, at + 1, "'", escapes));
    } else if (c === '"' || c === "`") {
      const end = quoteEnd(text, at, c, false);
      push("quoted", end, text.slice(at + 1, text[end - 1] === c && end - at > 1 ? end - 1 : end));
    } else if (c === "$" && /^\$(?:[A-Za-z_]\w{0,62})?\$/.test(text.slice(at, at + 66))) {
      const tag = (/^\$\w{0,63}\$/.exec(text.slice(at, at + 66)) as RegExpExecArray)[0];
      const close = text.indexOf(tag, at + tag.length);
      push("string", close === -1 ? text.length : close + tag.length);
    } else {
      const number = sticky(NUMBER);
      const word = number === -1 ? sticky(WORD) : -1;
      const op = number === -1 && word === -1 ? sticky(OP) : -1;
      if (number !== -1) push("number", number);
      else if (word !== -1) push("word", word, text.slice(at, word).toUpperCase());
      else if (op !== -1) push("op", op);
      else push("unknown", at + 1);
    }
  }
  return tokens;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end;
}

/** Block comments nest in PostgreSQL and SQL Server; elsewhere an inner opener is just text, so both ends are looked at. */
function commentEnd(text: string, at: number): number {
  const end = text.indexOf("*/", at + 2);
  return end === -1 ? text.length : end + 2;
}

function quoteEnd(text: string, open: number, quote: string, backslash: boolean): number {
  for (let i = open + 1; i < text.length; i++) {
    const c = text[i];
    if (c === "\\" && backslash) i++;
    else if (c === quote) {
      if (text[i + 1] !== quote) return i + 1;
      i++;
    }
  }
  return text.length;
}
