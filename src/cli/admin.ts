/** Where people answer held calls: beside a proxy, or by itself. */
import type { Logger } from "pino";
import type { Question } from "../approvals/approvals.js";
import { serveAdmin, type Admin } from "../admin/server.js";
import { openAudit, type AuditLog } from "../audit/log.js";
import { loadConfig, type Config, type ConfigSource } from "../config/load.js";
import { SallyportError } from "../model/errors.js";
import { keepHeapSmall } from "./memory.js";
import { makeLog, NOTHING_STARTED, refuse } from "./start.js";
import { teller, type Tell } from "./tell.js";
import { version } from "./version.js";

/** Starts the listener where the configuration has one, and the port is free. */
export async function startAdmin(
  { admin, approvers }: Pick<Config, "admin" | "approvers">,
  audit: Pick<AuditLog, "read" | "appendApprovals">,
  log: Logger,
  tell: Tell,
): Promise<Admin | undefined> {
  if (admin === undefined) return undefined;
  const decided = (asked: Question): void => tell("approval.decided", asked);
  const started = await serveAdmin({ admin, groups: approvers, audit, log, decided });
  const { host, port } = admin.listen;
  if (started === undefined)
    log.warn(
      { host, port },
      "the port of admin.listen is taken: if by another Sallyport, its page shows the same",
    );
  else log.info({ url: started.url }, "held calls are answered here");
  return started;
}

/** `sallyport admin`: the page alone, also while no proxy runs. Resolves to the exit code. */
export async function adminCommand(
  source: ConfigSource,
  io: { readonly write: (text: string) => void; readonly onSignal: (stop: () => void) => void },
): Promise<number> {
  keepHeapSmall();
  const { config, problems } = loadConfig(source);
  const log = makeLog(config?.logLevel ?? "info");
  refuse(log, problems);
  if (config === undefined) throw new SallyportError("config_invalid", NOTHING_STARTED);
  if (config.admin === undefined)
    throw new SallyportError("config_invalid", "nobody may answer over HTTP", {
      file: config.source,
      path: "admin",
      fix: 'add "admin": { "people": { "maya": "${file:~/.secrets/maya}" } }',
    });
  const audit = await openAudit({ path: config.auditPath, version: version(), ...config.audit });
  try {
    const admin = await startAdmin(config, audit, log, teller(config, log));
    if (admin === undefined) return 1;
    io.write(`Held calls are answered on ${admin.url}\n`);
    await new Promise<void>((resolve) => io.onSignal(resolve));
    await admin.stop();
  } finally {
    await audit.close();
  }
  return 0;
}
