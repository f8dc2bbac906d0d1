import { CALL_OUTCOMES, type CallOutcome } from "../audit/call-record.js";
import type { SearchFilter } from "../audit/search.js";
import { CATEGORIES, DECISIONS } from "../model/nouns.js";

const COMMANDS = ["tail", "search", "show", "verify"] as const;
type Command = (typeof COMMANDS)[number];

const FILTER_FLAGS = ["who", "tool", "server", "decision", "outcome", "category", "rule", "since", "until"];
const VALUE_FLAGS: Readonly<Record<Command, readonly string[]>> = {
  tail: ["limit"],
  search: [...FILTER_FLAGS, "limit"],
  show: [],
  verify: [],
};
const SWITCHES: Readonly<Record<Command, readonly string[]>> = {
  tail: ["json", "follow"],
  search: ["json"],
  show: ["json"],
  verify: ["json"],
};

const DEFAULT_LIMIT = 20;

export interface AuditArgs {
  readonly command: Command;
  readonly json: boolean;
  readonly follow: boolean;
  readonly limit: number;
  readonly filter: SearchFilter;
  /** Of `show`. */
  readonly id: string;
}

/** Usage that cannot be understood, as a sentence for the person who typed it. */
export class UsageError extends Error {}

/** Reads the command line after `sallyport audit`. `now` in ms, for times such as `2h`. Throws UsageError. */
export function parseAuditArgs(argv: readonly string[], now: number): AuditArgs {
  const command = oneOf("audit command", argv[0] ?? "", COMMANDS);
  const values = new Map<string, string>();
  const switches = new Set<string>();
  const words: string[] = [];
  for (let at = 1; at < argv.length; at++) {
    const word = argv[at] ?? "";
    if (!word.startsWith("--")) {
      words.push(word);
      continue;
    }
    const [flag, inline] = split(word.slice(2));
    if (SWITCHES[command].includes(flag) && inline === undefined) switches.add(flag);
    else if (VALUE_FLAGS[command].includes(flag)) {
      const value = inline ?? argv[++at];
      if (value === undefined || value === "") throw new UsageError(`--${flag} needs a value`);
      if (values.has(flag)) throw new UsageError(`--${flag} is given twice`);
      values.set(flag, value);
    } else throw new UsageError(`unknown flag ${word} of audit ${command}; ${validFlags(command)}`);
  }
  const expected = command === "show" ? 1 : 0;
  if (words.length > expected)
    throw new UsageError(`unexpected "${words[expected]}"; ${validFlags(command)}`);
  if (words.length < expected) throw new UsageError("audit show needs the id of a decision: audit show <id>");
  return {
    command,
    json: switches.has("json"),
    follow: switches.has("follow"),
    limit: limitOf(values.get("limit")),
    filter: filterOf(values, now),
    id: words[0] ?? "",
  };
}

function validFlags(command: Command): string {
  const flags = [...VALUE_FLAGS[command], ...SWITCHES[command]].map((flag) => `--${flag}`);
  return `valid: ${flags.join(", ")}`;
}

function split(flag: string): [string, string?] {
  const at = flag.indexOf("=");
  return at === -1 ? [flag] : [flag.slice(0, at), flag.slice(at + 1)];
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--limit ${text} is not a positive whole number`);
  return Number(text);
}

function filterOf(values: ReadonlyMap<string, string>, now: number): SearchFilter {
  const { who, tool, server, decision, outcome, category, rule, since, until } = Object.fromEntries(values);
  return {
    ...(who !== undefined && { who }),
    ...(tool !== undefined && { tool }),
    ...(server !== undefined && { server }),
    ...(decision !== undefined && { decision: oneOf("--decision", decision, DECISIONS) }),
    ...(outcome !== undefined && { outcome: oneOf<CallOutcome>("--outcome", outcome, CALL_OUTCOMES) }),
    ...(category !== undefined && { category: oneOf("--category", category, CATEGORIES) }),
    ...(rule !== undefined && { rule }),
    ...(since !== undefined && { since: timeOf("--since", since, now) }),
    ...(until !== undefined && { until: timeOf("--until", until, now) }),
  };
}

function oneOf<T extends string>(what: string, value: string, valid: readonly T[]): T {
  const found = valid.find((one) => one === value);
  if (found !== undefined) return found;
  throw new UsageError(
    `${what}${value === "" ? " missing" : ` "${value}" is unknown`}; valid: ${valid.join(", ")}`,
  );
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `15m`, `2h`, `7d` ago, or an ISO date or time (UTC unless it says otherwise). */
function timeOf(flag: string, text: string, now: number): number {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  if (ago !== null) return now - Number(ago[1]) * (UNIT_MS[ago[2] ?? ""] ?? 0);
  const iso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const time =
    iso === null ? NaN : Date.parse(iso[1] === undefined || iso[4] !== undefined ? text : `${text}Z`);
  if (!Number.isNaN(time)) return time;
  throw new UsageError(`${flag} "${text}" is no time; valid: 2026-11-20, 2026-11-20T09:30:00Z, 15m, 2h, 7d`);
}
