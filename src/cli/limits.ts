/** `sallyport limits`: what each principal has used of its budgets, what is left, and giving budgets back. */
import { parseArgs } from "node:util";
import { openAudit } from "../audit/log.js";
import type { ServerConfig } from "../config/load.js";
import { rateOf } from "../limits/per-tool.js";
import { tokens } from "../limits/rate.js";
import { resetUsage, usage, type UseScope, type WindowUse } from "../limits/usage.js";
import { WIDTH_MS } from "../limits/windows.js";
import type { Principal } from "../model/call.js";
import { SallyportError, describeError } from "../model/errors.js";
import { openStore } from "../store/sqlite.js";
import { UsageError } from "./audit-args.js";
import { table, type Column } from "./table.js";

export interface LimitsIo {
  /** Of the store. */
  readonly path: string;
  readonly version: string;
  /** Whose limits hold; none when the configuration cannot be read. */
  readonly servers: readonly Pick<ServerConfig, "name" | "limits" | "connector">[];
  readonly user: string;
  readonly now: () => number;
  /** stdout: data. */
  write(text: string): void;
  /** stderr: talk. */
  say(text: string): void;
}

/** One budget of one principal. */
interface BudgetLine {
  readonly principal: string;
  /** The connector whose calls are counted together, or server/tool for a rate. */
  readonly of: string;
  readonly what: "calls" | "cost" | "rows" | "bytes" | "rate";
  readonly per: WindowUse["per"];
  readonly used: number | null;
  readonly limit: number;
  readonly left: number;
  readonly resets_in_ms: number;
}

const TEXT = { type: "string" } as const;
const OPTIONS = {
  json: { type: "boolean" },
  all: { type: "boolean" },
  principal: TEXT,
  connector: TEXT,
  server: TEXT,
  reason: TEXT,
  by: TEXT,
} as const;

/** `sallyport limits [--principal P] [--json]`, `sallyport limits reset …`. Resolves to the exit code: 0, 1 or 2. */
export async function limitsCommand(argv: readonly string[], io: LimitsIo): Promise<number> {
  try {
    const { values, positionals } = parse(argv);
    const [command, ...more] = positionals;
    if (more.length > 0 || (command !== undefined && command !== "reset"))
      throw new UsageError(`unexpected "${more[0] ?? command}"; limits takes \`reset\` or flags only`);
    return command === "reset" ? await reset(values, io) : await show(values, io);
  } catch (error) {
    if (error instanceof UsageError) io.say(`${error.message}\n`);
    else if (error instanceof SallyportError) io.say(`${describeError(error)}\n`);
    else throw error;
    return error instanceof UsageError ? 2 : 1;
  }
}

type Values = ReturnType<typeof parse>["values"];

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, strict: true, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split(". ")[0] ?? "") : String(error));
  }
}

async function show({ principal, json }: Values, io: LimitsIo): Promise<number> {
  const store = openStore(io.path, { readonly: true });
  try {
    const now = io.now();
    const used = store.read((tx) => usage(tx, now));
    const lines = [
      ...used.windows.flatMap((use) => windowLines(use, io.servers, now)),
      ...used.buckets.flatMap(({ principal: who, server, tool, fullAt }): BudgetLine[] => {
        const limits = io.servers.find(({ name }) => name === server)?.limits;
        const rate = limits && rateOf(limits, tool);
        if (rate === undefined) return [];
        const { left, retryAfterMs } = tokens(fullAt, rate, now);
        const of = `${server}/${tool}`;
        const waits = { limit: rate.burst, left, resets_in_ms: retryAfterMs };
        return [{ principal: who, of, what: "rate", per: "minute", used: null, ...waits }];
      }),
    ].filter((line) => principal === undefined || line.principal === principal);
    if (json === true) io.write(`${JSON.stringify(lines, null, 2)}\n`);
    else if (lines.length === 0) io.say("no budget is in use\n");
    else io.write(table(COLUMNS, lines));
    return 0;
  } finally {
    await store.close();
  }
}

/** The least that any server of the connector allows is what holds there. */
function windowLines(use: WindowUse, servers: LimitsIo["servers"], now: number): BudgetLine[] {
  const windows = servers
    .filter(({ connector }) => (connector?.connector ?? "generic") === use.connector)
    .flatMap(({ limits }) => (limits.window ?? []).filter(({ per }) => per === use.per));
  return (["calls", "cost", "rows", "bytes"] as const).flatMap((what) => {
    const limit = Math.min(...windows.map((window) => window[`max_${what}`] ?? Infinity));
    if (limit === Infinity) return [];
    const left = Math.max(0, limit - use[what]);
    const { principal, connector: of, per } = use;
    const resets = use.start + WIDTH_MS[per] - now;
    return [{ principal, of, what, per, used: use[what], limit, left, resets_in_ms: resets }];
  });
}

const COLUMNS: readonly Column<BudgetLine>[] = [
  { title: "PRINCIPAL", text: (line) => line.principal, shrinks: true },
  { title: "OF", text: (line) => line.of, shrinks: true },
  { title: "BUDGET", text: ({ what, per }) => `${what}/${per}` },
  { title: "USED", text: ({ used }) => (used === null ? "-" : `${used}`), right: true },
  { title: "LIMIT", text: ({ limit }) => `${limit}`, right: true },
  { title: "LEFT", text: ({ left }) => `${left}`, right: true },
  { title: "RESETS IN", text: (line) => `${Math.ceil(line.resets_in_ms / 1000)} s`, right: true },
];

async function reset(values: Values, io: LimitsIo): Promise<number> {
  const { principal, connector, server, reason, by, all } = values;
  const scope: UseScope = {
    ...(principal !== undefined && { principal }),
    ...(connector !== undefined && { connector }),
    ...(server !== undefined && { server }),
  };
  if ((Object.keys(scope).length === 0) === (all !== true))
    throw new UsageError("reset takes --principal, --connector (budgets), --server (rates), or --all");
  // Opened for reading first: what was never counted must not create a store.
  await openStore(io.path, { readonly: true }).close();
  const person: Principal =
    by === undefined ? { id: `local:${io.user}`, how: "os_user" } : { id: by, how: "asserted" };
  const audit = await openAudit({ path: io.path, version: io.version });
  let dropped = 0;
  try {
    await audit.appendControls((tx) => {
      dropped = resetUsage(tx, scope);
      const why = reason !== undefined && { reason };
      return dropped === 0 ? [] : [{ event: "limits_reset", target: scope, by: person, ...why }];
    });
  } finally {
    await audit.close();
  }
  io.write(dropped === 1 ? "gave 1 budget back\n" : `gave ${dropped} budgets back\n`);
  return 0;
}
