/** `sallyport stop`, `resume` and `stops`: the kill switch, by scope, for every process on one store. */
import { newId } from "../audit/ids.js";
import { openAudit } from "../audit/log.js";
import type { ControlTarget } from "../audit/record.js";
import { activeStops, addStop, removeStop, scopeText, type Stop } from "../limits/stops.js";
import type { Principal } from "../model/call.js";
import { SallyportError, describeError } from "../model/errors.js";
import { visible } from "../pins/visible.js";
import { openStore } from "../store/sqlite.js";
import type { Tx } from "../store/store.js";
import { UsageError } from "./audit-args.js";
import { parseStopArgs, type StopArgs } from "./stop-args.js";
import { table, type Column } from "./table.js";

export interface StopIo {
  /** Of the store. */
  readonly path: string;
  readonly version: string;
  /** Who does it, unless --by says another name. */
  readonly user: string;
  readonly now: () => number;
  /** stdout: data. */
  write(text: string): void;
  /** stderr: talk. */
  say(text: string): void;
}

/** Resolves with the exit code: 0, 1 when there is nothing to resume or no store, 2 for bad usage. */
export async function stopCommand(
  command: "stop" | "resume" | "stops",
  argv: readonly string[],
  io: StopIo,
): Promise<number> {
  try {
    const args = parseStopArgs(command, argv);
    if (command === "stop") return await stop(args, io);
    return command === "resume" ? await resume(args, io) : await list(args, io);
  } catch (error) {
    if (error instanceof UsageError) io.say(`${error.message}\n`);
    else if (error instanceof SallyportError) io.say(`${describeError(error)}\n`);
    else throw error;
    return error instanceof UsageError ? 2 : 1;
  }
}

function person(args: StopArgs, io: StopIo): Principal {
  return args.by === undefined
    ? { id: `local:${io.user}`, how: "os_user" }
    : { id: args.by, how: "asserted" };
}

async function stop(args: StopArgs, io: StopIo): Promise<number> {
  const by = person(args, io);
  const since = io.now();
  const until = args.forMs === undefined ? {} : { until: since + args.forMs };
  const reason = args.reason ?? "no reason given";
  const made: Stop = { id: newId("b"), ...args.scope, reason, by: by.id, since, ...until };
  const audit = await openAudit({ path: io.path, version: io.version });
  try {
    await audit.appendControls((tx) => {
      addStop(tx, made);
      return [{ event: "stopped", target: args.scope, by, reason, ...until }];
    });
  } finally {
    await audit.close();
  }
  io.write(`stopped ${visible(scopeText(made))}: ${made.id}\n`);
  io.say(`From its next call on, in every process that records in ${io.path}. sallyport resume ${made.id}\n`);
  return 0;
}

async function resume(args: StopArgs, io: StopIo): Promise<number> {
  // Looked up first: to resume what nobody has stopped must not create a store.
  const chosen = await reading(io, (tx) => activeStops(tx, io.now()).filter((each) => meant(each, args)));
  if (chosen.length === 0) {
    io.say("nothing of that is stopped; `sallyport stops` lists what is\n");
    return 1;
  }
  const by = person(args, io);
  const audit = await openAudit({ path: io.path, version: io.version });
  try {
    await audit.appendControls((tx) =>
      chosen.flatMap((each) => {
        if (!removeStop(tx, each.id)) return [];
        const reason = args.reason !== undefined && { reason: args.reason };
        return [{ event: "resumed" as const, target: targetOf(each), by, ...reason }];
      }),
    );
  } finally {
    await audit.close();
  }
  for (const each of chosen) io.write(`resumed ${visible(scopeText(each))}: ${each.id}\n`);
  return 0;
}

/** By id, or the very scope that was stopped: no scope is the stop of everything. */
function meant(stopped: Stop, { id, all, scope }: StopArgs): boolean {
  if (all) return true;
  return id === undefined ? scopeText(stopped) === scopeText(scope) : stopped.id === id;
}

function targetOf({ server, tool, principal, session }: Stop): ControlTarget {
  return {
    ...(server !== undefined && { server }),
    ...(tool !== undefined && { tool }),
    ...(principal !== undefined && { principal }),
    ...(session !== undefined && { session }),
  };
}

const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

const COLUMNS: readonly Column<Stop>[] = [
  { title: "STOPPED", text: (each) => scopeText(each) },
  { title: "BY", text: (each) => each.by },
  { title: "SINCE", text: (each) => time(each.since) },
  { title: "UNTIL", text: (each) => (each.until === undefined ? "resumed" : time(each.until)) },
  { title: "ID", text: (each) => each.id },
  { title: "REASON", text: (each) => each.reason },
];

async function list({ json }: StopArgs, io: StopIo): Promise<number> {
  const stops = await reading(io, (tx) => activeStops(tx, io.now()));
  if (json) io.write(`${JSON.stringify(stops, null, 2)}\n`);
  else if (stops.length === 0) io.say("nothing is stopped\n");
  else io.write(table(COLUMNS, stops));
  return 0;
}

/** Nothing is stopped in a store that is older than stops. */
async function reading(io: StopIo, work: (tx: Tx) => readonly Stop[]): Promise<readonly Stop[]> {
  const store = openStore(io.path, { readonly: true });
  try {
    return store.read((tx) => {
      const known = tx.get("SELECT 1 FROM sqlite_schema WHERE name = 'stops'") !== undefined;
      return known ? work(tx) : [];
    });
  } finally {
    await store.close();
  }
}
