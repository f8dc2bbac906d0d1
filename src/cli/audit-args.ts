import { CALL_OUTCOMES, type CallOutcome } from "../audit/call-record.js";
import type { SearchFilter } from "../audit/search.js";
import { CATEGORIES, DECISIONS } from "../model/nouns.js";

const HOLD_FLAGS = ["who", "tool", "server", "decision", "category", "rule", "since", "until"];
const FILTER_FLAGS = [...HOLD_FLAGS, "outcome", "approval", "text"];

/** What each command takes: flags with a value, switches, and the one word it needs (or may have, with `?`). */
const COMMANDS = {
  tail: { values: ["limit"], switches: ["json", "follow"] },
  search: { values: [...FILTER_FLAGS, "limit"], switches: ["json"] },
  show: { values: [], switches: ["json"], word: "the id of a decision: audit show <id>" },
  verify: { values: ["key", "against"], switches: ["json"] },
  checkpoint: { values: [], switches: ["json"] },
  key: { values: [], switches: ["rotate", "json"] },
  prove: { values: ["out"], switches: [], word: "the id of a record: audit prove <id>" },
  "verify-proof": {
    values: ["key"],
    switches: ["json"],
    word: "a file: audit verify-proof <file> --key <key>",
  },
  anchor: { values: ["file"], switches: ["json"] },
  stats: { values: FILTER_FLAGS, switches: ["json"] },
  export: { values: [...FILTER_FLAGS, "format", "out", "pack"], switches: [] },
  prune: { values: ["older-than"], switches: ["dry-run", "json"] },
  hold: { values: [...HOLD_FLAGS, "reason", "release"], switches: ["json"] },
} as const satisfies Readonly<Record<string, Spec>>;

interface Spec {
  readonly values: readonly string[];
  readonly switches: readonly string[];
  readonly word?: string;
}

export type AuditCommand = keyof typeof COMMANDS;

export const EXPORT_FORMATS = ["jsonl", "csv", "ocsf", "otlp"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const DEFAULT_LIMIT = 20;

export interface AuditArgs {
  readonly command: AuditCommand;
  readonly json: boolean;
  readonly limit: number;
  readonly filter: SearchFilter;
  /** The word that the command needs; "" for the others. */
  readonly word: string;
  /** Flags with a value, without what is in `limit` and `filter`. */
  readonly values: Readonly<
    Partial<Record<"key" | "against" | "out" | "file" | "reason" | "release" | "pack", string>> & {
      readonly format?: ExportFormat;
    }
  >;
  readonly switches: ReadonlySet<string>;
  /** `--older-than`, milliseconds since the epoch. */
  readonly before?: number;
}

/** Usage that cannot be understood, as a sentence for the person who typed it. */
export class UsageError extends Error {}

/** Reads the command line after `sallyport audit`. `now` in ms, for times such as `2h`. Throws UsageError. */
export function parseAuditArgs(argv: readonly string[], now: number): AuditArgs {
  const command = oneOf("audit command", argv[0] ?? "", Object.keys(COMMANDS) as AuditCommand[]);
  const spec: Spec = COMMANDS[command];
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
    if (spec.switches.includes(flag) && inline === undefined) switches.add(flag);
    else if (spec.values.includes(flag)) {
      const value = inline ?? argv[++at];
      if (value === undefined || value === "") throw new UsageError(`--${flag} needs a value`);
      if (values.has(flag)) throw new UsageError(`--${flag} is given twice`);
      values.set(flag, value);
    } else throw new UsageError(`unknown flag ${word} of audit ${command}; ${validFlags(spec)}`);
  }
  const expected = spec.word === undefined ? 0 : 1;
  if (words.length > expected) throw new UsageError(`unexpected "${words[expected]}"; ${validFlags(spec)}`);
  if (words.length < expected) throw new UsageError(`audit ${command} needs ${spec.word}`);
  return {
    command,
    json: switches.has("json"),
    limit: limitOf(values.get("limit")),
    filter: filterOf(values, now),
    word: words[0] ?? "",
    values: {
      ...Object.fromEntries(values),
      ...(values.has("format") && { format: oneOf("--format", values.get("format")!, EXPORT_FORMATS) }),
    },
    switches,
    ...(values.has("older-than") && { before: timeOf("--older-than", values.get("older-than")!, now) }),
  };
}

/** What a command of `sallyport audit` takes; of all of them when it names none. */
export function auditHelp(command: string | undefined): string {
  const all = Object.entries<Spec>(COMMANDS);
  const named = all.filter(([name]) => name === command);
  const lines = (named.length === 0 ? all : named).map(([name, { values, switches, word }]) => {
    const [operand] = word === undefined ? [] : (/<\w+>/.exec(word) ?? []);
    const flags = [...values.map((flag) => `[--${flag} …]`), ...switches.map((flag) => `[--${flag}]`)];
    return `  sallyport audit ${[name, ...(operand === undefined ? [] : [operand]), ...flags].join(" ")}`;
  });
  return `${lines.join("\n")}\n\nAll of them take --config FILE. Times are 2h, 7d, 2026-11-20 or 2026-11-20T09:30:00Z.\n`;
}

function validFlags({ values, switches }: Spec): string {
  return `valid: ${[...values, ...switches].map((flag) => `--${flag}`).join(", ")}`;
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
  const { who, tool, server, decision, outcome, category, rule, approval, text, since, until } =
    Object.fromEntries(values);
  return {
    ...(who !== undefined && { who }),
    ...(tool !== undefined && { tool }),
    ...(server !== undefined && { server }),
    ...(decision !== undefined && { decision: oneOf("--decision", decision, DECISIONS) }),
    ...(outcome !== undefined && { outcome: oneOf<CallOutcome>("--outcome", outcome, CALL_OUTCOMES) }),
    ...(category !== undefined && { category: oneOf("--category", category, CATEGORIES) }),
    ...(rule !== undefined && { rule }),
    ...(approval !== undefined && { approval }),
    ...(text !== undefined && { text }),
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
export function timeOf(flag: string, text: string, now: number): number {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  if (ago !== null) return now - Number(ago[1]) * (UNIT_MS[ago[2] ?? ""] ?? 0);
  const iso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const time =
    iso === null ? NaN : Date.parse(iso[1] === undefined || iso[4] !== undefined ? text : `${text}Z`);
  if (!Number.isNaN(time)) return time;
  throw new UsageError(`${flag} "${text}" is no time; valid: 2026-11-20, 2026-11-20T09:30:00Z, 15m, 2h, 7d`);
}
