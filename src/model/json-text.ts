/**
 * JSON as text with positions. Results are forwarded as the bytes they were; when a decision changes one leaf,
 * only that leaf's characters are replaced, so 9007199254740993, 1.10, -0, key order and white space survive.
 */
import { SallyportError } from "./errors.js";

/** Deeply nested documents exhaust the stack of whoever parses them next; no honest tool nests this far. */
export const MAX_JSON_DEPTH = 256;

export interface JsonNode {
  readonly kind: "object" | "array" | "string" | "number" | "literal";
  readonly start: number;
  readonly end: number;
  /** Elements of an array, or values of an object. */
  readonly children: readonly JsonNode[];
  /** Decoded keys of an object, parallel to `children`. */
  readonly keys: readonly string[];
  /** Start of each key token of an object, parallel to `children`. */
  readonly keyStarts: readonly number[];
}

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const NONE: readonly never[] = [];
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// Control characters may not stand raw in a JSON string (RFC 8259 §7).
// oxlint-disable-next-line no-control-regex
const PLAIN = /[^"\\\u0000-\u001f]*/y;

class Parser {
  at = 0;
  constructor(
    readonly text: string,
    readonly refuseDuplicates: boolean,
  ) {}

  fail(what: string): never {
    throw new SallyportError("json_invalid", `${what} at character ${this.at}`);
  }

  space(): void {
    for (; this.at < this.text.length; this.at++) {
      const c = this.text.charCodeAt(this.at);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
    }
  }

  value(depth: number): JsonNode {
    if (depth > MAX_JSON_DEPTH) this.fail(`nested deeper than ${MAX_JSON_DEPTH}`);
    const c = this.text.charCodeAt(this.at);
    if (c === 0x7b) return this.object(depth);
    if (c === 0x5b) return this.array(depth);
    const start = this.at;
    if (c === 0x22) {
      this.skipString();
      return leaf("string", start, this.at);
    }
    if (c === 0x2d || (c >= 0x30 && c <= 0x39)) {
      NUMBER.lastIndex = start;
      const m = NUMBER.exec(this.text);
      if (m === null) this.fail("bad number");
      this.at = NUMBER.lastIndex;
      return leaf("number", start, this.at);
    }
    for (const word of ["true", "false", "null"]) {
      if (this.text.startsWith(word, start)) {
        this.at += word.length;
        return leaf("literal", start, this.at);
      }
    }
    return this.fail("unexpected character");
  }

  skipString(): void {
    this.at++;
    for (;;) {
      PLAIN.lastIndex = this.at;
      PLAIN.test(this.text);
      this.at = PLAIN.lastIndex;
      const c = this.text.charCodeAt(this.at);
      if (c === 0x22) {
        this.at++;
        return;
      }
      if (c !== 0x5c) this.fail("unterminated string or raw control character");
      const e = this.text[this.at + 1] ?? "";
      if (e === "u") {
        if (!/^[0-9a-fA-F]{4}$/.test(this.text.slice(this.at + 2, this.at + 6))) this.fail("bad \\u escape");
        this.at += 6;
      } else if (e !== "" && '"\\/bfnrt'.includes(e)) this.at += 2;
      else this.fail("bad escape");
    }
  }

  array(depth: number): JsonNode {
    const start = this.at++;
    const children: JsonNode[] = [];
    this.space();
    if (this.text[this.at] === "]") this.at++;
    else
      for (;;) {
        this.space();
        children.push(this.value(depth + 1));
        this.space();
        const c = this.text[this.at++];
        if (c === "]") break;
        if (c !== ",") this.fail("expected , or ]");
      }
    return { kind: "array", start, end: this.at, children, keys: NONE, keyStarts: NONE };
  }

  object(depth: number): JsonNode {
    const start = this.at++;
    const children: JsonNode[] = [];
    const keys: string[] = [];
    const keyStarts: number[] = [];
    const seen = this.refuseDuplicates ? new Set<string>() : undefined;
    this.space();
    if (this.text[this.at] === "}") this.at++;
    else
      for (;;) {
        this.space();
        if (this.text[this.at] !== '"') this.fail("expected a key");
        const keyStart = this.at;
        this.skipString();
        const key = decodeString(this.text, keyStart, this.at);
        if (seen?.has(key)) this.fail(`duplicate key ${JSON.stringify(key.slice(0, 64))}`);
        seen?.add(key);
        this.space();
        if (this.text[this.at++] !== ":") this.fail("expected :");
        this.space();
        keys.push(key);
        keyStarts.push(keyStart);
        children.push(this.value(depth + 1));
        this.space();
        const c = this.text[this.at++];
        if (c === "}") break;
        if (c !== ",") this.fail("expected , or }");
      }
    return { kind: "object", start, end: this.at, children, keys, keyStarts };
  }
}

function leaf(kind: JsonNode["kind"], start: number, end: number): JsonNode {
  return { kind, start, end, children: NONE, keys: NONE, keyStarts: NONE };
}

/**
 * Parses one whole JSON document. Throws SallyportError `json_invalid`.
 * `refuseDuplicates`: two equal keys in one object are an error, because two parsers may each take another one.
 */
export function parseJsonText(text: string, options: { refuseDuplicates?: boolean } = {}): JsonNode {
  const parser = new Parser(text, options.refuseDuplicates ?? false);
  parser.space();
  const node = parser.value(0);
  parser.space();
  if (parser.at !== text.length) parser.fail("text after the document");
  return node;
}

/** The value of the string token at [start, end), quotes included. */
export function decodeString(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes("\\") ? (JSON.parse(text.slice(start, end)) as string) : inner;
}

/** The child of an object under `key` (the last one, as JSON.parse would take), or undefined. */
export function member(node: JsonNode, key: string): JsonNode | undefined {
  const at = node.keys.lastIndexOf(key);
  return at === -1 ? undefined : node.children[at];
}

/** Applies edits, in any order, none overlapping. Everything outside them keeps its characters. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const sorted = edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
  let out = "";
  let from = 0;
  for (const edit of sorted) {
    if (edit.start < from) throw new SallyportError("internal", "overlapping edits");
    out += text.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  return out + text.slice(from);
}

/** The offset after the closing quote of the string token that starts at `start` in a well-formed document. */
export function stringEnd(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const c = text.charCodeAt(at);
    if (c === 0x22) return at + 1;
    if (c === 0x5c) at++;
    else if (Number.isNaN(c)) throw new SallyportError("internal", "not a string token");
  }
}

/**
 * Edits of a decoded string, as edits of the JSON text that holds it as the token at [start, end):
 * offsets are moved past escapes, replacements are escaped. What is not replaced keeps its escapes.
 */
export function liftEdits(text: string, start: number, end: number, edits: readonly Edit[]): Edit[] {
  const token = text.slice(start, end - 1);
  const escaped = (e: Edit): string => JSON.stringify(e.text).slice(1, -1);
  if (!token.includes("\\")) {
    const place = (offset: number): number => Math.min(start + 1 + offset, end - 1);
    return edits.map((e) => ({ start: place(e.start), end: place(e.end), text: escaped(e) }));
  }
  const offsets = [...new Set(edits.flatMap((e) => [e.start, e.end]))].toSorted((a, b) => a - b);
  const raw = new Map<number, number>();
  // Searched within the token only: indexOf over the whole document would make many small leaves quadratic.
  let decoded = 0;
  let at = 1;
  let backslash = nextBackslash(token, at);
  for (const offset of offsets) {
    while (decoded < offset && at < token.length) {
      const plain = Math.min(backslash, at + offset - decoded);
      if (plain > at) {
        decoded += plain - at;
        at = plain;
      } else {
        at += token[at + 1] === "u" ? 6 : 2;
        decoded++;
        backslash = nextBackslash(token, at);
      }
    }
    raw.set(offset, start + at);
  }
  return edits.map((e) => ({
    start: raw.get(e.start) ?? end - 1,
    end: raw.get(e.end) ?? end - 1,
    text: escaped(e),
  }));
}

function nextBackslash(token: string, from: number): number {
  const at = token.indexOf("\\", from);
  return at === -1 ? token.length : at;
}

/**
 * Offsets into the raw token at [start, end), as offsets into its decoded text: the way back from liftEdits.
 * In any order. An offset inside an escape counts as before that character, or as after it with `up`.
 */
export function decodedOffsets(
  text: string,
  start: number,
  end: number,
  offsets: readonly { readonly at: number; readonly up: boolean }[],
): number[] {
  const token = text.slice(start, end - 1);
  if (!token.includes("\\"))
    return offsets.map((offset) => Math.min(Math.max(offset.at - start, 1), token.length) - 1);
  const out = offsets.map(() => 0);
  const ascending = offsets.map((offset, i) => ({ ...offset, i })).toSorted((a, b) => a.at - b.at);
  let decoded = 0;
  let at = 1;
  let backslash = nextBackslash(token, at);
  for (const offset of ascending) {
    const wanted = Math.min(Math.max(offset.at - start, 1), token.length);
    let after = at;
    while (at < wanted && after <= wanted) {
      const plain = Math.min(backslash, wanted);
      decoded += plain - at;
      at = after = plain;
      if (at === wanted) break;
      after = at + (token[at + 1] === "u" ? 6 : 2);
      if (after > wanted) break;
      at = after;
      decoded++;
      backslash = nextBackslash(token, at);
    }
    out[offset.i] = after > wanted && offset.up ? decoded + 1 : decoded;
  }
  return out;
}
