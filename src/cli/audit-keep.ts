/** `sallyport audit prune|hold`: what is erased when it is old, and what must not be. */
import { holds, type Hold } from "../audit/holds.js";
import { prune } from "../audit/prune.js";
import type { HoldQuery } from "../audit/record.js";
import type { Principal } from "../model/call.js";
import { UsageError, type AuditArgs } from "./audit-args.js";
import { reading, writing, type AuditIo } from "./audit-io.js";
import { printable } from "./table.js";

type Io = AuditIo & { say(text: string): void };

export async function keepCommand(args: AuditArgs, given: AuditIo): Promise<number> {
  const io = { ...given, say: given.say ?? given.write };
  if (args.command === "prune") return pruneOld(args, io);
  if (args.values.release !== undefined) return release(args, args.values.release, io);
  return Object.keys(args.filter).length === 0 ? list(args, io) : place(args, io);
}

function person({ user }: Io): Principal {
  return { id: `local:${user}`, how: "os_user" };
}

async function pruneOld(args: AuditArgs, io: Io): Promise<number> {
  const { retentionMs } = io.settings;
  const before = args.before ?? (retentionMs === undefined ? undefined : Date.now() - retentionMs);
  if (before === undefined)
    throw new UsageError(
      "audit prune needs --older-than, such as 90d, or audit.retention in the configuration",
    );
  const dryRun = args.switches.has("dry-run");
  const done = await writing(io, (log) => prune(log, { before, by: person(io), dryRun }));
  const { erased, held, scrubbed } = done;
  if (args.json) io.write(`${JSON.stringify({ before: new Date(before).toISOString(), dryRun, ...done })}\n`);
  else {
    const what = dryRun ? "would be erased" : "erased";
    io.write(
      `${erased} records of calls before ${new Date(before).toISOString()} ${what}; ${held} calls are on hold\n`,
    );
    if (erased > 0 && !dryRun)
      io.say("Their hashes stay: chain, tree and proofs hold. Copies and exports are not touched.\n");
  }
  if (!scrubbed)
    io.say(
      "Another process is reading: erased text leaves the write-ahead log when that one ends. Prune again then.\n",
    );
  return 0;
}

async function place(args: AuditArgs, io: Io): Promise<number> {
  const { reason } = args.values;
  if (reason === undefined)
    throw new UsageError("audit hold needs --reason: who reads the record later must know why");
  const { outcome, text, approval, ...query } = args.filter;
  if ((outcome ?? text ?? approval) !== undefined)
    throw new UsageError("a hold is by who, tool, server, decision, category, rule and time");
  const { id } = await writing(io, (log) =>
    log.appendHold({ event: "placed", query: query satisfies HoldQuery, reason, by: person(io) }),
  );
  io.write(
    args.json ? `${JSON.stringify({ hold: id })}\n` : `hold ${id} placed: no prune erases these calls\n`,
  );
  return 0;
}

async function release(args: AuditArgs, id: string, io: Io): Promise<number> {
  const { reason } = args.values;
  if (reason === undefined) throw new UsageError("audit hold --release needs --reason");
  const inForce = await reading(io, (store) => store.read(holds));
  if (!inForce.some((hold) => hold.id === id)) {
    io.say(`no hold ${printable(id)} is in force\n`);
    return 1;
  }
  await writing(io, (log) => log.appendHold({ event: "released", hold: id, reason, by: person(io) }));
  io.write(args.json ? `${JSON.stringify({ released: id })}\n` : `hold ${id} released\n`);
  return 0;
}

async function list(args: AuditArgs, io: Io): Promise<number> {
  const inForce = await reading(io, (store) => store.read(holds));
  if (args.json) io.write(`${JSON.stringify(inForce)}\n`);
  else if (inForce.length === 0) io.say("no hold is in force\n");
  else for (const hold of inForce) io.write(holdText(hold));
  return 0;
}

function holdText({ id, placed, query, reason, by }: Hold): string {
  const terms = Object.entries(query).map(([name, value]) =>
    name === "since" || name === "until"
      ? `${name} ${new Date(Number(value)).toISOString()}`
      : `${name} ${value}`,
  );
  return `${id}  ${placed}  ${printable(`${terms.join(", ")}: ${reason} (${by.id})`)}\n`;
}
