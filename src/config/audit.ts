import type { Json, JsonObject } from "../model/json.js";
import { isObject } from "../model/json.js";
import type { Env } from "../policy/variables.js";
import { isSecureAddress } from "./auth.js";
import { readSecretFile } from "./auth-files.js";
import { resolvePath } from "./env.js";
import { expand } from "./expand.js";
import type { Reader } from "./reader.js";
import { AGE_FORM, DURATION_FORM, parseAge, parseDuration } from "./units.js";

export const AUDIT_KEYS = ["path", "key", "checkpoint_every", "anchors", "retention", "previews"] as const;
export const ANCHOR_KEYS = ["file", "command", "url", "headers"] as const;

/** Where checkpoints go, so that whoever can write the store cannot take back what it said. */
export type Anchor =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "command"; readonly command: readonly string[] }
  | { readonly kind: "http"; readonly url: string; readonly headers: Readonly<Record<string, string>> };

export interface AuditSettings {
  /** The key that signs checkpoints, as PEM; absent: one of our own, beside the store. */
  readonly signingPem?: string;
  readonly checkpointMs?: number;
  readonly anchors: readonly Anchor[];
  /** Bodies older than this are erased. Milliseconds. */
  readonly retentionMs?: number;
  /** Whether records keep a redacted preview of arguments and results. */
  readonly previews: boolean;
}

export const NO_SETTINGS: AuditSettings = { anchors: [], previews: false };

interface Context {
  readonly reader: Reader;
  readonly base: string;
  readonly env: Env;
}

/** The file's `audit`. Problems go to the reader. */
export function readAudit(
  reader: Reader,
  value: JsonObject,
  base: string,
  env: Env,
): { readonly path?: string; readonly settings: AuditSettings } {
  const audit = reader.object(value["audit"], "audit");
  if (audit === undefined) return { settings: NO_SETTINGS };
  reader.keys(audit, "audit", AUDIT_KEYS);
  const context = { reader, base, env };
  const path = reader.string(audit["path"], "audit.path");
  const key = reader.string(audit["key"], "audit.key");
  const every = reader.formed(
    audit["checkpoint_every"],
    "audit.checkpoint_every",
    parseDuration,
    DURATION_FORM,
  );
  const retention = reader.formed(audit["retention"], "audit.retention", parseAge, AGE_FORM);
  return {
    ...(path !== undefined && { path: resolvePath(fill(context, path, "audit.path"), base, env) }),
    settings: {
      ...(key !== undefined && { signingPem: keyOf(context, key) }),
      ...(every !== undefined && { checkpointMs: every }),
      ...(retention !== undefined && { retentionMs: retention }),
      anchors: readAnchors(context, audit["anchors"]),
      previews: reader.boolean(audit["previews"], "audit.previews") ?? false,
    },
  };
}

/** A key that stands in the file itself would be read by everybody who reads the file. */
function keyOf(context: Context, text: string): string {
  if (/^\$\{[^{}]+\}$/.test(text)) return secret(context, text, "audit.key");
  context.reader.problem(
    "audit.key",
    "a key by value",
    "name where it is: ${file:PATH} or ${NAME}, a PEM of an Ed25519 private key",
  );
  return "";
}

function readAnchors(context: Context, value: Json | undefined): Anchor[] {
  const { reader } = context;
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    reader.problem("audit.anchors", "expected a list", 'such as [{ "file": "./checkpoints.txt" }]');
    return [];
  }
  return (value as readonly Json[]).flatMap((entry, at) =>
    readAnchor(context, entry, `audit.anchors[${at}]`),
  );
}

function readAnchor(context: Context, entry: Json, at: string): Anchor[] {
  const { reader, base, env } = context;
  const one = reader.object(entry, at);
  if (one === undefined || !isObject(entry)) return [];
  reader.keys(one, at, ANCHOR_KEYS);
  const kinds = ["file", "command", "url"].filter((kind) => one[kind] !== undefined);
  if (kinds.length !== 1) {
    reader.problem(at, "an anchor is one of file, command and url", "keep one of them");
    return [];
  }
  if (one["headers"] !== undefined && kinds[0] !== "url")
    reader.problem(`${at}.headers`, "headers are for an anchor with a url", "remove them");
  const file = reader.string(one["file"], `${at}.file`);
  if (file !== undefined)
    return [{ kind: "file", path: resolvePath(fill(context, file, `${at}.file`), base, env) }];
  const command = reader.strings(one["command"], `${at}.command`);
  if (command !== undefined) {
    if (command.length === 0 || command[0] === "") reader.problem(`${at}.command`, "no command");
    return [{ kind: "command", command }];
  }
  const url = reader.string(one["url"], `${at}.url`);
  if (url === undefined) return [];
  const filled = fill(context, url, `${at}.url`);
  if (!isSecureAddress(filled))
    reader.problem(`${at}.url`, "not an https address", "use https, or http on this machine");
  const headers = reader.stringMap(one["headers"], `${at}.headers`) ?? {};
  const entries = Object.entries(headers).map(
    ([name, text]) => [name, secret(context, text, `${at}.headers.${name}`)] as const,
  );
  return [{ kind: "http", url: filled, headers: Object.fromEntries(entries) }];
}

function fill({ reader, env }: Context, text: string, path: string): string {
  return expand(text, env, (message, fix) => reader.problem(path, message, fix));
}

function secret({ reader, env, base }: Context, text: string, path: string): string {
  const complain = (message: string, fix: string): void => reader.problem(path, message, fix);
  return expand(text, env, complain, (file) => readSecretFile(file, base, env, complain));
}
