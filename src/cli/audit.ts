import type { CallRecord } from "../audit/call-record.js";
import { finishedSince, search } from "../audit/search.js";
import { isErased, show } from "../audit/show.js";
import { describeError, SallyportError } from "../model/errors.js";
import type { Store } from "../store/store.js";
import { parseAuditArgs, UsageError, type AuditArgs } from "./audit-args.js";
import { storyText } from "./audit-show.js";
import { reading, type AuditIo } from "./audit-io.js";
import { callTable, type CallTableOptions } from "./audit-table.js";

const FOLLOW_MS = 300;

/**
 * `argv[0]` is one of the audit commands. Resolves with the exit code: 0, 1 when something is wrong with the store or
 * there is none, or nothing was found, 2 for bad usage.
 */
export async function auditCommand(argv: readonly string[], io: AuditIo): Promise<number> {
  const say = io.say ?? io.write;
  let args: AuditArgs | undefined;
  try {
    args = parseAuditArgs(argv, Date.now());
    return await run(args, io);
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

async function run(args: AuditArgs, io: AuditIo): Promise<number> {
  switch (args.command) {
    case "tail":
    case "search":
      return reading(io, (store) => listCalls(args, store, io));
    case "show":
      return reading(io, (store) => printStory(args, store, io));
    case "stats":
    case "export": {
      const { exportCommand } = await import("./audit-export.js");
      return exportCommand(args, io);
    }
    case "prune":
    case "hold": {
      const { keepCommand } = await import("./audit-keep.js");
      return keepCommand(args, io);
    }
    default: {
      const { proofCommand } = await import("./audit-proofs.js");
      return proofCommand(args, io);
    }
  }
}

async function listCalls(args: AuditArgs, store: Store, io: AuditIo): Promise<number> {
  if (args.switches.has("follow")) return follow(args, store, io);
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
  const story = show(store, args.word);
  if (story === undefined) {
    const erased = isErased(store, args.word);
    (io.say ?? io.write)(
      erased
        ? `the record ${args.word} was erased: only its hash is left in ${store.path}\n`
        : `no call ${args.word} in ${store.path}\n`,
    );
    return 1;
  }
  io.write(args.json ? `${JSON.stringify(story)}\n` : storyText(story, io.color));
  return 0;
}
