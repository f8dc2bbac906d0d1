import type { View } from "./view.js";
import { replaceView } from "./build.js";

const PERCENT_RUN = /(?:%[0-9a-fA-F]{2}){1,2048}|%u[0-9a-fA-F]{4}/g;
const ESCAPE = /\\u\{[0-9a-fA-F]{1,6}\}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\[0-3][0-7]{2}|\\[nrt]/g;
const ENTITY = /&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,6});?/g;
const NAMED: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
  nbsp: " ",
  sol: "/",
  colon: ":",
  semi: ";",
  lpar: "(",
  rpar: ")",
  num: "#",
  tab: "\t",
  excl: "!",
  dollar: "$",
  percnt: "%",
  commat: "@",
  period: ".",
  equals: "=",
};

/** `%27%20OR` as `' OR`. Overlong UTF-8 (`%C0%AF`), which old servers read as ASCII, is read so here too. */
export function decodePercent(text: string): View | undefined {
  return replaceView(text, PERCENT_RUN, (run) => {
    if (run[1] === "u") return codePoint(parseInt(run.slice(2), 16));
    const bytes = Uint8Array.from(run.slice(1).split("%"), (h) => parseInt(h, 16));
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      return lenientUtf8(bytes);
    }
  });
}

/** `\u0069gnore`, `\x69`, `\151` as the letters they stand for; `\n` and its like as the space they are. */
export function decodeEscapes(text: string): View | undefined {
  return replaceView(text, ESCAPE, (escape) => {
    if (escape[1] === "u" || escape[1] === "x")
      return codePoint(parseInt(escape.slice(2).replace(/[{}]/g, ""), 16));
    if (/[nrt]/.test(escape[1] ?? "")) return " ";
    return codePoint(parseInt(escape.slice(1), 8));
  });
}

/** HTML entities, named and numeric, with or without the semicolon. */
export function decodeEntities(text: string): View | undefined {
  return replaceView(text, ENTITY, (entity) => {
    const name = entity.slice(1).replace(/;$/, "");
    if (name[0] !== "#") return entity.endsWith(";") ? NAMED[name.toLowerCase()] : undefined;
    const hex = name[1] === "x" || name[1] === "X";
    return codePoint(parseInt(name.slice(hex ? 2 : 1), hex ? 16 : 10));
  });
}

function codePoint(code: number): string | undefined {
  return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
    ? String.fromCodePoint(code)
    : undefined;
}

function lenientUtf8(bytes: Uint8Array): string {
  let out = "";
  for (let i = 0; i < bytes.length; i++) {
    const b = bytes[i] as number;
    const next = bytes[i + 1];
    if ((b === 0xc0 || b === 0xc1) && next !== undefined) {
      out += String.fromCharCode(((b & 0x1f) << 6) | (next & 0x3f));
      i++;
    } else out += String.fromCharCode(b);
  }
  return out;
}
