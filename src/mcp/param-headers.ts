/**
 * `Mcp-Param-*` headers: a tool can have parameters that a request header repeats (`x-mcp-header` in its input schema),
 * for hops that read headers only. They are checked against the arguments, and written anew from the arguments as they
 * go out: a header passed on as it came would carry past us what the gate has masked, or another value than was judged.
 */
import { isObject, type Json, type JsonObject } from "../model/json.js";
import { headerMeaning, headerValue } from "./header-value.js";

interface Mirrored {
  /** Lower case, as node:http gives header names. */
  readonly header: string;
  readonly value: string | number | boolean;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
/** Schemas come from servers; how deep one may lead us is ours to say. */
const MAX_DEPTH = 8;

/** The arguments that headers repeat. Absent and null values have no header. */
function mirroredIn(schema: Json | undefined, args: Json | undefined, depth = 0): Mirrored[] {
  const properties = isObject(schema) ? schema["properties"] : undefined;
  if (!isObject(properties) || !isObject(args) || depth === MAX_DEPTH) return [];
  return Object.entries(properties).flatMap(([name, property]): Mirrored[] => {
    if (!isObject(property) || !Object.hasOwn(args, name)) return [];
    const value = args[name];
    const suffix = property["x-mcp-header"];
    if (typeof suffix !== "string" || !TOKEN.test(suffix)) return mirroredIn(property, value, depth + 1);
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return [];
    return [{ header: `mcp-param-${suffix.toLowerCase()}`, value }];
  });
}

/** Types whose values a header can repeat without two ways to write them. */
const REPEATABLE = new Set(["string", "integer", "boolean"]);

/**
 * Why a tool with this input schema cannot be called over HTTP: a header that it asks for has no usable name, or another
 * parameter's, or a value that has several spellings. Undefined when nothing is wrong. (SEP-2243: such a tool is not used.)
 */
export function badParamHeader(
  schema: Json | undefined,
  names = new Set<string>(),
  depth = 0,
): string | undefined {
  const properties = isObject(schema) ? schema["properties"] : undefined;
  if (!isObject(properties) || depth === MAX_DEPTH) return undefined;
  for (const [parameter, property] of Object.entries(properties)) {
    if (!isObject(property)) continue;
    const suffix = property["x-mcp-header"];
    if (suffix === undefined) {
      const below = badParamHeader(property, names, depth + 1);
      if (below !== undefined) return below;
      continue;
    }
    if (typeof suffix !== "string" || !TOKEN.test(suffix)) return `${parameter}: the name is no header name`;
    const name = suffix.toLowerCase();
    if (names.has(name)) return `${parameter}: another parameter has the same header`;
    names.add(name);
    const type = property["type"];
    if (typeof type !== "string" || !REPEATABLE.has(type))
      return `${parameter}: only strings, integers and booleans can be repeated in a header`;
  }
  return undefined;
}

/** The headers that repeat arguments of a call; as they were `given` where they were. */
export function paramHeadersFor(
  schema: JsonObject,
  args: JsonObject,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const headers = mirroredIn(schema, args);
  return Object.fromEntries(
    headers.map(({ header, value }) => [header, given[header] ?? headerValue(String(value))]),
  );
}

/** The first header that is missing or says something else than the arguments. */
export function wrongParamHeader(
  schema: JsonObject,
  args: JsonObject,
  headers: Readonly<Record<string, string>>,
): { readonly header: string; readonly body: string } | undefined {
  for (const { header, value } of mirroredIn(schema, args)) {
    const raw = headers[header];
    if (raw === undefined) return { header: "(missing)", body: `${header} is required` };
    const meaning = headerMeaning(raw);
    if (meaning === undefined) return { header: raw, body: `${header} is not valid base64` };
    const same = typeof value === "number" ? Number(meaning) === value : meaning === String(value);
    if (!same) return { header: raw, body: `the arguments carry another value than ${header}` };
  }
  return undefined;
}
