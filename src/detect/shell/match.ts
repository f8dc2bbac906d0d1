import { lazily } from "../lazily.js";

/**
 * Commands as data: `git push --force`, `aws s3 rm --recursive`, `kubectl delete`, `* --no-preserve-root`.
 * The first word is the program (globs allowed). Plain words are subcommands, in this order, each directly after the
 * one before it but for options and their values. Words that start with a dash must be among the options, anywhere;
 * `-rf` asks for both letters, in any spelling (`-r -f`, `-fr`); `-f|--force` for one of several. `…` between
 * subcommands stands for any words.
 */
export interface CommandPattern {
  readonly program: RegExp;
  readonly words: readonly (RegExp | null)[];
  readonly options: readonly (readonly string[])[];
}

/** Compiles one command pattern. */
export function compileCommand(text: string): CommandPattern {
  const [program = "*", ...rest] = text.trim().split(/\s+/);
  return {
    program: glob(program),
    words: rest.filter((w) => !w.startsWith("-")).map((w) => (w === "…" || w === "..." ? null : glob(w))),
    options: rest.filter((w) => w.startsWith("-")).map((w) => w.split("|")),
  };
}

/** The rules, by index, whose patterns match a command line; a rule may come more than once. */
export type CommandIndex = (argv: readonly string[]) => readonly number[];

/** Patterns by rule, looked up by the program's name: few of a thousand speak of one. */
export function indexCommands(rules: readonly (readonly string[])[]): CommandIndex {
  type Entry = { readonly rule: number; readonly pattern: () => CommandPattern };
  const named = new Map<string, Entry[]>();
  const others: Entry[] = [];
  rules.forEach((patterns, rule) => {
    for (const text of patterns) {
      const entry = { rule, pattern: lazily(() => compileCommand(text)) };
      const program = text.trim().split(/\s+/)[0] ?? "*";
      if (/[*\u0080-\uffff]/.test(program)) others.push(entry);
      else
        for (const name of program.toLowerCase().split("|"))
          named.set(name, [...(named.get(name) ?? []), entry]);
    }
  });
  return (argv) => {
    const entries = named.get((argv[0] ?? "").toLowerCase());
    const told: number[] = [];
    for (const list of [entries, others])
      for (const { rule, pattern } of list ?? []) if (matchesCommand(argv, pattern())) told.push(rule);
    return told;
  };
}

/** Matches a command line, wrappers and path of the program already removed. */
export function matchesCommand(argv: readonly string[], pattern: CommandPattern): boolean {
  if (!pattern.program.test(argv[0] ?? "")) return false;
  const args = argv.slice(1);
  return pattern.options.every((any) => any.some((o) => hasOption(args, o))) && hasWords(args, pattern.words);
}

/** True when one argument is the option, alone, in a cluster of letters, or with `=value`. */
function hasOption(args: readonly string[], option: string): boolean {
  if (option.startsWith("--")) {
    return args.some((a) => a === option || a.startsWith(`${option}=`));
  }
  const letters = option.slice(1);
  // A word after one dash (-Recurse, -auto-approve) is no cluster of letters; PowerShell reads it in any case.
  if (letters.length > 4) {
    const wanted = option.toLowerCase();
    return args.some((a) => a.toLowerCase() === wanted || a.toLowerCase().startsWith(`${wanted}=`));
  }
  if (args.includes(option) || args.some((a) => a.startsWith(`${option}=`))) return true;
  return [...letters].every((l) => args.some((a) => /^-[a-zA-Z]{1,12}$/.test(a) && a.includes(l)));
}

/** Tries every place for every word; a pattern has few words, so this stays small. */
function hasWords(
  args: readonly string[],
  words: readonly (RegExp | null)[],
  at = 0,
  anywhere = false,
): boolean {
  const [word, ...rest] = words;
  if (word === undefined) return true;
  if (word === null) return hasWords(args, rest, at, true);
  for (let i = at; i < args.length && i < MAX_ARGS; i++) {
    const arg = args[i] as string;
    if (arg.startsWith("-")) continue;
    if (word.test(arg) && hasWords(args, rest, i + 1)) return true;
    // Between subcommands only options and the value after one may stand.
    const before = args[i - 1];
    const isValue = i > 0 && before?.startsWith("-") === true && !before.includes("=");
    if (!anywhere && !isValue) return false;
  }
  return false;
}
const MAX_ARGS = 64;

function glob(text: string): RegExp {
  const any = text.split("|").map((t) => t.replace(/[.+?^${}()[\]\\]/g, "\\$&").replaceAll("*", ".{0,256}"));
  return new RegExp(`^(?:${any.join("|")})$`, "i");
}
