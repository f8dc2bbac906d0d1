/** What tool lists tell us: schemas, for roles and refusals, and the connector of a server nobody named. */
import { genericOf, recogniseByTools } from "../policy/recognise.js";
import { withConnector, type ServerConfig } from "../config/load.js";
import { isObject, type Json, type JsonObject } from "../model/json.js";
import type { Connector } from "../model/posture.js";
import type { Desk, ToolNote } from "./desk.js";

/** Remembers the tools of one list result and, where needed, recognises the server by them. */
export function noteTools(desk: Desk, serverName: string, result: Json): void {
  const tools =
    isObject(result) && Array.isArray(result["tools"]) ? (result["tools"] as readonly Json[]) : [];
  const notes = desk.notes.get(serverName) ?? new Map<string, ToolNote>();
  for (const tool of tools) {
    if (!isObject(tool) || typeof tool["name"] !== "string") continue;
    notes.set(tool["name"], {
      hasOutputSchema: tool["outputSchema"] !== undefined,
      ...(isObject(tool["inputSchema"]) && { inputSchema: tool["inputSchema"] as JsonObject }),
    });
  }
  desk.notes.set(serverName, notes);
  const server = desk.parts.servers.get(serverName);
  if (server === undefined || server.connector !== undefined || notes.size === 0) return;
  const connector = recogniseByTools(desk.parts.connectors, [...notes.keys()]);
  desk.parts.servers.set(serverName, withConnector(server, connector, desk.parts.posture));
  desk.parts.log.info(
    { server: serverName, connector: connector.connector },
    "connector recognised by its tools",
  );
}

/** The connector as known by now; `generic` until something told it. */
export function connectorOf(desk: Desk, server: ServerConfig): Connector {
  const known = desk.parts.servers.get(server.name)?.connector ?? server.connector;
  return known ?? genericOf(desk.parts.connectors);
}
