import { isObject, type Json } from "../model/json.js";

/** Below this, finding out costs more than scanning twice. UTF-16 units. */
const WORTH_IT = 2048;

/** A result is asked about twice, for its rows and for what is in it. */
const known = new WeakMap<object, Json | false>();

/**
 * Servers with an output schema repeat the structured content as text. Gives the result without the text blocks that
 * say the very same, so that what is read once need not be read again; undefined when there are none.
 */
export function withoutMirrors(result: Json): Json | undefined {
  if (!isObject(result)) return undefined;
  let less = known.get(result);
  if (less === undefined) known.set(result, (less = look(result) ?? false));
  return less === false ? undefined : less;
}

function look(result: Json): Json | undefined {
  if (!isObject(result) || !Array.isArray(result["content"])) return undefined;
  const structured = result["structuredContent"];
  if (!isObject(structured)) return undefined;
  const content = result["content"] as readonly Json[];
  const said = new Map<string, boolean>();
  const same = (text: string): boolean => {
    if (text.length < WORTH_IT) return false;
    const before = said.get(text);
    if (before !== undefined) return before;
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
