import type { CallRecord } from "../audit/call-record.js";
import { finishedSince, search } from "../audit/search.js";
import { show } from "../audit/show.js";
import { verify, type Verification } from "../audit/verify.js";
import { describeError, SallyportError } from "../model/errors.js";
import { openStore } from "../store/sqlite.js";
import type { Store } from "../store/store.js";
import { parseAuditArgs, UsageError, type AuditArgs } from "./audit-args.js";
import { storyText } from "./audit-show.js";
import { callTable, type CallTableOptions } from "./audit-table.js";

const FOLLOW_MS = 300;

export interface AuditIo {
  /** Of the audit store. */
  readonly path: string;
  /** stdout: data. */
  write(text: string): void;
  /** stderr: talk. Without it, talk goes where data goes. */
  say?(text: string): void;
  readonly color: boolean;
  /** Width of the terminal, when there is one. */
  readonly columns?: number;
  /** Ends `tail --follow`. */
  readonly signal?: AbortSignal;
}

/**
 * `argv[0]` is tail, search, show or verify. Resolves with the exit code: 0, 1 when verify found a problem,
 * show found nothing or there is no store, 2 for bad usage. Reads only.
 */
export async function auditCommand(argv: readonly string[], io: AuditIo): Promise<number> {
  const say = io.say ?? io.write;
  let args: AuditArgs | undefined;
  try {
    args = parseAuditArgs(argv, Date.now());
    const store = openStore(io.path, { readonly: true });
    try {
      return await run(args, store, io);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof UsageError) {
      say(`${error.message}\n`);
      return 2;
    }
    if (!(error instanceof SallyportError)) throw error;
    if (args?.command === "verify" && args.json) {
      io.write(`${JSON.stringify({ ok: false, problems: [{ what: describeError(error) }] })}\n`);
    } else say(`${describeError(error)}\n`);
    return 1;
  }
}

async function run(args: AuditArgs, store: Store, io: AuditIo): Promise<number> {
  if (args.command === "verify") return printVerification(verify(store), args.json, io);
  if (args.command === "show") return printStory(args, store, io);
  if (args.command === "tail" && args.follow) return follow(args, store, io);
  const calls = search(store, args.filter, args.limit);
  if (args.command === "tail") calls.reverse();
  if (args.json) io.write(jsonArray(calls));
  else if (calls.length > 0) io.write(callTable(calls, layout(io)));
  else (io.say ?? io.write)(nothing(args, store));
  return 0;
}

/** One array, one record a line: whole for a parser, line by line for grep. */
function jsonArray(calls: readonly CallRecord[]): string {
  if (calls.length === 0) return "[]\n";
  return `[\n${calls.map((call) => JSON.stringify(call)).join(",\n")}\n]\n`;
}

function nothing(args: AuditArgs, store: Store): string {
  const filtered = Object.keys(args.filter).length > 0 && search(store, {}, 1).length > 0;
  return filtered ? "no call matches\n" : `no call is recorded yet in ${store.path}\n`;
}

function layout(io: AuditIo): CallTableOptions {
  return { color: io.color, ...(io.columns !== undefined && { width: io.columns }) };
}

/** The last calls, then each one as it ends: one that was open is printed again, with its outcome. */
async function follow(args: AuditArgs, store: Store, io: AuditIo): Promise<number> {
  let titles = true;
  const print = (calls: readonly CallRecord[]): void => {
    if (calls.length === 0) return;
    if (args.json) io.write(calls.map((call) => `${JSON.stringify(call)}\n`).join(""));
    else io.write(callTable(calls, { ...layout(io), titles }));
    titles = false;
  };
  let { last } = finishedSince(store, Number.MAX_SAFE_INTEGER);
  print(search(store, {}, args.limit).toReversed());
  while (io.signal?.aborted !== true) {
    const news = finishedSince(store, last);
    last = news.last;
    print(news.calls);
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_MS));
  }
  return 0;
}

function printStory(args: AuditArgs, store: Store, io: AuditIo): number {
  const story = show(store, args.id);
  if (story === undefined) {
    (io.say ?? io.write)(`no call ${args.id} in ${store.path}\n`);
    return 1;
  }
  io.write(args.json ? `${JSON.stringify(story)}\n` : storyText(story, io.color));
  return 0;
}

function printVerification(result: Verification, json: boolean, io: AuditIo): number {
  if (json) io.write(`${JSON.stringify(result)}\n`);
  else if (result.ok) {
    const { records, decisions, open, head } = result;
    io.write(
      `ok: ${records} records, ${decisions} decisions, ${open} without an outcome yet\n` +
        `head: record ${head.seq}, hash ${head.hash}\n` +
        "Keep the head elsewhere: records cut off the end, or a chain written anew, show only against it.\n",
    );
  } else {
    const lines = result.problems.map(({ seq, id, what }) => `  record ${seq} ${id}: ${what}\n`);
    io.write(`the audit store has been changed or is damaged:\n${lines.join("")}`);
  }
  return result.ok ? 0 : 1;
}
