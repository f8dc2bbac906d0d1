/** `sallyport tools`: which definitions are trusted, what has changed, and a person's word on it. */
import { openAudit } from "../audit/log.js";
import type { Principal } from "../model/call.js";
import { SallyportError, describeError } from "../model/errors.js";
import { approve, findingsOf } from "../pins/learn.js";
import { allPins, textsOf, type Pin } from "../pins/table.js";
import { reviewSentence } from "../pins/words.js";
import { visible } from "../pins/visible.js";
import { nearest } from "../policy/problem.js";
import { openStore } from "../store/sqlite.js";
import { UsageError } from "./audit-args.js";
import { parseToolsArgs, type ToolsArgs } from "./tools-args.js";
import { diffText, pinJson, pinTable, typesOf } from "./tools-text.js";

export interface ToolsIo {
  /** Of the store. */
  readonly path: string;
  /** The configuration file whose servers are meant, where several have servers of one name. */
  readonly file: string;
  readonly version: string;
  /** Who approves, unless --by says another name. */
  readonly user: string;
  /** stdout: data. */
  write(text: string): void;
  /** stderr: talk. */
  say(text: string): void;
  readonly color: boolean;
  readonly columns?: number;
}

/** Resolves with the exit code: 0, 1 when there is no such tool or no store, 2 for bad usage. */
export async function toolsCommand(argv: readonly string[], io: ToolsIo): Promise<number> {
  try {
    const args = parseToolsArgs(argv);
    if (args.command === "approve") return await approveTools(args, io);
    const store = openStore(io.path, { readonly: true });
    try {
      const pins = store.read(allPins);
      if (args.command === "ls") return list(pins, args.json, io);
      const pin = find(pins, args.name, args.hash, io);
      const texts = pin && store.read((tx) => textsOf(tx, pin, pin.tool));
      if (pin === undefined || texts === undefined) return 1;
      io.write(diffText(pin, texts, io.color));
      if (findingsOf(pin).length > 0)
        io.say(
          `${reviewSentence(pin.server, pin.tool)} With --hash ${pin.listed.slice(0, 12)} just this one.\n`,
        );
      return 0;
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof UsageError) io.say(`${error.message}\n`);
    else if (error instanceof SallyportError) io.say(`${describeError(error)}\n`);
    else throw error;
    return error instanceof UsageError ? 2 : 1;
  }
}

function list(pins: readonly Pin[], json: boolean, io: ToolsIo): number {
  if (json) io.write(`${JSON.stringify(pins.map(pinJson), null, 2)}\n`);
  else if (pins.length === 0) io.say("no tool was listed yet\n");
  else io.write(pinTable(pins, io.color, io.columns));
  return 0;
}

/** The one that is meant, or undefined after saying why there is none. */
function find(pins: readonly Pin[], name: string, hash: string | undefined, io: ToolsIo): Pin | undefined {
  const full = ({ server, tool }: Pin): string => `${server}/${tool}`;
  const named = pins.filter((each) => full(each) === name);
  if (named.length === 0) {
    const close = nearest(name, pins.map(full));
    const hint = close === undefined ? "" : `; did you mean ${visible(close)}?`;
    io.say(`no tool ${visible(name)} was ever listed${hint}\n`);
    return undefined;
  }
  const here = named.filter(({ origin }) => origin === io.file);
  const fitting = (here.length > 0 ? here : named).filter(({ listed }) => listed.startsWith(hash ?? ""));
  const [pin, ...others] = fitting;
  if (pin !== undefined && others.length === 0) return pin;
  const hashes = [...new Set(named.map(({ listed }) => listed.slice(0, 12)))].join(", ");
  const what =
    fitting.length === 0 ? "is listed with another definition" : "is listed by several servers of that name";
  io.say(`${visible(name)} ${what}: ${hashes}\n`);
  if (fitting.length > 1) io.say("Say which with --config FILE or --hash HASH.\n");
  return undefined;
}

async function approveTools(args: ToolsArgs & { command: "approve" }, io: ToolsIo): Promise<number> {
  const { name, hash } = args;
  // Looked up first: to approve what nobody has listed must not create a store.
  const store = openStore(io.path, { readonly: true });
  const pins = store.read(allPins);
  await store.close();
  const named = name === undefined ? undefined : find(pins, name, hash, io);
  if (name !== undefined && named === undefined) return 1;
  const chosen = named === undefined ? pins.filter((pin) => findingsOf(pin).length > 0) : [named];
  if (chosen.length === 0) {
    io.say("nothing waits for approval\n");
    return 0;
  }
  const by: Principal =
    args.by === undefined ? { id: `local:${io.user}`, how: "os_user" } : { id: args.by, how: "asserted" };
  const audit = await openAudit({ path: io.path, version: io.version });
  let code = 0;
  try {
    for (const pin of chosen) {
      let done = false;
      await audit.appendPins((tx) => {
        const events = approve(tx, pin, pin.tool, by, pin.listed);
        done = events.length > 0;
        return events;
      });
      const told = visible(`${pin.server}/${pin.tool}`);
      if (done) io.write(`approved ${told} ${pin.listed.slice(0, 12)}${reasons(pin)}\n`);
      else io.say(`not approved: ${told} has changed again in this moment\n`);
      if (!done) code = 1;
    }
  } finally {
    await audit.close();
  }
  return code;
}

function reasons(pin: Pin): string {
  const types = typesOf(pin);
  return types.length === 0 ? "" : `: ${types.join(", ")}`;
}
