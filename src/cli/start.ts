/** From a checked configuration to a running gate: what `run` and `serve` have in common. */
import { pino, type Logger } from "pino";
import { openAudit, type AuditLog } from "../audit/log.js";
import type { ApprovalEvent } from "../admin/webhook.js";
import type { Question } from "../approvals/approvals.js";
import { publish } from "./anchors.js";
import { makeRoom } from "./memory.js";
import { teller, tellById } from "./tell.js";
import { version } from "./version.js";
import { keepRetention } from "../audit/retention.js";
import { detectorsWith } from "../config/own-detectors.js";
import {
  loadConfig,
  type Anchor,
  type Config,
  type ConfigSource,
  type ServerConfig,
} from "../config/load.js";
import { compileEngine, type Engine } from "../detect/engine.js";
import { linearPattern } from "../config/linear.js";
import { createGate } from "../gate.js";
import { scanDefinition } from "../gate/definition.js";
import { activeStops, stopLine } from "../limits/stops.js";
import type { SessionParts } from "../mcp/desk.js";
import { SallyportError, describeError } from "../model/errors.js";
import type { Principal } from "../model/call.js";
import { createPins } from "../pins/pins.js";
import { bootLines, exceptionLines } from "../policy/bootline.js";
import type { Problem } from "../policy/problem.js";
import { compilePolicies } from "../policy/rules/policies.js";
import { watchFiles } from "../config/watch.js";
import { putInForce, reload, type InForce } from "./in-force.js";

export interface Started {
  readonly config: Config;
  readonly parts: SessionParts;
  readonly audit: AuditLog;
  readonly log: Logger;
  /** Tells who is told of held calls. */
  readonly tell: (event: ApprovalEvent, question: Question) => void;
  /** Reads policies and exceptions again. Never rejects: what is wrong is logged, and the old stay in force. */
  readonly reload: () => Promise<void>;
}

/** All talk goes to stderr: on stdio, stdout belongs to the protocol. */
export function makeLog(level: string): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** Every detector that ships, and somebody's own, compiled. Throws SallyportError `data_invalid`. */
export function loadEngine(own: Config["detectors"] = []): Engine {
  return compileEngine(detectorsWith(own).rules, linearPattern);
}

/** Throws SallyportError: `config_invalid` after logging every problem, `store_unavailable`, `data_invalid`. */
export async function start(
  source: ConfigSource,
  principal: Principal,
  { config, problems } = loadConfig(source),
): Promise<Started> {
  const log = makeLog(config?.logLevel ?? "info");
  refuse(log, problems);
  if (config === undefined) throw new SallyportError("config_invalid", NOTHING_STARTED);
  for (const line of bootLines(config.posture)) log.info(line);
  for (const { level, text } of exceptionLines(config.exceptions, Date.now())) log[level](text);

  const { rules, deciding: detectors } = detectorsWith(config.detectors);
  const engine = compileEngine(rules, linearPattern);
  // Before the store is touched: a policy that is wrong must not leave a trace of a start.
  const { policies: checked, problems: inPolicies } = await compilePolicies(config.policies);
  refuse(log, inPolicies);
  const { anchors, retentionMs } = config.audit;
  const opened = await openAudit({
    path: config.auditPath,
    version: version(),
    ...config.audit,
    published: ({ note }) => publishAll(anchors, note, log),
    problem: (err) => log.error({ err }, "no checkpoint could be made: the next one covers the records"),
  });
  const audit = retentionMs === undefined ? opened : withRetention(opened, retentionMs, log);
  let inForce = (await putInForce(config, detectors, audit, checked)) as InForce;
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
  const tell = teller(config, log);
  const gate = createGate({
    ...(config.webhook !== undefined && { onApproval: tellById(audit, tell) }),
    engine,
    posture: config.posture,
    get snapshot() {
      return inForce.snapshot;
    },
    audit,
    pins,
    previews: config.audit.previews,
    loops: config.loops,
    get exempt() {
      return inForce.exempt;
    },
    get policies() {
      return inForce.policies;
    },
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
    makeRoom,
  };
  // One at a time, in the order they were asked for.
  let reloading = Promise.resolve();
  const again = (): Promise<void> =>
    (reloading = reloading.then(async () => {
      inForce = (await reload(source, config, { engine, detectors }, audit, log)) ?? inForce;
    }));
  const watched = config.policyFiles.length === 0 ? [] : [config.source, ...config.policyFiles];
  const unwatch = watchFiles(
    watched,
    () => void again(),
    (err) => log.warn({ err }, "a policy's folder cannot be watched: SIGHUP reloads"),
  );
  const closing = { ...audit, close: () => (unwatch(), reloading.then(audit.close)) };
  return { config, parts, audit: closing, log, tell, reload: again };
}

export const NOTHING_STARTED = "the configuration is not valid: nothing was started";

export function refuse(log: Logger, problems: readonly Problem[]): void {
  for (const { message, ...where } of problems)
    log.fatal(where, describeError(new SallyportError("config_invalid", message, where)));
  if (problems.length > 0) throw new SallyportError("config_invalid", NOTHING_STARTED);
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
