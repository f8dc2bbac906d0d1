import { userInfo } from "node:os";
import type { Readable, Writable } from "node:stream";
import type { ConfigSource } from "../config/load.js";
import { serveStdio } from "../mcp/front-stdio.js";
import { start } from "./start.js";

/** `sallyport run`: serves one client on stdin and stdout until it goes or SIGTERM comes. Resolves to the exit code. */
export async function runCommand(
  source: ConfigSource,
  io: { readonly input: Readable; readonly output: Writable; readonly onSignal: (stop: () => void) => void },
): Promise<number> {
  const { parts, audit, reload } = await start(source, {
    id: `local:${userInfo().username}`,
    how: "os_user",
  });
  const front = serveStdio(parts, io.input, io.output);
  io.onSignal(front.stop);
  process.on("SIGHUP", () => void reload());
  await front.ended;
  await audit.close();
  return 0;
}
