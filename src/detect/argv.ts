/**
 * Commands that arrive in pieces: `{ "args": ["rm", "-rf", "/"] }`, `{ "command": "rm", "args": ["-rf", "/"] }`. No piece
 * is dangerous; the server joins them.
 */
import type { Json } from "../model/json.js";
import { keyWords } from "./key.js";

const PROGRAM = /^(?:command|cmd|program|executable|bin|binary|exe)$/;
const ARGUMENTS = /^(?:args|argv|arguments|params|parameters|command|cmd|commands|commandline)$/;
/** More pieces, or longer ones, are a list of something else. */
const MAX_PIECES = 64;
const MAX_PIECE = 4096;

export interface CommandInPieces {
  /** The command line that the pieces make. */
  readonly text: string;
  /** The piece that names the program: its text, the step to it, its index among its siblings. */
  readonly program: string;
  readonly step: string | number;
  readonly at: number;
}

/** The command of an array under this key, or undefined. The first piece has to be able to name a program. */
export function argvOf(items: readonly Json[], key: string | undefined): CommandInPieces | undefined {
  if (key === undefined || items.length < 2 || items.length > MAX_PIECES) return undefined;
  const [program] = items;
  if (!ARGUMENTS.test(lastWord(key)) || !isProgram(program)) return undefined;
  const text = joined(items);
  return text === undefined ? undefined : { text, program, step: 0, at: 0 };
}

/** The command of an object that names a program and its arguments apart. */
export function splitCommand(
  keys: readonly string[],
  member: (key: string) => Json | undefined,
): CommandInPieces | undefined {
  if (keys.length < 2 || keys.length > MAX_PIECES) return undefined;
  const at = keys.findIndex((key) => PROGRAM.test(lastWord(key)));
  const step = keys[at];
  const key = keys.find((k) => k !== step && ARGUMENTS.test(lastWord(k)));
  if (step === undefined || key === undefined) return undefined;
  const program = member(step);
  if (!isProgram(program)) return undefined;
  const given = member(key);
  const rest = typeof given === "string" ? given : Array.isArray(given) ? joined(given as Json[]) : undefined;
  return rest === undefined ? undefined : { text: `${program} ${rest}`, program, step, at };
}

function lastWord(key: string): string {
  return keyWords(key).trim().split(" ").at(-1) ?? "";
}

const isProgram = (value: Json | undefined): value is string =>
  typeof value === "string" && /^[\w./\\:-]{1,256}$/.test(value);

/** Quoted as a shell would need it, so that what was one argument stays one. */
function joined(items: readonly Json[]): string | undefined {
  if (items.length === 0 || items.length > MAX_PIECES) return undefined;
  const words: string[] = [];
  for (const item of items) {
    if (typeof item === "number") words.push(String(item));
    else if (typeof item !== "string" || item.length > MAX_PIECE) return undefined;
    else words.push(/^[\w@%+=:,./~*-]+$/.test(item) ? item : `'${item.replaceAll("'", `'\\''`)}'`);
  }
  return words.join(" ");
}
