import { randomUUID } from "node:crypto";
import { isObject, type Json } from "../model/json.js";

/** Below this, finding out costs more than scanning twice. UTF-16 units. */
const WORTH_IT = 2048;

/** A result is asked about twice, for its rows and for what is in it. */
const known = new WeakMap<object, Json | false>();

/**
 * Servers with an output schema repeat the structured content as text. Gives the result without the text blocks that
 * say the very same, so that what is read once need not be read again; undefined when there are none. `source`: the JSON
 * that it was parsed from.
 */
export function withoutMirrors(result: Json, source: string): Json | undefined {
  if (!isObject(result)) return undefined;
  let less = known.get(result);
  if (less === undefined) known.set(result, (less = look(result, source) ?? false));
  return less === false ? undefined : less;
}

function look(result: Json, source: string): Json | undefined {
  if (!isObject(result) || !Array.isArray(result["content"])) return undefined;
  const structured = result["structuredContent"];
  if (!isObject(structured)) return undefined;
  const content = result["content"] as readonly Json[];
  const said = new Map<string, boolean>();
  const same = (text: string): boolean => {
    if (text.length < WORTH_IT) return false;
    const before = said.get(text);
    if (before !== undefined) return before;
    if (standsIn(source, text)) {
      said.set(text, true);
      return true;
    }
    const indent = text.startsWith("{\n  ") || text.startsWith("[\n  ") ? 2 : undefined;
    const lists = Object.values(structured).filter((member) => Array.isArray(member));
    const wholes = text.startsWith("[") ? lists : [structured];
    const equal = wholes.some((whole) => JSON.stringify(whole, null, indent) === text);
    said.set(text, equal);
    return equal;
  };
  let found = false;
  const rest = content.map((block) => {
    if (!isObject(block) || typeof block["text"] !== "string" || !same(block["text"])) return block;
    found = true;
    return { ...block, text: "" };
  });
  return found ? { ...result, content: rest } : undefined;
}

const NAME = '"structuredContent":';
/** The only member's name in `{"result": […]}`, as frameworks wrap lists. */
const WRAPPED = /\{\s*"(?:[^"\\]|\\.)*"\s*:\s*/y;
/** What may stand around it: its own name and its list's, and what follows, as `"isError":false}` does. UTF-16 units. */
const MAX_REST = 1024;

/**
 * Whether `text` is, letter for letter, the structured content of a result's own JSON, or the list that is all of it: most
 * servers write both with one function, and comparing costs a hundredth of writing it all again.
 */
function standsIn(source: string, text: string): boolean {
  // So near to the end that the text fits in, and no more than that follows it.
  const name = source.indexOf(NAME, source.length - text.length - MAX_REST);
  // Inside of a string a quotation mark would have to be escaped.
  if (name === -1 || source[name - 1] === "\\") return false;
  const start = name + NAME.length;
  WRAPPED.lastIndex = start;
  const isList = text.startsWith("[");
  const from = isList ? (WRAPPED.test(source) ? WRAPPED.lastIndex : -1) : start;
  const rest = from + text.length;
  if (from === -1 || source.length - rest > MAX_REST || !source.startsWith(text, from)) return false;
  // It must be the last of its name, in the result itself and not in something that the result holds.
  return closes(source.slice(rest), isList);
}

/** Stands for the content; what a server writes cannot be taken for it. */
const CONTENT = randomUUID();

/** Whether this is what follows the structured content up to the end of the result, without another one of its name. */
function closes(rest: string, isList: boolean): boolean {
  let read: Json;
  try {
    const content = `"${CONTENT}"`;
    read = JSON.parse(`{"structuredContent":${isList ? `{"list":${content}` : content}${rest}`) as Json;
  } catch {
    return false;
  }
  const held = isObject(read) ? read["structuredContent"] : undefined;
  return isList ? JSON.stringify(held) === `{"list":"${CONTENT}"}` : held === CONTENT;
}
