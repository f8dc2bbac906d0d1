/**
 * A small POSIX/bash lexer. It undoes what hides a word from a pattern: quotes, backslashes (`r\m`), `$'…'`,
 * `${IFS}`; and it finds the commands inside substitutions, subshells and pipes. It never fails.
 */
import { echoed } from "./echo.js";
import type { Redirect, ShellWord, SimpleCommand } from "./syntax.js";
import { unescapeAnsi } from "./syntax.js";

/** Nesting of substitutions; deeper text is left as a dynamic word. */
const MAX_DEPTH = 8;
const KEYWORDS = new Set([
  "if",
  "then",
  "else",
  "elif",
  "fi",
  "do",
  "done",
  "while",
  "until",
  "!",
  "{",
  "}",
  "time",
  "coproc",
]);

/** The simple commands of a text, those inside substitutions included, in the order they are met. */
export function parseShell(text: string, offset = 0, depth = 0): SimpleCommand[] {
  return new Lexer(text, offset, depth).run();
}

class Lexer {
  at = 0;
  readonly commands: SimpleCommand[] = [];
  words: ShellWord[] = [];
  redirects: Redirect[] = [];
  input: { text: string; start: number } | undefined;
  heredocs: { end: string; strip: boolean; owner?: { input?: string; inputStart?: number } }[] = [];
  pipedFrom: SimpleCommand | undefined;

  constructor(
    readonly text: string,
    readonly offset: number,
    readonly depth: number,
  ) {}

  run(): SimpleCommand[] {
    while (this.at < this.text.length) this.step();
    this.finish(false);
    return this.commands;
  }

  step(): void {
    const c = this.text[this.at] as string;
    const two = this.text.slice(this.at, this.at + 2);
    if (c === "\n") {
      this.at++;
      this.finish(false);
      this.readHeredocs();
    } else if (c === " " || c === "\t" || c === "\r") this.at++;
    else if (two === "\\\n") this.at += 2;
    else if (c === "#") {
      const end = this.text.indexOf("\n", this.at);
      this.at = end === -1 ? this.text.length : end;
    } else if (two === "&&" || two === "||" || two === ";;") this.operator(2, false);
    else if (two === "|&") this.operator(2, true);
    else if (c === "|") this.operator(1, true);
    else if (two === "&>") this.redirect();
    else if (c === "&" || c === ";" || c === "(" || c === ")") this.operator(1, false);
    else if ((c === "<" || c === ">") && this.text[this.at + 1] !== "(") this.redirect();
    else if (/\d/.test(c) && /^\d{1,3}[<>]/.test(this.text.slice(this.at, this.at + 4))) this.redirect();
    else this.words.push(this.word());
  }

  operator(length: number, pipe: boolean): void {
    this.at += length;
    this.finish(pipe);
  }

  finish(pipe: boolean): void {
    while (this.words[0] !== undefined && !this.words[0].quoted && KEYWORDS.has(this.words[0].text))
      this.words.shift();
    const first = this.words[0];
    const last = this.words.at(-1);
    if (first !== undefined && last !== undefined) {
      const command: SimpleCommand & { input?: string; inputStart?: number } = {
        words: this.words,
        redirects: this.redirects,
        start: first.start,
        end: Math.max(last.end, this.redirects.at(-1)?.target.end ?? 0),
        ...(this.pipedFrom !== undefined && { pipedFrom: this.pipedFrom }),
        ...(this.input !== undefined && { input: this.input.text, inputStart: this.input.start }),
      };
      for (const doc of this.heredocs) doc.owner ??= command;
      this.commands.push(command);
      this.pipedFrom = pipe ? command : undefined;
    } else if (this.redirects.length > 0) {
      this.commands.push({
        words: [],
        redirects: this.redirects,
        start: this.offset,
        end: this.offset + this.at,
      });
    } else if (!pipe) this.pipedFrom = undefined;
    this.words = [];
    this.redirects = [];
    this.input = undefined;
  }

  redirect(): void {
    const m = /^\d{0,3}(?:&>>?|<<<|<<-?|<>|>>|>\||[<>]&?)/.exec(this.text.slice(this.at, this.at + 6));
    const op = (m?.[0] ?? ">").replace(/^\d+/, "");
    this.at += m?.[0].length ?? 1;
    while (this.text[this.at] === " " || this.text[this.at] === "\t") this.at++;
    const target = this.word();
    if (op === "<<<") this.input = { text: target.text, start: target.start };
    else if (op === "<<" || op === "<<-") {
      this.heredocs.push({ end: target.text, strip: op === "<<-" });
    }
    this.redirects.push({ op, target });
  }

  readHeredocs(): void {
    for (const doc of this.heredocs) {
      const start = this.at;
      let line = this.at;
      while (line < this.text.length) {
        const end = this.text.indexOf("\n", line);
        const stop = end === -1 ? this.text.length : end;
        const content = this.text.slice(line, stop);
        if ((doc.strip ? content.replace(/^\t+/, "") : content) === doc.end) {
          this.give(doc.owner, start, line);
          this.at = Math.min(stop + 1, this.text.length);
          break;
        }
        line = stop + 1;
        if (line >= this.text.length) {
          this.give(doc.owner, start, this.text.length);
          this.at = this.text.length;
        }
      }
    }
    this.heredocs = [];
  }

  give(owner: { input?: string; inputStart?: number } | undefined, start: number, end: number): void {
    if (owner === undefined) return;
    owner.input = this.text.slice(start, end);
    owner.inputStart = start + this.offset;
  }

  word(): ShellWord {
    const start = this.at;
    let out = "";
    let dynamic = false;
    let quoted = false;
    scan: while (this.at < this.text.length) {
      const c = this.text[this.at] as string;
      switch (c) {
        case " ":
        case "\t":
        case "\r":
        case "\n":
        case ";":
        case "|":
        case ")":
          break scan;
        case "&":
          break scan;
        case "<":
        case ">":
          if (this.text[this.at + 1] !== "(") break scan;
          this.at += 2;
          this.nested(")");
          dynamic = true;
          out += `${c}(…)`;
          break;
        case "(":
          // An array or a function's parentheses: what is inside is read as commands.
          break scan;
        case "\\":
          if (this.text[this.at + 1] !== "\n") out += this.text[this.at + 1] ?? "";
          this.at += 2;
          break;
        case "'":
          quoted = true;
          out += this.until("'");
          break;
        case '"': {
          quoted = true;
          const part = this.doubleQuoted();
          out += part.text;
          dynamic ||= part.dynamic;
          break;
        }
        case "`":
          this.at++;
          out += this.nested("`");
          dynamic = true;
          break;
        case "$": {
          const substituted = this.text.startsWith("$(", this.at);
          const part = this.dollar();
          if (part === " " && !substituted) {
            // $IFS separates words: `cat${IFS}/etc/passwd`.
            if (out !== "")
              this.words.push({
                text: out,
                start: start + this.offset,
                end: this.at + this.offset,
                dynamic,
                quoted,
              });
            out = "";
          } else {
            dynamic ||= substituted || part.startsWith("$");
            out += part;
          }
          break;
        }
        default:
          out += c;
          this.at++;
      }
    }
    if (this.at === start) {
      this.at++;
      out = this.text[start] ?? "";
    }
    return {
      text: out,
      start: start + this.offset,
      end: Math.min(this.at, this.text.length) + this.offset,
      dynamic,
      quoted,
    };
  }

  until(close: string): string {
    const end = this.text.indexOf(close, this.at + 1);
    const inner = this.text.slice(this.at + 1, end === -1 ? this.text.length : end);
    this.at = end === -1 ? this.text.length : end + 1;
    return inner;
  }

  doubleQuoted(): { text: string; dynamic: boolean } {
    let out = "";
    let dynamic = false;
    this.at++;
    while (this.at < this.text.length && this.text[this.at] !== '"') {
      const c = this.text[this.at] as string;
      if (c === "\\") {
        const next = this.text[this.at + 1] ?? "";
        out += '$`"\\\n'.includes(next) ? next : `\\${next}`;
        this.at += 2;
      } else if (c === "`") {
        this.at++;
        out += this.nested("`");
        dynamic = true;
      } else if (c === "$") {
        const substituted = this.text.startsWith("$(", this.at);
        const part = this.dollar();
        dynamic ||= substituted || part.startsWith("$");
        out += part;
      } else {
        out += c;
        this.at++;
      }
    }
    this.at++;
    return { text: out, dynamic };
  }

  /** At a `$`: its value where it is known, else the expansion as written. */
  dollar(): string {
    const rest = this.text.slice(this.at, this.at + 2);
    if (rest === "$(") {
      this.at += 2;
      if (this.text[this.at] === "(") return this.arithmetic();
      return this.nested(")");
    }
    if (rest === "$'") {
      this.at++;
      const from = this.at + 1;
      let end = from;
      while (end < this.text.length && this.text[end] !== "'") end += this.text[end] === "\\" ? 2 : 1;
      this.at = Math.min(end + 1, this.text.length);
      return unescapeAnsi(this.text.slice(from, end));
    }
    const m = /^\$(?:\{[^}]{0,200}\}|[A-Za-z_]\w{0,60}|[0-9@*#?$!-])?/.exec(
      this.text.slice(this.at, this.at + 210),
    );
    const expansion = m?.[0] ?? "$";
    this.at += expansion.length;
    if (/^\$\{?IFS\b/.test(expansion)) return " ";
    // $@ and $1 are empty in a command line of its own: `r$@m` is rm.
    if (expansion === "$@" || expansion === "$*" || /^\$[1-9]$/.test(expansion)) {
      return /\w/.test(this.text[this.at] ?? "") ? "" : expansion;
    }
    return expansion;
  }

  arithmetic(): string {
    const end = this.text.indexOf("))", this.at);
    this.at = end === -1 ? this.text.length : end + 2;
    return "$((…))";
  }

  /** Reads a substitution up to `close` and adds the commands in it. What it becomes, where the text says. */
  nested(close: string): string {
    const start = this.at;
    let level = 1;
    while (this.at < this.text.length) {
      const c = this.text[this.at] as string;
      if (c === "\\") this.at++;
      else if (c === "'" && close === ")") {
        const end = this.text.indexOf("'", this.at + 1);
        if (end !== -1) this.at = end;
      } else if (close === ")" && c === "(") level++;
      else if (c === close && --level === 0) break;
      this.at++;
    }
    const inner = this.text.slice(start, this.at);
    this.at++;
    if (this.depth < MAX_DEPTH) {
      const unescaped = close === "`" ? inner.replace(/\\([`$\\])/g, " $1").replace(/^ /, " ") : inner;
      this.commands.push(...parseShell(unescaped, start + this.offset, this.depth + 1));
    }
    return echoed(inner) ?? "$(…)";
  }
}
