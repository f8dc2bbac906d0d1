import { basename } from "node:path";
import type { Json, JsonObject } from "../model/json.js";
import { PHASES } from "../model/nouns.js";
import type { ExceptionSpec } from "../policy/exceptions.js";
import { compileGlob } from "../policy/glob.js";
import { nearest } from "../policy/problem.js";
import type { Reader } from "./reader.js";

export const EXCEPTION_KEYS = ["detector", "match", "reason", "owner", "expires"] as const;
export const EXCEPTION_MATCH_KEYS = ["server", "tool", "pointer", "phase"] as const;

/** What an exception may name: ids of detectors, names of servers. */
export interface KnownNames {
  readonly detectors: readonly string[];
  readonly servers: readonly string[];
  /** The servers are not known: a policy file by itself. */
  readonly anyServer?: boolean;
}

/**
 * Reads `exceptions:` of a configuration or policy file; problems go to the reader. An exception that is wider than
 * one category, names no place, or can never match is refused: it would look like care and be none. An expired one
 * is kept, because it no longer holds; see `compileExceptions`.
 */
export function readExceptions(
  reader: Reader,
  value: Json | undefined,
  known: KnownNames,
  path = "exceptions",
): ExceptionSpec[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    reader.problem(path, "expected a list of exceptions", "write exceptions: [{ detector, match, … }]");
    return [];
  }
  return (value as readonly Json[]).flatMap((raw, i) => readOne(reader, raw, known, `${path}[${i}]`) ?? []);
}

function readOne(reader: Reader, raw: Json, known: KnownNames, path: string): ExceptionSpec | undefined {
  const before = reader.problems.length;
  const item = reader.object(raw, path);
  if (item === undefined) return undefined;
  reader.keys(item, path, EXCEPTION_KEYS);
  const text = (key: (typeof EXCEPTION_KEYS)[number], why: string): string => {
    const found = reader.string(item[key], `${path}.${key}`);
    if (item[key] === undefined) reader.problem(`${path}.${key}`, `an exception without ${key}`, why);
    return found ?? "";
  };
  const detector = text("detector", "name the detector that is wrong, as its findings do");
  if (detector !== "") readDetector(reader, detector, known.detectors, `${path}.detector`);
  const match = readMatch(reader, item["match"], known, `${path}.match`);
  const reason = text("reason", "say why what it finds there is no harm");
  const owner = text("owner", "name who answers for it");
  const expires = text("expires", "give its last day, YYYY-MM-DD");
  if (expires !== "" && !isDay(expires))
    reader.problem(`${path}.expires`, `"${expires}" is no day`, "write it as YYYY-MM-DD");
  if (reader.problems.length > before || match === undefined) return undefined;
  return { detector, match, reason, owner, expires, source: `${basename(reader.file)} ${path}` };
}

function readDetector(reader: Reader, glob: string, ids: readonly string[], path: string): void {
  if (!/^[a-z_]+\.[a-z0-9_*]+$/.test(glob)) {
    reader.problem(
      path,
      `"${glob}" names no detector`,
      "write category.name, such as pii.email or pii.phone_*",
    );
    return;
  }
  if (ids.some(compileGlob(glob))) return;
  const close = nearest(glob, ids);
  reader.problem(
    path,
    `no detector is called "${glob}"`,
    close === undefined ? "see docs/reference/detectors.md" : `did you mean ${close}?`,
  );
}

function readMatch(
  reader: Reader,
  raw: Json | undefined,
  { servers, anyServer }: KnownNames,
  path: string,
): ExceptionSpec["match"] | undefined {
  const match: JsonObject | undefined = reader.object(raw, path);
  if (match === undefined) {
    if (raw === undefined)
      reader.problem(path, "an exception without a place", "add match: { server, tool, pointer }");
    return undefined;
  }
  reader.keys(match, path, EXCEPTION_MATCH_KEYS);
  const server = reader.string(match["server"], `${path}.server`);
  const tool = reader.string(match["tool"], `${path}.tool`);
  const pointer = reader.string(match["pointer"], `${path}.pointer`);
  const phase = reader.oneOf(match["phase"], `${path}.phase`, PHASES);
  if (match["server"] === undefined || (tool === undefined && pointer === undefined))
    reader.problem(
      path,
      "an exception this wide switches a detector off",
      "name server, and tool or pointer",
    );
  if (server !== undefined && anyServer !== true && !servers.some(compileGlob(server))) {
    const close = nearest(server, servers);
    reader.problem(
      `${path}.server`,
      `no server is called "${server}"`,
      close === undefined ? "use the name it has under mcpServers" : `did you mean ${close}?`,
    );
  }
  if (pointer !== undefined && !pointer.startsWith("/"))
    reader.problem(
      `${path}.pointer`,
      `"${pointer}" is no JSON Pointer`,
      "start it with /, such as /rows/*/email",
    );
  if (server === undefined) return undefined;
  return {
    server,
    ...(tool !== undefined && { tool }),
    ...(pointer !== undefined && { pointer }),
    ...(phase !== undefined && { phase }),
  };
}

function isDay(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}
