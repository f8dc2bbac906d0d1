import { userInfo } from "node:os";
import type { Readable, Writable } from "node:stream";
import { loadConfig, type ConfigSource } from "../config/load.js";
import { endEarly, launchEarly } from "../mcp/wire-stdio.js";
import { keepHeapSmall } from "./memory.js";

/** `sallyport run`: serves one client on stdin and stdout until it goes or SIGTERM comes. Resolves to the exit code. */
export async function runCommand(
  source: ConfigSource,
  io: { readonly input: Readable; readonly output: Writable; readonly onSignal: (stop: () => void) => void },
): Promise<number> {
  keepHeapSmall();
  // Told to stop while we start: then what was started early must not be left behind.
  let stopped = false;
  let stop = (): void => void (stopped = true);
  io.onSignal(() => stop());
  const loaded = loadConfig(source);
  // The client waits for our start and for the servers': they pass together.
  if (loaded.problems.length === 0)
    for (const { transport } of loaded.config?.servers ?? [])
      if (transport.kind === "stdio") launchEarly(transport);
  try {
    const { start } = await import("./start.js");
    const { serveStdio } = await import("../mcp/front-stdio.js");
    const principal = { id: `local:${userInfo().username}`, how: "os_user" } as const;
    const { config, parts, audit, log, tell, reload } = await start(source, principal, loaded);
    const { admin } = config;
    const page = admin && (await (await import("./admin.js")).startAdmin(config, audit, log, tell));
    const front = serveStdio(parts, io.input, io.output);
    stop = front.stop;
    if (stopped) stop();
    process.on("SIGHUP", () => void reload());
    await front.ended;
    await page?.stop();
    await audit.close();
    return 0;
  } finally {
    endEarly();
  }
}
