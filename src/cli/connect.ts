/** `check --connect`: says hello to every server, as a start would, and goodbye. */
import type { Config } from "../config/load.js";
import { LEGACY_VERSIONS } from "../mcp/eras.js";
import { createHealth } from "../mcp/health.js";
import { createLink } from "../mcp/link.js";
import { describeError } from "../model/errors.js";
import type { Problem } from "../policy/problem.js";
import { version } from "./version.js";

const SILENT = { info: () => {}, warn: () => {}, error: () => {} };

export async function connectAll(config: Config): Promise<readonly Problem[]> {
  const info = { name: "sallyport", version: version() };
  const initialize = JSON.stringify({
    protocolVersion: LEGACY_VERSIONS[0],
    capabilities: {},
    clientInfo: info,
  });
  const hello = { era: "legacy", initialize, info, capabilities: {}, own: true } as const;
  const problems = await Promise.all(
    config.servers.map(async (server): Promise<Problem | undefined> => {
      const link = createLink(
        server,
        { incoming: () => {}, paused: () => {}, stderr: () => {} },
        SILENT,
        createHealth(server.name),
      );
      try {
        await link.connect(hello);
        return undefined;
      } catch (error) {
        return {
          message: `cannot reach server "${server.name}": ${describeError(error)}`,
          file: config.source,
          path: `mcpServers.${server.name}`,
          fix: "check its command or url, and that it starts by itself",
        };
      } finally {
        await link.close();
      }
    }),
  );
  return problems.filter((problem) => problem !== undefined);
}
