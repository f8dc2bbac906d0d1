/** Variables that a text sets to plain text, in the place of the words that name them: `X=rm; $X -rf /`. */
import type { ShellWord, SimpleCommand } from "./syntax.js";

export type Variables = ReadonlyMap<string, string>;

const ASSIGNMENT = /^([A-Za-z_]\w{0,100})=([^$`]{0,2000})$/s;
const DECLARES = /^(?:export|declare|local|readonly|typeset)$/;
const VARIABLE = /\$(?:([A-Za-z_]\w{0,100})|\{([A-Za-z_]\w{0,100})\})/g;
/** Together; a script that sets more is not a disguise but a program. */
const MAX_VARIABLES = 64;
const MAX_EXPANDED = 4096;

/** Remembers what a command that only sets variables sets. */
export function remember(command: SimpleCommand, variables: Map<string, string>): void {
  const [first] = command.words;
  const words = first !== undefined && DECLARES.test(first.text) ? command.words.slice(1) : command.words;
  const set = words.map((word) => ASSIGNMENT.exec(word.text));
  for (const found of set.includes(null) ? [] : set)
    if (found !== null && variables.size < MAX_VARIABLES) variables.set(found[1] ?? "", found[2] ?? "");
}

/** The words as they will be run. What is not quoted may become several. */
export function expand(words: readonly ShellWord[], variables: Variables): readonly ShellWord[] {
  if (!words.some(({ dynamic }) => dynamic)) return words;
  return words.flatMap((word) => {
    if (!word.dynamic) return [word];
    const text = word.text.replace(
      VARIABLE,
      (whole, bare: string | undefined, braced: string | undefined) =>
        variables.get(bare ?? braced ?? "") ?? whole,
    );
    if (text.length > MAX_EXPANDED || !/\S/.test(text)) return [word];
    if (word.quoted) return [{ ...word, text }];
    return text
      .trim()
      .split(/\s+/)
      .map((part) => ({ ...word, text: part }));
  });
}
