import type { DetectorRule } from "../detect/rule.js";
import type { Connector, Limits, LoopLimits, Posture } from "../model/posture.js";
import type { ExceptionSpec } from "../policy/exceptions.js";
import type { PolicySpec } from "../policy/rules/spec.js";
import type { AdminSettings, Webhook } from "./admin.js";
import type { AuditSettings } from "./audit.js";
import type { ListenerAuth, ServerAuth } from "./auth-types.js";

export interface StdioTransport {
  readonly kind: "stdio";
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the child: nothing else is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface HttpTransport {
  readonly kind: "http";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How to get a token for it. */
  readonly auth?: ServerAuth;
}

export interface ServerConfig {
  readonly name: string;
  readonly transport: StdioTransport | HttpTransport;
  /** Named by the file or recognised; undefined until its tools are known: see withConnector. */
  readonly connector?: Connector;
  readonly connectorBy?: "config" | "package" | "command" | "host" | "tools";
  /** The server's own limits over its connector's (over generic's while the connector is unknown). */
  readonly limits: Limits;
  /** Only what the file says. */
  readonly ownLimits: Limits;
  readonly environment?: string;
  readonly timeoutMs: number;
}

export interface Listen {
  readonly host: string;
  readonly port: number;
}

export interface Config {
  /** The file, or `command line` in wrap mode. */
  readonly source: string;
  readonly posture: Posture;
  readonly servers: readonly ServerConfig[];
  readonly connectors: readonly Connector[];
  /** Who is in the teams and roles that policies name as approvers. */
  readonly approvers: Readonly<Record<string, readonly string[]>>;
  /** The files that they were read from, absolute. */
  readonly policyFiles: readonly string[];
  /** What was read there, by the names that the configuration gives. */
  readonly policyTexts: readonly { readonly file: string; readonly text: string }[];
  /** Rules beside the profile's. */
  readonly policies: readonly PolicySpec[];
  /** Expired ones too: they no longer hold, and are told of at the start. */
  readonly exceptions: readonly ExceptionSpec[];
  /** Somebody's own, beside those that ship. */
  readonly detectors: readonly DetectorRule[];
  readonly loops: LoopLimits;
  readonly dataDir: string;
  readonly auditPath: string;
  readonly audit: AuditSettings;
  readonly listen?: Listen;
  /** Whose tokens the listener takes, instead of the one token of its own. */
  readonly auth?: ListenerAuth;
  /** Where people answer held calls. */
  readonly admin?: AdminSettings;
  /** Who is told of held calls. */
  readonly webhook?: Webhook;
  /** From SALLYPORT_TOKEN: used instead of the token kept in the data directory. */
  readonly token?: string;
  readonly logLevel: LogLevel;
}

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
