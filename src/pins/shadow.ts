/** Tool shadowing: a tool that takes another server's name, or tells a model how to use another server's tools. */
import type { Finding } from "../model/call.js";
import { isObject, pointerStep, type Json } from "../model/json.js";

/** A reader takes these together with a tool's name as an order. */
const ORDER =
  /\b(?:use|using|call|calling|invoke|invoking|instead|before|after|always|never|must|whenever|prefer|replaces?|ignore|disable|do not|don.t|deprecated)\b/i;
/** How far from the name an order may stand. UTF-16 code units. */
const REACH = 120;

const TOKEN = /[A-Za-z0-9_]+(?:(?:[-./]|::?)[A-Za-z0-9_]+)*/g;
const QUOTES = new Set("`'\"‘’“”«»");

/** A name that is an ordinary word (`search`, `query`) proves nothing by itself. */
const DISTINCT = /[_\-./0-9]|[a-z][A-Z]/;

/** Enough to review; a description may repeat a name a thousand times. */
const MAX_MENTIONS = 10;

export interface Neighbours {
  /** Tools of other servers, by lower-case name: the servers that have one. */
  readonly foreign: ReadonlyMap<string, readonly string[]>;
  /** The server's own tools, lower case: it may say what it likes of them. */
  readonly own: ReadonlySet<string>;
}

export function sameName(): Finding {
  return finding("same_name", "medium", "/tool/name", [0, 0]);
}

/** Findings in a definition (canonical JSON) that gives orders about other servers' tools. */
export function mentions(definition: string, neighbours: Neighbours): Finding[] {
  if (neighbours.foreign.size === 0) return [];
  const found: Finding[] = [];
  const value = JSON.parse(definition) as Json;
  const parameters = new Set<string>();
  collectKeys(value, parameters);
  eachString(value, "/tool", (text, pointer) => {
    if (found.length >= MAX_MENTIONS || pointer === "/tool/name") return;
    const span = orderIn(text, neighbours, parameters);
    if (span !== undefined) found.push(finding("names_other_tool", "high", pointer, span));
  });
  return found;
}

function finding(
  name: string,
  severity: Finding["severity"],
  pointer: string,
  span: Finding["span"],
): Finding {
  const detector = `tool_integrity.${name}`;
  return {
    detector,
    category: "tool_integrity",
    type: "tool_shadowing",
    severity,
    pointer,
    span,
    role: "text",
  };
}

/** Where a text names another server's tool beside an order. */
function orderIn(
  text: string,
  neighbours: Neighbours,
  parameters: ReadonlySet<string>,
): [number, number] | undefined {
  for (const match of text.matchAll(TOKEN)) {
    const start = match.index;
    const end = start + match[0].length;
    if (!namesForeign(text, match[0].toLowerCase(), start, end, neighbours, parameters)) continue;
    const around = `${text.slice(Math.max(0, start - REACH), start)} ${text.slice(end, end + REACH)}`;
    if (ORDER.test(around)) return [start, end];
  }
  return undefined;
}

function namesForeign(
  text: string,
  token: string,
  start: number,
  end: number,
  { foreign, own }: Neighbours,
  parameters: ReadonlySet<string>,
): boolean {
  if (own.has(token)) return false;
  const isTool = /^\s{1,3}tools?\b/i.test(text.slice(end, end + 12));
  if (foreign.has(token)) {
    const quoted = QUOTES.has(text[start - 1] ?? "") && QUOTES.has(text[end] ?? "");
    return isTool || (!parameters.has(token) && (DISTINCT.test(text.slice(start, end)) || quoted));
  }
  // crm.query, crm/query, crm:query, and our own crm__query.
  const parts = /^(.+?)(?:__|[./]|::?)(.+)$/.exec(token);
  if (parts === null) return false;
  const [, server = "", tool = ""] = parts;
  if (foreign.get(tool)?.some((each) => each.toLowerCase() === server) === true) return true;
  return token.split(/[./:]/).some((part) => DISTINCT.test(part) && foreign.has(part) && !own.has(part));
}

function eachString(value: Json, pointer: string, visit: (text: string, pointer: string) => void): void {
  if (typeof value === "string") visit(value, pointer);
  else if (Array.isArray(value))
    value.forEach((item: Json, i) => eachString(item, pointer + pointerStep(i), visit));
  else if (isObject(value))
    for (const [key, item] of Object.entries(value)) eachString(item, pointer + pointerStep(key), visit);
}

/** Names of parameters, as `query` in a description usually means the tool's own. */
function collectKeys(value: Json, into: Set<string>): void {
  if (Array.isArray(value)) for (const item of value as Json[]) collectKeys(item, into);
  else if (isObject(value))
    for (const [key, item] of Object.entries(value)) {
      into.add(key.toLowerCase());
      collectKeys(item, into);
    }
}
