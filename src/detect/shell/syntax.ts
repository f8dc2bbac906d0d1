/** What a command line is made of. Offsets count in the whole text, also inside substitutions. */
export interface ShellWord {
  /** The word as the command will see it; expansions stay as written (`$HOME`). */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** True when some of it is known only when it runs. */
  readonly dynamic: boolean;
  readonly quoted: boolean;
}

export interface Redirect {
  readonly op: string;
  readonly target: ShellWord;
}

export interface SimpleCommand {
  readonly words: readonly ShellWord[];
  readonly redirects: readonly Redirect[];
  readonly start: number;
  readonly end: number;
  /** The command whose output it reads, if it stands after a pipe. */
  readonly pipedFrom?: SimpleCommand;
  /** A here-document or here-string it reads. */
  readonly input?: string;
  readonly inputStart?: number;
}

const ANSI: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", a: "\x07", e: "\x1b", "0": "" };

/** `$'…'`: ANSI-C quoting. */
export function unescapeAnsi(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([0-7]{1,3})|(.))/gs,
    (_, hex, uni, oct, one) => {
      if (hex ?? uni) return String.fromCharCode(parseInt((hex ?? uni) as string, 16));
      if (oct) return String.fromCharCode(parseInt(oct as string, 8));
      return ANSI[one as string] ?? (one as string);
    },
  );
}
