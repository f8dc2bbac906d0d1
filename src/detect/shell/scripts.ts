/**
 * Commands that stand inside the arguments of programs which are no shells, and run all the same: an interpreter's
 * `os.system("…")`, tar's checkpoint action, ssh's proxy command, git's `submodule foreach`.
 */
import type { ShellWord } from "./syntax.js";

const INTERPRETER =
  /^(?:python[\d.]*|perl|ruby|php|node|deno|bun|lua|awk|gawk|mawk|osascript|groovy|tclsh|rscript)$/;
/** A call that hands its first text to a shell. */
const CALL =
  /\b(?:system|popen|exec|execSync|spawn|spawnSync|call|run|Popen|check_output|check_call|getoutput|shell_exec|passthru|proc_open|do shell script)\s{0,4}\(?\s{0,4}\[?\s{0,4}(["'`])((?:(?!\1)[^\\]|\\.){1,2000})\1/g;
const LIST = /\[\s{0,4}((?:["'][^"'\n]{0,200}["']\s{0,4},?\s{0,4}){1,20})\]/g;
const CRON_LINE =
  /^\s{0,8}(?:(?:[\d*/,-]{1,20}\s{1,8}){5}|@(?:reboot|hourly|daily|weekly|monthly)\s{1,8})(\S.{1,2000})$/s;
/** Longest code looked into; more is no one-liner. */
const MAX_CODE = 64 * 1024;

/** The scripts in a program's arguments, as words of their own. */
export function hiddenScripts(program: string, rest: readonly ShellWord[]): ShellWord[] {
  if (INTERPRETER.test(program)) return rest.flatMap(calledIn);
  const found: ShellWord[] = [];
  const take = (w: ShellWord | undefined, text: string): void =>
    void (w !== undefined && text !== "" && found.push({ ...w, text, quoted: false }));
  rest.forEach((w, i) => {
    const next = rest[i + 1];
    if (/^(?:ansible|salt|salt-ssh|pdsh|pssh|clush|dsh)$/.test(program)) {
      // The module's arguments; for most of them they are a command.
      if (w.quoted && /\s/.test(w.text)) take(w, w.text);
    } else if (program === "tar") take(w, /^--checkpoint-action=exec=(.{1,2000})$/s.exec(w.text)?.[1] ?? "");
    else if (/^(?:ssh|scp|sftp|rsync)$/.test(program)) {
      take(w, /(?:^|-o)\s{0,4}(?:Proxy|Local)Command[= ](.{1,2000})$/is.exec(w.text)?.[1] ?? "");
    } else if (program === "git") {
      if (w.text === "foreach" || w.text === "run" || w.text === "-x" || w.text.endsWith("-filter"))
        take(next, next?.text ?? "");
      take(
        w,
        /^(?:core\.(?:pager|editor|sshcommand|fsmonitor|hookspath|askpass)|diff\.external|sequence\.editor|credential\.helper)=!?(.{1,2000})$/is.exec(
          w.text,
        )?.[1] ?? "",
      );
      take(w, /^alias\.\w{1,40}=!(.{1,2000})$/s.exec(w.text)?.[1] ?? "");
    } else if (program === "echo" || program === "printf") {
      // A line for cron: what it runs is run, though not now.
      take(w, CRON_LINE.exec(w.text)?.[1] ?? "");
    } else if (/^(?:vi|vim|nvim|view|ex)$/.test(program))
      take(w, /^:?!(.{1,2000})$/s.exec(w.text)?.[1] ?? "");
    else if (program === "watch" || program === "at" || program === "screen" || program === "tmux") {
      if (w.quoted) take(w, w.text);
    }
  });
  return found;
}

function calledIn(w: ShellWord): ShellWord[] {
  if (w.text.length > MAX_CODE) return [];
  const calls = [...w.text.matchAll(CALL)].map((m) => ({ text: m[2] ?? "", at: m.index }));
  // subprocess.run(["rm", "-rf", "/"])
  const lists = [...w.text.matchAll(LIST)].map((m) => ({
    text: (m[1] ?? "").replaceAll(/["']\s{0,4},\s{0,4}["']/g, " ").replaceAll(/["']/g, ""),
    at: m.index,
  }));
  return [...calls, ...lists].map(({ text, at }) => {
    const start = Math.min(w.start + at, w.end - 1);
    return { text: text.replaceAll(/\\(["'`\\])/g, "$1"), start, end: w.end, dynamic: false, quoted: false };
  });
}
