/** `sallyport scan`: what the detectors find in a text, without any proxy. Values never appear in what it prints. */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Engine } from "../detect/engine.js";
import type { RawFinding } from "../detect/finding.js";
import { SallyportError } from "../model/errors.js";
import { isObject, type Json } from "../model/json.js";
import { PHASES, ROLES, type Phase, type Role } from "../model/nouns.js";
import type { Posture } from "../model/posture.js";
import { judge } from "../policy/judge.js";
import { listNames } from "../policy/problem.js";

/** `json`: the text is a JSON document, to be walked leaf by leaf. */
export const SCAN_ROLES = [...ROLES, "json"] as const;
export type ScanRole = Role | "json";

export interface ScanParts {
  readonly engine: Engine;
  readonly posture: Posture;
}

export interface ScanOptions {
  readonly role: ScanRole;
  readonly phase: Phase;
  readonly jsonl: boolean;
  readonly json: boolean;
}

/** One finding as printed. `start` and `end` count UTF-16 units: of the text, or of the leaf where there is a pointer. */
interface Printed {
  readonly category: string;
  readonly type: string;
  readonly detector: string;
  readonly severity: string;
  readonly action: string;
  readonly pointer?: string;
  readonly inner?: string;
  readonly start: number;
  readonly end: number;
}

function scanOne(parts: ScanParts, text: string, role: ScanRole, phase: Phase): Printed[] {
  const found =
    role === "json" ? scanDocument(parts.engine, text, phase) : parts.engine.scanText(text, { role, phase });
  return found.map((finding) => ({
    category: finding.category,
    type: finding.type,
    detector: finding.detector,
    severity: finding.severity,
    action: judge(finding, parts.posture).action,
    ...(role === "json" && { pointer: finding.pointer }),
    ...(finding.inner !== undefined && { inner: finding.inner }),
    start: finding.span[0],
    end: finding.span[1],
  }));
}

function scanDocument(engine: Engine, text: string, phase: Phase): RawFinding[] {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw new SallyportError("json_invalid", "role json needs a JSON document", {
      fix: "use --role text for plain text",
    });
  }
  return engine.scanJson(value, { phase, text });
}

/** Resolves to the exit code: 0 when everything was scanned, 2 when some line could not be. */
export async function scanCommand(
  parts: ScanParts,
  options: ScanOptions,
  io: { readonly input: Readable; write(text: string): void; say(text: string): void },
): Promise<number> {
  if (options.jsonl) return scanLines(parts, options, io);
  const chunks: Buffer[] = [];
  for await (const chunk of io.input as AsyncIterable<Buffer>) chunks.push(chunk);
  const findings = scanOne(parts, Buffer.concat(chunks).toString("utf8"), options.role, options.phase);
  if (options.json) io.write(`${JSON.stringify({ findings })}\n`);
  else if (findings.length === 0) io.write("nothing found\n");
  else for (const each of findings) io.write(`${describe(each)}\n`);
  return 0;
}

function describe(f: Printed): string {
  const where = f.pointer === undefined ? "" : ` ${f.pointer}${f.inner === undefined ? "" : ` → ${f.inner}`}`;
  return `${f.severity.padEnd(8)} ${f.action.padEnd(6)} ${f.category}/${f.type}${where} [${f.start}, ${f.end}) ${f.detector}`;
}

async function scanLines(
  parts: ScanParts,
  options: ScanOptions,
  io: { readonly input: Readable; write(text: string): void; say(text: string): void },
): Promise<number> {
  let failed = 0;
  let number = 0;
  for await (const line of createInterface({ input: io.input, crlfDelay: Infinity })) {
    number++;
    if (line.trim() === "") continue;
    let id: Json = null;
    try {
      const item = JSON.parse(line) as Json;
      if (!isObject(item)) throw new SallyportError("json_invalid", "a line must be a JSON object");
      id = item["id"] ?? null;
      const { text } = item;
      if (typeof text !== "string") throw new SallyportError("json_invalid", '"text" must be a string');
      const role = oneOf(item["role"] ?? options.role, SCAN_ROLES, "role");
      const phase = oneOf(item["phase"] ?? options.phase, PHASES, "phase");
      io.write(`${JSON.stringify({ id, findings: scanOne(parts, text, role, phase) })}\n`);
    } catch (error) {
      // "Nothing found" and "not scanned" must never look the same.
      failed++;
      const message = error instanceof Error ? error.message : String(error);
      io.write(`${JSON.stringify({ id, error: message })}\n`);
      io.say(`line ${number}: ${message}\n`);
    }
  }
  return failed === 0 ? 0 : 2;
}

function oneOf<T extends string>(value: Json, valid: readonly T[], what: string): T {
  const found = valid.find((each) => each === value);
  if (found === undefined)
    throw new SallyportError(
      "json_invalid",
      `unknown ${what} ${JSON.stringify(value)}; valid: ${listNames(valid)}`,
    );
  return found;
}
