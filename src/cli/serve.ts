import type { ConfigSource } from "../config/load.js";
import { readToken } from "../config/token.js";
import { oauthAccess, tokenAccess } from "../mcp/auth/access.js";
import { serveHttp } from "../mcp/front-http.js";
import { keepHeapSmall } from "./memory.js";
import { start } from "./start.js";

/** Everybody who has the one token. With `auth`, each token says whose it is. */
const LOCAL = { id: "token:local", how: "api_key" } as const;
const DEFAULT_LISTEN = { host: "127.0.0.1", port: 7420 };

/** `sallyport serve`: Streamable HTTP on loopback until SIGTERM or SIGINT. Resolves to the exit code. */
export async function serveCommand(
  source: ConfigSource & { readonly listen?: { readonly host: string; readonly port: number } },
  io: { readonly write: (text: string) => void; readonly onSignal: (stop: () => void) => void },
): Promise<number> {
  keepHeapSmall();
  const { config, parts, audit, log, tell, reload } = await start(source, LOCAL);
  const kept = (config.token ?? config.auth) !== undefined ? undefined : readToken(config.dataDir);
  const access =
    config.auth === undefined
      ? tokenAccess(config.token ?? kept!.value, LOCAL)
      : await oauthAccess(config.auth);
  const front = await serveHttp(parts, source.listen ?? config.listen ?? DEFAULT_LISTEN, access);
  log.info({ url: front.url }, "listening");
  const page = config.admin && (await (await import("./admin.js")).startAdmin(config, audit, log, tell));
  if (page !== undefined) io.write(`Held calls are answered on ${page.url}\n`);
  io.write(`Sallyport listens on ${front.url}\n`);
  if (config.auth !== undefined) {
    io.write(`Clients send a token of ${config.auth.issuer} for ${config.auth.audience}\n`);
    if (config.token !== undefined) log.warn({}, "SALLYPORT_TOKEN is not accepted: the file has `auth`");
  } else if (kept === undefined) io.write("Clients send the token given in SALLYPORT_TOKEN.\n");
  else if (kept.fresh) io.write(`Token (shown this once, kept in ${kept.file}): ${kept.value}\n`);
  else io.write(`Clients send the token kept in ${kept.file}\n`);
  process.on("SIGHUP", () => void reload());
  await new Promise<void>((resolve) => io.onSignal(resolve));
  await front.stop();
  await page?.stop();
  await audit.close();
  return 0;
}
