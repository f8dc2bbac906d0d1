import { hiddenScripts } from "./scripts.js";
import { expand, remember } from "./expand.js";
import { parseShell } from "./lex.js";
import type { ShellWord, SimpleCommand } from "./syntax.js";

/** A command as it will run: program name without its folder, arguments decoded. */
export interface ResolvedCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly words: readonly ShellWord[];
  readonly command: SimpleCommand;
  /** Set when its arguments come from elsewhere: xargs, find, a variable. */
  readonly fed: boolean;
}

/** Options of wrappers that take a value in the next word. */
const WRAPPERS: Readonly<Record<string, string>> = {
  sudo: "-u -g -h -p -C -r -t -U -T -D -R",
  doas: "-u -C",
  env: "-u -C -S",
  nohup: "",
  nice: "-n",
  ionice: "-c -n -p",
  time: "-f -o",
  timeout: "-s -k",
  stdbuf: "-i -o -e",
  setsid: "",
  command: "",
  builtin: "",
  exec: "-a",
  busybox: "",
  chroot: "",
  unshare: "",
  strace: "-e -o -p",
  watch: "-n",
  caffeinate: "-t",
  chronic: "",
  firejail: "",
  proxychains: "",
  proxychains4: "",
  torsocks: "",
  taskset: "",
  chrt: "",
  flock: "-w",
  runuser: "-u",
  parallel: "-j -a -I",
  xargs: "-I -n -P -L -d -a -E -s",
};
const SHELLS = /^(?:ba|z|da|k|c|tc|fi|a)?sh(?:\.exe)?$/;
const MAX_DEPTH = 6;
/** Commands read of one text. Nobody types so many; more are a finding, not a reason to stall. */
export const MAX_COMMANDS = 2000;

/** All commands that a text runs, wrappers undone, and those in `sh -c`, `eval`, `find -exec`, here-documents… */
export function resolveShell(text: string): ResolvedCommand[] {
  const out: ResolvedCommand[] = [];
  const variables = new Map<string, string>();
  const visit = (commands: readonly SimpleCommand[], depth: number): void => {
    for (const command of commands) {
      remember(command, variables);
      resolve(command, expand(command.words, variables), false, depth, out, visit);
    }
  };
  visit(parseShell(text), 0);
  return out;
}

type Visit = (commands: readonly SimpleCommand[], depth: number) => void;

function resolve(
  command: SimpleCommand,
  all: readonly ShellWord[],
  fed: boolean,
  depth: number,
  out: ResolvedCommand[],
  visit: Visit,
): void {
  // Words are counted off, not copied: a line of a thousand `env` would be copied a thousand times.
  let at = 0;
  let isFed = fed;
  for (;;) {
    while (at < all.length && ASSIGNMENT.test((all[at] as ShellWord).text)) at++;
    const first = all[at];
    if (first === undefined) {
      // A redirection alone empties a file.
      if (command.redirects.length > 0) out.push({ program: "", args: [], words: [], command, fed: isFed });
      return;
    }
    const name = programName(first.text);
    const valued = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
    if (valued === undefined) break;
    if (name === "xargs" || name === "parallel") isFed = true;
    const inner = pastOptions(all, at + 1, valued.split(" "), name);
    for (let i = at + 1; name === "env" && i < inner && depth < MAX_DEPTH; i++) {
      const script = all[i]?.text === "-S" ? all[i + 1] : undefined;
      if (script !== undefined) visit(parseShell(script.text, script.start + 1), depth + 1);
    }
    const [only] = inner === all.length - 1 ? all.slice(inner) : [];
    if (only !== undefined && SCRIPTED.test(name) && /\s/.test(only.text)) {
      if (depth < MAX_DEPTH) visit(parseShell(only.text, only.start + (only.quoted ? 1 : 0)), depth + 1);
      return;
    }
    if (inner >= all.length) break;
    at = inner;
  }
  const words = at === 0 ? all : all.slice(at);
  const [head, ...rest] = words;
  if (head === undefined) return;
  const program = programName(head.text);
  const args = rest.map((w) => w.text);
  if (out.length >= MAX_COMMANDS) return;
  out.push({ program, args, words, command, fed: isFed });
  if (depth >= MAX_DEPTH) return;
  const deeper = (w: ShellWord | undefined): void => {
    if (w !== undefined) visit(parseShell(w.text, w.start + (w.quoted ? 1 : 0)), depth + 1);
  };
  if (SHELLS.test(program)) {
    const script = saidBefore(command);
    if (script !== undefined) visit(parseShell(script, command.start), depth + 1);
  }
  if (
    /^(?:echo|printf)$/.test(program) &&
    command.redirects.some(({ target }) => STARTUP.test(target.text))
  ) {
    // What a shell will run when it starts.
    for (const word of rest) if (/\s/.test(word.text)) deeper(word);
  }
  if (SHELLS.test(program) || program === "su" || program === "script") {
    const at = args.findIndex((a) => /^-[a-z]{0,6}c$/.test(a) || a === "--command");
    if (at !== -1) deeper(rest[at + 1]);
    else if (SHELLS.test(program) && command.input !== undefined)
      visit(parseShell(command.input, command.inputStart), depth + 1);
  } else if (program === "cmd") {
    const at = args.findIndex((a) => /^\/[ck]$/i.test(a));
    const [script] = rest.slice(at + 1);
    if (at !== -1 && rest.length === at + 2) deeper(script);
    else if (at !== -1) resolve(command, rest.slice(at + 1), isFed, depth + 1, out, visit);
  } else if (program === "powershell" || program === "pwsh") {
    const at = args.findIndex((a) => /^-c(?:ommand)?$/i.test(a));
    const encoded = args.findIndex((a) => /^-e(?:c|n|nc|ncodedcommand)?$/i.test(a));
    const script = encoded === -1 ? undefined : decodeUtf16(args[encoded + 1] ?? "");
    const start = rest[encoded + 1]?.start;
    if (script !== undefined && start !== undefined) visit(parseShell(script, start), depth + 1);
    else if (at !== -1 && rest.length === at + 2) deeper(rest[at + 1]);
    else if (at !== -1) resolve(command, rest.slice(at + 1), isFed, depth + 1, out, visit);
  } else if (program === "wsl" || program === "runas") {
    const from = rest.findIndex((w) => !/^[-/]/.test(w.text));
    if (from !== -1) resolve(command, rest.slice(from), isFed, depth + 1, out, visit);
  } else if (program === "eval" || program === "trap") {
    const [one] = rest;
    if (rest.length === 1 || program === "trap") deeper(one);
    else if (one !== undefined) visit(parseShell(args.join(" "), one.start), depth + 1);
  } else if (program === "find" || program === "fd") {
    for (let i = 0; i < rest.length; i++) {
      if (!/^(?:-exec|-execdir|-ok|-okdir|-x|-X|--exec)$/.test(rest[i]?.text ?? "")) continue;
      const found = rest.findIndex((e, j) => j > i && (e.text === ";" || e.text === "+"));
      const end = found === -1 ? rest.length : found;
      resolve(command, rest.slice(i + 1, end), true, depth + 1, out, visit);
      // What an -exec runs is its own: reading it again from here would double with every nesting.
      i = end;
    }
  } else if (program === "ssh") {
    const at = rest.findIndex(
      (w, i) => i > 0 && !w.text.startsWith("-") && !rest[i - 1]?.text.startsWith("-"),
    );
    const host = rest.findIndex(
      (w, i) => !w.text.startsWith("-") && !/^-[bceilmopqDEFIJLORSWw]$/.test(rest[i - 1]?.text ?? ""),
    );
    const from = host === -1 ? at : host + 1;
    const remote = from <= 0 ? [] : rest.slice(from);
    if (remote.length === 1) deeper(remote[0]);
    else if (remote[0] !== undefined)
      visit(parseShell(remote.map((w) => w.text).join(" "), remote[0].start), depth + 1);
  } else if (/^(?:docker|podman|kubectl|nerdctl)$/.test(program)) {
    const dash = args.indexOf("--");
    const shell = rest.findIndex((w, i) => i > 0 && SHELLS.test(programName(w.text)));
    const from = dash !== -1 ? dash + 1 : shell;
    if (
      from > 0 &&
      from < rest.length &&
      /^(?:exec|run)$/.test(args.find((a) => /^(?:exec|run)$/.test(a)) ?? "")
    ) {
      resolve(command, rest.slice(from), false, depth + 1, out, visit);
    }
  } else for (const script of hiddenScripts(program, rest)) deeper(script);
}

const STARTUP =
  /(?:^|\/)\.?(?:bashrc|bash_profile|bash_login|profile|zshrc|zprofile|zshenv|cshrc|config\.fish|rc\.local)$/;

/** `echo "rm -rf /" | sh`: what the shell is told on its input. */
function saidBefore({ pipedFrom }: SimpleCommand): string | undefined {
  const [program, ...words] = pipedFrom?.words ?? [];
  if (program === undefined || !/^(?:echo|printf)$/.test(program.text)) return undefined;
  return words.flatMap(({ text }) => (/^-[neE]{1,3}$/.test(text) ? [] : [text])).join(" ");
}

/** PowerShell's -EncodedCommand: UTF-16 in base64. */
function decodeUtf16(base64: string): string | undefined {
  if (base64.length > 64 * 1024 || !/^[A-Za-z0-9+/=]{8,}$/.test(base64)) return undefined;
  const bytes = Uint8Array.from(atob(base64.replace(/=+$/, "")), (c) => c.charCodeAt(0));
  return new TextDecoder("utf-16le").decode(bytes);
}

function programName(word: string): string {
  const base = word.slice(word.lastIndexOf("/") + 1);
  return base.toLowerCase().replace(/\.exe$/, "");
}

/** Index of the first word past a wrapper's options; `from`: the first after its name. */
function pastOptions(
  words: readonly ShellWord[],
  from: number,
  valued: readonly string[],
  wrapper: string,
): number {
  for (let i = from; i < words.length;) {
    const w = (words[i] as ShellWord).text;
    if (w === "--") return i + 1;
    if (ASSIGNMENT.test(w)) i++;
    else if (w.startsWith("-")) i += valued.includes(w) ? 2 : 1;
    // One operand of its own stands before the command: a duration, a root, a lock file.
    else return OPERAND.test(wrapper) && i < words.length - 1 ? i + 1 : i;
  }
  return words.length;
}
/** Wrappers that hand one word on to a shell. */
const SCRIPTED = /^(?:watch|parallel)$/;
const OPERAND = /^(?:timeout|chroot|taskset|chrt|flock)$/;
const ASSIGNMENT = /^[A-Za-z_]\w{0,100}\+?=/;
