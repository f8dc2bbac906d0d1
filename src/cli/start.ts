/** From a checked configuration to a running gate: what `run` and `serve` have in common. */
import { createHash } from "node:crypto";
import { pino, type Logger } from "pino";
import { openAudit, type AuditLog } from "../audit/log.js";
import { publish } from "./anchors.js";
import { version } from "./version.js";
import { keepRetention } from "../audit/retention.js";
import { loadBuiltin } from "../config/builtin.js";
import {
  loadConfig,
  type Anchor,
  type Config,
  type ConfigSource,
  type ServerConfig,
} from "../config/load.js";
import { snapshotText } from "../config/snapshot.js";
import { compileEngine, type Engine } from "../detect/engine.js";
import { parseDetectorFile } from "../detect/rule.js";
import { createGate } from "../gate.js";
import { scanDefinition } from "../gate/definition.js";
import { activeStops, stopLine } from "../limits/stops.js";
import type { SessionParts } from "../mcp/desk.js";
import { SallyportError, describeError } from "../model/errors.js";
import type { JsonObject } from "../model/json.js";
import type { Principal } from "../model/call.js";
import { createPins } from "../pins/pins.js";
import { bootLines, exceptionLines } from "../policy/bootline.js";
import { compileExceptions } from "../policy/exceptions.js";
import { compilePolicies } from "../policy/rules/policies.js";

export interface Started {
  readonly config: Config;
  readonly parts: SessionParts;
  readonly audit: AuditLog;
  readonly log: Logger;
}

/** All talk goes to stderr: on stdio, stdout belongs to the protocol. */
function makeLog(level: string): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** Every detector that ships, compiled. Throws SallyportError `data_invalid`. */
export function loadEngine(): Engine {
  return compileEngine(
    loadBuiltin().detectorFiles.flatMap(({ file, value }) => parseDetectorFile(value, file)),
  );
}

/** Throws SallyportError: `config_invalid` after logging every problem, `store_unavailable`, `data_invalid`. */
export async function start(source: ConfigSource, principal: Principal): Promise<Started> {
  const { config, problems } = loadConfig(source);
  const log = makeLog(config?.logLevel ?? "info");
  for (const { message, ...where } of problems)
    log.fatal(where, describeError(new SallyportError("config_invalid", message, where)));
  if (config === undefined)
    throw new SallyportError("config_invalid", "the configuration is not valid: nothing was started");
  for (const line of bootLines(config.posture)) log.info(line);
  for (const { level, text } of exceptionLines(config.exceptions, Date.now())) log[level](text);

  const { policies, problems: inPolicies } = await compilePolicies(config.policies);
  for (const { message, ...where } of inPolicies)
    log.fatal(where, describeError(new SallyportError("config_invalid", message, where)));
  if (inPolicies.length > 0)
    throw new SallyportError("config_invalid", "the configuration is not valid: nothing was started");
  const engine = loadEngine();
  // What decides, not how it is tested or explained: every start records it whole.
  const notDeciding = ["hits", "misses", "source", "advice"];
  const rules = engine.rules.map((rule) =>
    Object.fromEntries(Object.entries(rule).filter(([key]) => !notDeciding.includes(key))),
  );
  const text = snapshotText({ ...config, rules });
  const snapshot = createHash("sha256").update(text).digest("hex");
  const { anchors, retentionMs } = config.audit;
  const opened = await openAudit({
    path: config.auditPath,
    version: version(),
    ...config.audit,
    published: ({ note }) => publishAll(anchors, note, log),
    problem: (err) => log.error({ err }, "no checkpoint could be made: the next one covers the records"),
  });
  const audit = retentionMs === undefined ? opened : withRetention(opened, retentionMs, log);
  await audit.appendPosture({ snapshot, bundle: () => JSON.parse(text) as JsonObject });
  const now = Date.now();
  for (const stop of audit.read((tx) => activeStops(tx, now))) log.warn(stopLine(stop));

  const servers = new Map<string, ServerConfig>(config.servers.map((server) => [server.name, server]));
  const advice = new Map(engine.rules.map((rule) => [rule.id, rule.advice]));
  const pins = createPins({
    journal: audit,
    origin: originOf(config, source, audit),
    servers: [...servers.keys()],
    scan: (definition) => scanDefinition(engine, definition),
  });
  const gate = createGate({
    engine,
    posture: config.posture,
    snapshot,
    audit,
    pins,
    previews: config.audit.previews,
    loops: config.loops,
    exempt: compileExceptions(config.exceptions),
    policies,
    definition: ({ server, tool }) => pins.listed(server, tool),
    log,
    advise: (detector) => advice.get(detector),
    server: (name) => {
      const server = servers.get(name);
      if (server === undefined) throw new SallyportError("internal", `no server ${name}`);
      return server;
    },
  });
  const relax = { redact: Object.values(config.posture.actions).some(({ action }) => action === "redact") };
  const { posture, connectors } = config;
  const parts = {
    gate,
    pins,
    servers,
    health: new Map(),
    connectors,
    posture,
    relax,
    principal,
    version: version(),
    log,
  };
  return { config, parts, audit, log };
}

function withRetention(opened: AuditLog, ageMs: number, log: Logger): AuditLog {
  const retention = keepRetention(opened, ageMs, (err) =>
    log.error({ err }, "old records could not be erased"),
  );
  return { ...opened, close: () => retention.stop().then(opened.close) };
}

/** Never rejects: what could not be published is told, and verify tells it again. */
async function publishAll(anchors: readonly Anchor[], note: string, log: Logger): Promise<void> {
  await Promise.all(
    anchors.map((anchor) =>
      publish(anchor, note).catch((error: unknown) => log.error({}, describeError(error))),
    ),
  );
}

/** The file that names the servers. A wrapped command has no other name than itself; it may hold secrets. */
function originOf(config: Config, { command }: ConfigSource, audit: AuditLog): string {
  return command === undefined
    ? config.source
    : `command ${audit.digest(command.join("\u0000")).slice(0, 12)}`;
}
