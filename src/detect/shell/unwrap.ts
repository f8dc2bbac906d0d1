import { hiddenScripts } from "./scripts.js";
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
  const visit = (commands: readonly SimpleCommand[], depth: number): void => {
    for (const command of commands) resolve(command, command.words, false, depth, out, visit);
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
  let words = all;
  let isFed = fed;
  for (;;) {
    while (words[0] !== undefined && /^[A-Za-z_]\w{0,100}\+?=/.test(words[0].text)) words = words.slice(1);
    const first = words[0];
    if (first === undefined) {
      // A redirection alone empties a file.
      if (command.redirects.length > 0) out.push({ program: "", args: [], words, command, fed: isFed });
      return;
    }
    const name = programName(first.text);
    const valued = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
    if (valued === undefined) break;
    if (name === "xargs" || name === "parallel") isFed = true;
    if (name === "env" && words.some((w) => w.text === "-S")) {
      const script = words[words.findIndex((w) => w.text === "-S") + 1];
      if (script !== undefined && depth < MAX_DEPTH)
        visit(parseShell(script.text, script.start + 1), depth + 1);
    }
    const inner = pastOptions(words.slice(1), valued.split(" "), name);
    if (inner.length === 0) break;
    words = inner;
  }
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

function pastOptions(
  words: readonly ShellWord[],
  valued: readonly string[],
  wrapper: string,
): readonly ShellWord[] {
  let i = 0;
  while (i < words.length) {
    const w = (words[i] as ShellWord).text;
    if (w === "--") return words.slice(i + 1);
    if (/^[A-Za-z_]\w{0,100}=/.test(w)) i++;
    else if (w.startsWith("-")) i += valued.includes(w) ? 2 : 1;
    else if (/^(?:timeout|chroot|taskset|chrt|flock)$/.test(wrapper) && i < words.length - 1) {
      // One operand of its own stands before the command: a duration, a root, a lock file.
      return words.slice(i + 1);
    } else return words.slice(i);
  }
  return [];
}
