/** Servers that need not exist: what a policy's tests call. */
import type { Connector, Posture } from "../model/posture.js";
import { mergeLimits } from "./merge.js";
import { DEFAULT_TIMEOUT_MS } from "./servers.js";
import type { ServerConfig } from "./types.js";

/** A server of that connector; undefined when there is none of the name. */
export function pretendServer(
  name: string,
  connector: string,
  environment: string | undefined,
  connectors: readonly Connector[],
  posture: Posture,
): ServerConfig | undefined {
  const known = connectors.find((each) => each.connector === connector);
  if (known === undefined) return undefined;
  return {
    name,
    transport: { kind: "stdio", command: "none", args: [], env: {}, cwd: "/" },
    connector: known,
    connectorBy: "config",
    limits: mergeLimits({}, known, posture),
    ownLimits: {},
    timeoutMs: DEFAULT_TIMEOUT_MS,
    ...(environment !== undefined && { environment }),
  };
}
