/**
 * What we advertise must be what we can keep: a redacted number is a string, so where results may be redacted, every
 * leaf of an outputSchema also allows the mask.
 */
import { isObject, type Json, type JsonObject } from "../model/json.js";
import { applyEdits, member, parseJsonText, type Edit, type JsonNode } from "../model/json-text.js";
import type { Reply } from "./reply.js";

const MASK: JsonObject = { type: "string", pattern: "\\[REDACTED:[a-z0-9_]+\\]" };

/** Keywords whose value is one schema, a list of schemas, or a map of schemas. */
const ONE = ["items", "additionalProperties", "additionalItems", "unevaluatedProperties"];
/** What a masked leaf or a shortened array may break. */
const DROPPED = ["minItems", "contains", "minContains", "uniqueItems", "not", "if", "then", "else"];
const LIST = ["allOf", "anyOf", "oneOf", "prefixItems"];
const MAP = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];

export interface Relax {
  /** Some category redacts in results. */
  readonly redact: boolean;
}

/**
 * The tools/list body with relaxed output schemas; undefined when it can go out as it came. `marked`: the body as
 * changed before.
 */
export function relaxedList(reply: Reply, relax: Relax, marked?: string): string | undefined {
  if (!relax.redact || !isObject(reply.value)) return marked;
  const tools = reply.value["tools"];
  if (
    !Array.isArray(tools) ||
    !tools.some((tool) => isObject(tool as Json) && (tool as JsonObject)["outputSchema"] !== undefined)
  )
    return marked;
  const text = marked ?? reply.bodyText;
  const list = member(parseJsonText(text), "tools");
  const edits: Edit[] = [];
  for (const tool of list?.children ?? []) edits.push(...relaxedTool(text, tool));
  return applyEdits(text, edits);
}

/** One tool of a merged list, likewise. */
export function relaxedItem(item: string, relax: Relax): string {
  return relax.redact ? applyEdits(item, relaxedTool(item, parseJsonText(item))) : item;
}

function relaxedTool(text: string, tool: JsonNode): Edit[] {
  const schema = member(tool, "outputSchema");
  if (schema === undefined) return [];
  const value = JSON.parse(text.slice(schema.start, schema.end)) as Json;
  return [{ start: schema.start, end: schema.end, text: JSON.stringify(relaxSchema(value, true)) }];
}

/** A schema that every value of `schema` satisfies, and that value with any leaf masked or any array shortened too. */
export function relaxSchema(schema: Json, root = false): Json {
  if (!isObject(schema)) return schema;
  const out: Record<string, Json> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (DROPPED.includes(key)) continue;
    if (ONE.includes(key)) out[key] = relaxSchema(value);
    else if (LIST.includes(key) && Array.isArray(value))
      out[key] = value.map((each: Json) => relaxSchema(each));
    else if (MAP.includes(key) && isObject(value))
      out[key] = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, relaxSchema(each)]));
    else out[key] = value;
  }
  // oneOf must stay "at least one": the mask satisfies every branch.
  if (out["oneOf"] !== undefined && out["anyOf"] === undefined) {
    out["anyOf"] = out["oneOf"];
    delete out["oneOf"];
  }
  return root || !isLeaf(out) ? out : { anyOf: [out, MASK] };
}

/** Whether a value of this schema may be a string, number, boolean or null: something that can be masked. */
function isLeaf(schema: JsonObject): boolean {
  if (schema["enum"] !== undefined || schema["const"] !== undefined || schema["format"] !== undefined)
    return true;
  const types = [schema["type"]].flat() as Json[];
  return types.some(
    (type) =>
      type === "string" || type === "number" || type === "integer" || type === "boolean" || type === "null",
  );
}
