/** `sallyport audit stats|export`: the record for other tools and for other people. */
import {
  mkdirSync,
  readdirSync,
  writeFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { CallRecord } from "../audit/call-record.js";
import { csvHeader, csvLine } from "../audit/formats/csv.js";
import { ocsfEvents } from "../audit/formats/ocsf.js";
import { otlpRequest } from "../audit/formats/otlp.js";
import { pack } from "../audit/pack.js";
import { eachCall } from "../audit/search.js";
import { scorecard } from "../audit/stats.js";
import { EXPORT_FORMATS, UsageError, type AuditArgs, type ExportFormat } from "./audit-args.js";
import { reading, type AuditIo } from "./audit-io.js";
import { scorecardText } from "./audit-stats.js";

/** Log records in one OTLP request, and calls gathered before a write. */
const BATCH = 500;

export async function exportCommand(args: AuditArgs, io: AuditIo): Promise<number> {
  if (args.command === "stats") {
    const card = await reading(io, (store) => scorecard(store, args.filter));
    io.write(args.json ? `${JSON.stringify(card)}\n` : scorecardText(card));
    return 0;
  }
  const { format, out, pack: folder } = args.values;
  if (folder !== undefined) {
    if (format !== undefined || out !== undefined)
      throw new UsageError("--pack is a folder of its own: without --format and --out");
    return exportPack(args, folder, io);
  }
  if (format === undefined)
    throw new UsageError(`audit export needs --format (${EXPORT_FORMATS.join(", ")}) or --pack FOLDER`);
  return exportCalls(args, format, out, io);
}

async function exportCalls(
  args: AuditArgs,
  format: ExportFormat,
  out: string | undefined,
  io: AuditIo,
): Promise<number> {
  const fd = out === undefined ? undefined : open(out);
  const write = fd === undefined ? io.write : (text: string) => void writeSync(fd, text);
  let count = 0;
  let batch: CallRecord[] = [];
  const flush = (): void => {
    if (batch.length > 0) write(encode(format, batch, io.version));
    batch = [];
  };
  try {
    await reading(io, (store) => {
      if (format === "csv") write(csvHeader());
      eachCall(store, args.filter, (call) => {
        count++;
        batch.push(call);
        if (batch.length >= BATCH) flush();
      });
      flush();
    });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
  if (out !== undefined) (io.say ?? io.write)(`${out}: ${count} calls\n`);
  return 0;
}

function encode(format: ExportFormat, calls: readonly CallRecord[], version: string): string {
  const lines = (all: readonly object[]): string => all.map((one) => `${JSON.stringify(one)}\n`).join("");
  switch (format) {
    case "jsonl":
      return lines(calls);
    case "csv":
      return calls.map(csvLine).join("");
    case "ocsf":
      return lines(calls.flatMap((call) => ocsfEvents(call, version)));
    case "otlp":
      return lines([otlpRequest(calls, version)]);
  }
}

async function exportPack(args: AuditArgs, folder: string, io: AuditIo): Promise<number> {
  // Into a folder with something in it, an old file would pass for a part of the pack.
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new UsageError(`${folder} is not empty: name a new folder`);
  const { filter } = args;
  let files = 0;
  await reading(io, (store) =>
    pack(
      store,
      { filter, version: io.version, verifierScript: verifierScript(), now: Date.now() },
      (name, text) => {
        files++;
        const path = join(folder, name);
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        writeFileSync(path, text, { mode: 0o600 });
      },
    ),
  );
  (io.say ?? io.write)(`${folder}: ${files} files; begin with ${join(folder, "SUMMARY.md")}\n`);
  return 0;
}

/** Beside the compiled code; in the sources, among the tests that hold it to what it promises. */
function verifierScript(): string {
  const places = ["../verify-proof.mjs", "../../test/verify-proof.mjs"].map(
    (place) => new URL(place, import.meta.url),
  );
  return readFileSync(places.find((place) => existsSync(place)) ?? places[0]!, "utf8");
}

function open(path: string): number {
  try {
    return openSync(path, "w", 0o600);
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code ?? "unknown"}`);
  }
}
