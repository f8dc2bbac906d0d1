import { nearest } from "../policy/problem.js";
import { UsageError } from "./audit-args.js";

export type ToolsArgs =
  | { readonly command: "ls"; readonly json: boolean }
  | ({ readonly command: "diff"; readonly name: string } & Which)
  | ({
      readonly command: "approve";
      /** Absent: all that wait. */
      readonly name?: string;
      readonly by?: string;
    } & Which);

interface Which {
  /** The beginning of the hash of the listed definition: that one and no other. */
  readonly hash?: string;
}

const COMMANDS = ["ls", "diff", "approve"] as const;
const FLAGS: Readonly<Record<(typeof COMMANDS)[number], readonly string[]>> = {
  ls: ["--json"],
  diff: ["--hash"],
  approve: ["--all", "--by", "--hash"],
};

/** Reads the command line after `sallyport tools`, without --config. Throws UsageError. */
export function parseToolsArgs(argv: readonly string[]): ToolsArgs {
  const command = COMMANDS.find((each) => each === argv[0]);
  if (command === undefined) throw new UsageError(unknown("tools command", argv[0] ?? "", COMMANDS));
  const words: string[] = [];
  const values = new Map<string, string>();
  for (let at = 1; at < argv.length; at++) {
    const word = argv[at]!;
    if (!word.startsWith("--")) {
      words.push(word);
      continue;
    }
    const [flag = "", inline] = word.split(/=(.*)/s, 2);
    if (!FLAGS[command].includes(flag)) throw new UsageError(unknown("flag", flag, FLAGS[command]));
    if (values.has(flag)) throw new UsageError(`${flag} is given twice`);
    const takes = flag === "--by" || flag === "--hash";
    if (!takes && inline !== undefined) throw new UsageError(`${flag} takes no value`);
    const value = takes ? (inline ?? argv[++at] ?? "") : "yes";
    if (value === "") throw new UsageError(`${flag} needs a value`);
    values.set(flag, value);
  }
  const [name] = words;
  const wanted = command === "ls" || values.has("--all") ? 0 : 1;
  if (words.length > wanted) throw new UsageError(`unexpected "${words[wanted]}"`);
  if (wanted === 1 && !/^[^/]+\/./s.test(name ?? ""))
    throw new UsageError(
      `tools ${command} needs a tool as SERVER/TOOL${command === "approve" ? ", or --all" : ""}`,
    );
  if (command === "ls") return { command, json: values.has("--json") };
  const by = values.get("--by");
  const hash = values.get("--hash");
  if (hash !== undefined && name === undefined)
    throw new UsageError("--hash goes with one tool, not with --all");
  if (hash !== undefined && !/^[0-9a-f]{8,64}$/.test(hash))
    throw new UsageError("--hash takes at least 8 hex digits, as `tools ls` shows them");
  const which = hash === undefined ? {} : { hash };
  if (command === "diff") return { command, name: name!, ...which };
  return { command, ...(name !== undefined && { name }), ...(by !== undefined && { by }), ...which };
}

function unknown(what: string, given: string, valid: readonly string[]): string {
  const close = nearest(given, valid);
  const hint = close === undefined ? "" : `did you mean ${close}? `;
  return `${given === "" ? `${what} missing` : `unknown ${what} "${given}"`}; ${hint}valid: ${valid.join(", ") || "none"}`;
}
