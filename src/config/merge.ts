import type { Connector, Limits, Posture } from "../model/posture.js";
import type { ServerConfig } from "./types.js";

/**
 * A server's limits over its connector's, key by key. The connector's `on_exceed` only chooses how an excess is
 * handled where the posture handles it: under a profile that merely records (dev), it does not refuse or cut.
 */
export function mergeLimits(own: Limits, connector: Connector, posture: Posture): Limits {
  const { on_exceed, ...amounts } = connector.limits;
  const { action } = posture.actions.exfiltration;
  const enforced = action === "block" || action === "redact";
  return { ...amounts, ...(on_exceed !== undefined && enforced && { on_exceed }), ...own };
}

/** The server once its tools have told its connector: limits merged anew. */
export function withConnector(server: ServerConfig, connector: Connector, posture: Posture): ServerConfig {
  return {
    ...server,
    connector,
    connectorBy: "tools",
    limits: mergeLimits(server.ownLimits, connector, posture),
  };
}

/** Who set a limit: `server crm` or `connector postgres`. */
export function limitSource(server: ServerConfig, kind: keyof Limits): string {
  if (server.ownLimits[kind] !== undefined) return `server ${server.name}`;
  return `connector ${server.connector?.connector ?? "generic"}`;
}
