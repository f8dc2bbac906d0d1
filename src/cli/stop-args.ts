import { parseArgs } from "node:util";
import { DURATION_FORM, parseDuration } from "../config/units.js";
import type { StopScope } from "../limits/stops.js";
import { UsageError } from "./audit-args.js";

export interface StopArgs {
  readonly scope: StopScope;
  /** Of `resume`: one stop by its id. */
  readonly id?: string;
  /** Of `resume`: every stop. */
  readonly all: boolean;
  readonly reason?: string;
  /** Milliseconds after which a stop ends by itself. */
  readonly forMs?: number;
  /** Who says so, if not the user of this machine. */
  readonly by?: string;
  readonly json: boolean;
}

const SCOPE = ["server", "tool", "principal", "session"] as const;
const TEXT = { type: "string" } as const;
const SCOPE_OPTIONS = { server: TEXT, tool: TEXT, principal: TEXT, session: TEXT };
type Options = Readonly<Record<string, { readonly type: "string" | "boolean" }>>;
const OPTIONS: Readonly<Record<"stop" | "resume" | "stops", Options>> = {
  stop: { ...SCOPE_OPTIONS, reason: TEXT, for: TEXT, by: TEXT },
  resume: { ...SCOPE_OPTIONS, all: { type: "boolean" }, reason: TEXT, by: TEXT },
  stops: { json: { type: "boolean" } },
};

/** Longer than an incident's title and its link; it is read by models, call after call. */
const MAX_REASON = 300;

/** Reads the command line after `sallyport stop|resume|stops`, without --config. Throws UsageError. */
export function parseStopArgs(command: keyof typeof OPTIONS, argv: readonly string[]): StopArgs {
  const { values, positionals } = parsed(command, argv);
  const text = (key: string): string | undefined => {
    const value = values[key];
    if (value === "") throw new UsageError(`--${key} needs a value`);
    return typeof value === "string" ? value : undefined;
  };
  const scope = Object.fromEntries(
    SCOPE.flatMap((key) => (text(key) === undefined ? [] : [[key, text(key)]])),
  ) as StopScope;
  const [id] = positionals;
  const all = values["all"] === true;
  const named = Number(id !== undefined) + Number(all) + Number(Object.keys(scope).length > 0);
  if (command === "resume" && named > 1)
    throw new UsageError("resume takes one of: the id of a stop, its --server, --tool…, or --all");
  const reason = text("reason");
  if (reason !== undefined && reason.length > MAX_REASON)
    throw new UsageError(`--reason takes at most ${MAX_REASON} characters`);
  const given = text("for");
  const forMs = given === undefined ? undefined : parseDuration(given);
  if (given !== undefined && forMs === undefined) throw new UsageError(`--for takes ${DURATION_FORM}`);
  const by = text("by");
  return {
    scope,
    all,
    json: values["json"] === true,
    ...(id !== undefined && { id }),
    ...(reason !== undefined && { reason }),
    ...(forMs !== undefined && { forMs }),
    ...(by !== undefined && { by }),
  };
}

function parsed(
  command: keyof typeof OPTIONS,
  argv: readonly string[],
): { values: Record<string, string | boolean | undefined>; positionals: readonly string[] } {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: OPTIONS[command],
      strict: true,
      allowPositionals: command === "resume",
    });
    if (positionals.length > 1) throw new UsageError(`unexpected "${positionals[1]}"`);
    return { values, positionals };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${said.split(". ")[0]}`);
  }
}
