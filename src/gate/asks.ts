import type { RawFinding } from "../detect/finding.js";
import { isObject, pointerStep, type Json, type JsonObject } from "../model/json.js";

/** What an honest server gets through its own login page, never through a form in the client (MCP, elicitation). */
const SECRET =
  /\b(?:pass(?:word|phrase|code)|pwd|secret|api[ _-]?key|access[ _-]?token|auth[ _-]?token|private[ _-]?key|seed phrase|recovery phrase|cvv|cvc|one[ -]?time code|2fa code)\b/i;

/**
 * Findings in what a server asks of a user or a model: fields for credentials. Pointers are into `params` of
 * elicitation/create or sampling/createMessage.
 */
export function askFindings(params: Json): RawFinding[] {
  const schema = isObject(params) ? params["requestedSchema"] : undefined;
  const properties = isObject(schema) ? schema["properties"] : undefined;
  if (!isObject(properties)) return [];
  return Object.entries(properties).flatMap(([name, property]) => {
    const said = isObject(property) ? `${text(property, "title")} ${text(property, "description")}` : "";
    if (!SECRET.test(spaced(name)) && !SECRET.test(said)) return [];
    return [finding(`/requestedSchema/properties${pointerStep(name)}`, name.length)];
  });
}

/** The same for a stateless result that asks the client for input. */
export function inputRequestFindings(result: Json): RawFinding[] {
  if (!isObject(result) || result["resultType"] !== "input_required" || !isObject(result["inputRequests"]))
    return [];
  return Object.entries(result["inputRequests"]).flatMap(([key, request]) => {
    const params = isObject(request) ? request["params"] : undefined;
    const at = `/inputRequests${pointerStep(key)}/params`;
    return params === undefined ? [] : askFindings(params).map((f) => ({ ...f, pointer: at + f.pointer }));
  });
}

function finding(pointer: string, length: number): RawFinding {
  return {
    detector: "tool_integrity.asks_for_credentials",
    category: "tool_integrity",
    type: "credential_request",
    severity: "high",
    pointer,
    span: [0, length],
    onKey: true,
    role: "text",
  };
}

function text(property: JsonObject, key: string): string {
  const value = property[key];
  return typeof value === "string" ? value : "";
}

/** `apiKey` and `api_key` read as `api key`. */
function spaced(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, "$1 $2").replaceAll("_", " ");
}
