import { LRUCache } from "lru-cache";
import { roleOf } from "../policy/operations.js";
import { redactDocument } from "../detect/apply-redactions.js";
import type { Engine } from "../detect/engine.js";
import type { RawFinding } from "../detect/finding.js";
import type { Call, Finding } from "../model/call.js";
import { isObject, type Json, type JsonObject } from "../model/json.js";
import type { Role } from "../model/nouns.js";
import type { Connector } from "../model/posture.js";
import { askFindings } from "./asks.js";

type RoleLookup = (pointer: string, key: string | undefined) => Role | undefined;

/** Tool names come from clients, so the cache of compiled lookups must be bounded. */
const lookups = new LRUCache<string, RoleLookup>({ max: 512 });

/** Findings in a call's arguments, and in what a client sends along with a retry. Pointers start with `/arguments`. */
export function scanArguments(engine: Engine, connector: Connector | undefined, call: Call): RawFinding[] {
  if (call.upward === true) {
    const said = engine.scanJson(call.args, { phase: "output", text: call.argsText });
    return [...said, ...askFindings(call.args)].map((f) => ({ ...f, pointer: `/arguments${f.pointer}` }));
  }
  const found = engine.scanJson(call.args, {
    phase: "input",
    text: call.argsText,
    roleOf: declaredRole(connector, call),
  });
  const args = found.map((f) => ({ ...f, pointer: `/arguments${f.pointer}` }));
  if (call.inputResponses === undefined) return args;
  const more = engine.scanJson(call.inputResponses, { phase: "input" });
  return [...args, ...more.map((f) => ({ ...f, pointer: `/inputResponses${f.pointer}` }))];
}

/** The role that connector and schema give to an argument; undefined: nobody says. */
export function declaredRole(connector: Connector | undefined, call: Call): RoleLookup {
  const declared = connector === undefined ? undefined : lookup(connector, call.tool);
  const schema = call.inputSchema;
  return (pointer, key) => declared?.(pointer, key) ?? fromSchema(schema, key);
}

/** The call with everything masked that is to be: what is forwarded, and what is recorded as its arguments. */
export function maskArguments(call: Call, masked: readonly Finding[]): Call {
  const under = (root: string): Finding[] =>
    masked
      .filter((f) => f.pointer.startsWith(root))
      .map((f) => ({ ...f, pointer: f.pointer.slice(root.length) }));
  const argsText = redactDocument(call.argsText, under("/arguments")).text;
  const changed = { ...call, argsText, args: JSON.parse(argsText) as JsonObject };
  if (call.inputResponses === undefined) return changed;
  const { text } = redactDocument(JSON.stringify(call.inputResponses), under("/inputResponses"));
  return { ...changed, inputResponses: JSON.parse(text) as Json };
}

function lookup(connector: Connector, tool: string): RoleLookup {
  const key = `${connector.connector} ${tool}`;
  const known = lookups.get(key);
  if (known !== undefined) return known;
  const made = roleOf(connector, tool);
  lookups.set(key, made);
  return made;
}

/** What a tool's own schema says of an argument: weaker than the connector, stronger than the argument's name. */
function fromSchema(schema: JsonObject | undefined, key: string | undefined): Role | undefined {
  const properties: Json | undefined = schema?.["properties"];
  if (key === undefined || !isObject(properties)) return undefined;
  const property = properties[key];
  if (!isObject(property)) return undefined;
  if (property["format"] === "uri" || property["format"] === "url") return "url";
  const said = [property["title"], property["description"]]
    .filter((each) => typeof each === "string")
    .join(" ");
  if (/\bSQL\b/.test(said)) return "sql";
  if (/\b(?:shell|bash|terminal) command\b/i.test(said)) return "shell";
  return undefined;
}
