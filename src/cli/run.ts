import { userInfo } from "node:os";
import type { Readable, Writable } from "node:stream";
import { loadConfig, type ConfigSource } from "../config/load.js";
import { endEarly, launchEarly } from "../mcp/wire-stdio.js";
import { keepHeapSmall } from "./memory.js";
import type { Started } from "./start.js";

/** `sallyport run`: serves one client on stdin and stdout until it goes or SIGTERM comes. Resolves to the exit code. */
export async function runCommand(
  source: ConfigSource,
  io: { readonly input: Readable; readonly output: Writable; readonly onSignal: (stop: () => void) => void },
): Promise<number> {
  keepHeapSmall();
  const loaded = loadConfig(source);
  // The client waits for our start and for the servers': they pass together.
  if (loaded.problems.length === 0)
    for (const { transport } of loaded.config?.servers ?? [])
      if (transport.kind === "stdio") launchEarly(transport);
  const { parts, audit, reload } = await startRest(source, loaded);
  const { serveStdio } = await import("../mcp/front-stdio.js");
  const front = serveStdio(parts, io.input, io.output);
  io.onSignal(front.stop);
  process.on("SIGHUP", () => void reload());
  await front.ended;
  await audit.close();
  return 0;
}

async function startRest(source: ConfigSource, loaded: ReturnType<typeof loadConfig>): Promise<Started> {
  try {
    const { start } = await import("./start.js");
    return await start(source, { id: `local:${userInfo().username}`, how: "os_user" }, loaded);
  } catch (error) {
    endEarly();
    throw error;
  }
}
