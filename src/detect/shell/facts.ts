import { pathFacts } from "../path.js";
import { sqlFacts } from "../sql/facts.js";
import { looksLikeSql } from "../sql/looks.js";
import type { ResolvedCommand } from "./unwrap.js";
import { MAX_COMMANDS, resolveShell } from "./unwrap.js";
import { downloadsRun } from "./downloads.js";
import { hostFacts } from "./hosts.js";
import { windowsFacts } from "./windows.js";
import { deviceTarget, rmTarget, systemFile, systemTarget } from "./targets.js";
import { interpreterFacts, rawShellFacts } from "./reverse.js";

export const SHELL_FACTS = [
  "delete_root", // rm -rf of /, ~, a system folder, or a bare glob
  "delete_recursive", // rm -rf of something else
  "delete_scratch", // rm -rf of what is rebuilt or temporary: node_modules, /tmp/x
  "delete_system_file", // rm of a file under /etc, /usr, /boot…
  "delete_fed", // deletes whatever find or a pipe names
  "format_disk", // mkfs, dd of=/dev, wipefs, writes to a block device
  "permissions_root", // chmod -R 777 /, chown -R of a system folder
  "power", // shutdown, reboot, halt
  "fork_bomb",
  "reverse_shell",
  "pipe_to_shell", // curl … | sh
  "decode_to_shell", // base64 -d | sh
  "read_credentials", // cat ~/.ssh/id_rsa, /etc/shadow
  "send_file", // curl -d @file, nc host < file
  "overwrite_system_file",
  "interpreter_exec", // python -c "os.system(…)"
  "too_complex", // more commands than are read: what cannot be judged is a finding
  "disable_protection", // history -c, setenforce 0, iptables -F, kill -9 -1
  "download_run", // curl -o x … && sh x
  "persistence", // systemd units, authorized_keys, what runs at every start
  "schedule_job", // crontab, at: everyday work, and a way to stay
  "log_tampering", // logs and histories emptied or cut off
  "account_change", // who may log in, and as whom
  "setuid", // a file that runs as its owner
  "service_stop", // of what guards or serves
  "container_escape", // --privileged, the host's root or namespaces
  "windows_destructive", // reg delete, sc delete, Remove-AzResourceGroup
  "interpreter_delete", // shutil.rmtree, fs.rmSync, FileUtils.rm_rf
] as const;
export type ShellFactName = (typeof SHELL_FACTS)[number];

export interface ShellFact {
  readonly analyzer: "shell" | "sql";
  readonly fact: string;
  readonly start: number;
  readonly end: number;
}

const MAX_SHELL = 256 * 1024;
const SHELL = /^(?:ba|z|da|k|c|tc|fi|a)?sh$/;
const INTERPRETER = /^(?:python[\d.]*|perl|ruby|php|node|osascript|lua)$/;
const DOWNLOAD = /^(?:curl|wget|fetch|aria2c|lwp-download|http|https)$/;
const DECODE = /^(?:base64|base32|xxd|openssl|uudecode|gunzip|zcat|rev|tr|printf|echo)$/;

export interface ShellReading {
  readonly commands: readonly ResolvedCommand[];
  readonly facts: readonly ShellFact[];
}

/** What a command line does. */
export function readShell(text: string): ShellReading {
  const shell = text.slice(0, MAX_SHELL);
  const commands = resolveShell(shell);
  const facts: ShellFact[] = [];
  if (commands.length >= MAX_COMMANDS || text.length > MAX_SHELL) {
    facts.push({ analyzer: "shell", fact: "too_complex", start: 0, end: text.length });
  }
  for (const c of commands) {
    const add = (fact: ShellFactName, start = c.command.start, end = c.command.end): void =>
      void facts.push({ analyzer: "shell", fact, start, end });
    commandFacts(c, add);
    interpreterFacts(c, add);
    hostFacts(c, add);
    windowsFacts(c, add);
    sqlClientFacts(c, facts);
  }
  for (const [from, to] of downloadsRun(commands)) {
    const start = Math.min(from.command.start, to.command.start);
    facts.push({
      analyzer: "shell",
      fact: "download_run",
      start,
      end: Math.max(from.command.end, to.command.end),
    });
  }
  // A statement alone is for a client that waits at the other end.
  if (
    /^\s{0,16}(?:drop|delete\s{1,4}from|truncate|grant|revoke|alter\s{1,4}table|update\s{1,4}\S{1,64}\s{1,4}set)\s/i.test(
      shell,
    ) &&
    looksLikeSql(shell)
  ) {
    for (const f of sqlFacts(shell)) facts.push({ analyzer: "sql", ...f });
  }
  for (const f of rawShellFacts(shell)) {
    if (!facts.some((g) => g.fact === f.fact)) facts.push({ analyzer: "shell", ...f });
  }
  return { commands, facts };
}

type Add = (fact: ShellFactName, start?: number, end?: number) => void;

function commandFacts(c: ResolvedCommand, add: Add): void {
  const { program, args } = c;
  const operands = args.filter((a) => !a.startsWith("-"));
  const flag = (letter: string, long: string): boolean =>
    args.some((a) => a === long || (/^-[a-zA-Z]{1,10}$/.test(a) && a.includes(letter)));
  if (program === "rm" && (flag("r", "--recursive") || flag("R", "--recursive"))) {
    // -i asks a person before each file.
    if (flag("i", "--interactive") && !flag("f", "--force")) return;
    const target = operands.length === 0 ? undefined : rmTarget(operands);
    if (c.fed && target !== "delete_root") add("delete_fed");
    else if (target !== undefined) add(target);
  } else if (
    program === "rm" &&
    !flag("i", "--interactive") &&
    operands.some((o) => rmTarget([o]) === "delete_root")
  )
    add("delete_root");
  else if (/^(?:rm|unlink)$/.test(program) && operands.some(systemFile)) add("delete_system_file");
  else if (program === "tar" && args.includes("--remove-files") && rmTarget(operands) === "delete_root")
    add("delete_root");
  else if (program === "rm" && c.fed) add("delete_fed");
  else if (program === "find" && (args.includes("-delete") || removesEach(args))) {
    const roots = args.slice(
      0,
      args.findIndex((a) => a.startsWith("-")),
    );
    const filtered = args.some((a) =>
      /^-(?:i?name|i?path|i?regex|[acm]time|[acm]min|size|user|empty|newer|perm|inum|samefile|links)$/.test(
        a,
      ),
    );
    add(!filtered && roots.some((r) => rmTarget([r]) === "delete_root") ? "delete_root" : "delete_fed");
  } else if (/^(?:mkfs(?:\..*)?|wipefs|blkdiscard|mke2fs)$/.test(program) && !args.includes("--help"))
    add("format_disk");
  else if (
    /^(?:sgdisk|parted|fdisk|sfdisk)$/.test(program) &&
    /zap|mklabel|--delete|mkpart|-Z\b/i.test(args.join(" "))
  )
    add("format_disk");
  else if (program === "dd" && args.some((a) => a.startsWith("of=") && deviceTarget(a.slice(3))))
    add("format_disk");
  else if (
    operands.some(deviceTarget) &&
    (program === "mkswap" ||
      (program === "badblocks" && flag("w", "-w")) ||
      (program === "hdparm" && /--security-erase|--trim-sector/.test(args.join(" "))))
  )
    add("format_disk");
  else if (program === "shred" && operands.some((o) => deviceTarget(o) || flag("u", "--remove"))) {
    add(operands.some(deviceTarget) ? "format_disk" : "delete_recursive");
  } else if (/^(?:chmod|chown|chgrp)$/.test(program) && flag("R", "--recursive")) {
    if (operands.slice(1).some(systemTarget)) add("permissions_root");
  } else if (
    /^(?:shutdown|reboot|halt|poweroff)$/.test(program) &&
    !args.includes("--help") &&
    !flag("c", "--cancel")
  )
    add("power");
  else if (/^(?:init|telinit)$/.test(program) && /^[016]$/.test(args[0] ?? "")) add("power");
  else if (
    program === "systemctl" &&
    /^(?:poweroff|reboot|halt|kexec|rescue|emergency|isolate)$/.test(operands[0] ?? "")
  )
    add("power");
  else if (program === "history" && args.length === 1 && args[0] === "-c") add("disable_protection");
  else if (program === "setenforce" && args[0] === "0") add("disable_protection");
  else if (program === "iptables" && flag("F", "--flush")) add("disable_protection");
  else if (program === "ufw" && /^(?:disable|reset)$/.test(operands[0] ?? "")) add("disable_protection");
  else if (program === "kill" && args.includes("-1") && args.length > 1) add("disable_protection");
  sendFacts(c, add);
  pipeFacts(c, add);
  for (const r of c.command.redirects) {
    if (/^(?:>|>>|>\||&>)$/.test(r.op) && deviceTarget(r.target.text)) add("format_disk");
    if (r.op.includes(">") && r.target.text === "/proc/sysrq-trigger") add("power");
    if (r.op.includes(">") && r.target.text.startsWith("/proc/sys/")) add("disable_protection");
  }
  for (const w of [
    ...c.words.slice(1),
    ...c.command.redirects.filter((r) => r.op === "<").map((r) => r.target),
  ]) {
    if (
      /^(?:ssh|scp|sftp|chmod|chown|ls|stat|test|mkdir|ssh-keygen|touch|ssh-add|echo|find|export|openssl)$/.test(
        program,
      )
    )
      break;
    if (pathFacts(w.text).some((f) => f.fact === "credential_file" || f.fact === "system_secret"))
      add("read_credentials", w.start, w.end);
  }
}

/** `find … -exec rm -rf {}`: for each file what -delete is. */
function removesEach(args: readonly string[]): boolean {
  const at = args.findIndex((a) => /^-(?:exec|execdir)$/.test(a));
  const program = args.slice(at + 1).find((a) => a !== "sudo");
  return at !== -1 && program !== undefined && /^(?:\/bin\/)?(?:rm|shred)$/.test(program);
}

/** What feeds a shell: a download, or something decoded. */
function pipeFacts(c: ResolvedCommand, add: Add): void {
  const runs =
    SHELL.test(c.program) || INTERPRETER.test(c.program) || c.program === "source" || c.program === ".";
  if (!runs) return;
  if (INTERPRETER.test(c.program) && c.args.some((a) => /^-[mcer]/.test(a))) return;
  const reads = !c.args.some((a) => !a.startsWith("-")) || c.args.includes("-s") || c.args.includes("-");
  for (let from = c.command.pipedFrom; from !== undefined && reads; from = from.pipedFrom) {
    const name = (from.words.map((w) => w.text).find((w) => !/^(?:sudo|env)$|=/.test(w)) ?? "").replace(
      /^.*\//,
      "",
    );
    if (DOWNLOAD.test(name)) add("pipe_to_shell", from.start, c.command.end);
    else if (/^(?:base64|base32|xxd|openssl|uudecode|rev)$/.test(name))
      add("decode_to_shell", from.start, c.command.end);
    else if (DECODE.test(name)) continue;
  }
}

function sendFacts(c: ResolvedCommand, add: Add): void {
  const { program, args } = c;
  args.forEach((a, i) => {
    const value = args[i + 1] ?? "";
    if (program === "curl") {
      const data =
        /^(?:-d|--data(?:-binary|-raw|-urlencode|-ascii)?|--json)$/.test(a) && value.startsWith("@");
      const form = /^(?:-F|--form)$/.test(a) && /=@/.test(value);
      const upload = /^(?:-T|--upload-file)$/.test(a);
      if (data || form || upload || a.startsWith("-d@")) add("send_file");
    } else if (program === "wget" && /^--(?:post|body)-file/.test(a)) add("send_file");
  });
  if (/^(?:nc|ncat|netcat)$/.test(program) && c.command.redirects.some((r) => r.op === "<")) add("send_file");
}

/** Programs that are told statements on standard input. */
const SQL_CLIENTS =
  /^(?:psql|mysql|mariadb|sqlcmd|snowsql|snow|clickhouse(?:-client)?|bq|duckdb|cockroach|usql|sqlite3|sqlplus|isql|cqlsh|hive|beeline|impala-shell|spark-sql|trino|presto|vsql|pgcli|mycli|litecli|mysqlsh|influx|db2|turso|wrangler|heroku)$/;
/** Programs whose arguments are only shown, searched or written down. */
const SHOWS =
  /^(?:echo|printf|grep|egrep|fgrep|rg|ag|ack|git|gh|glab|sed|awk|gawk|jq|cat|man|tee|test|say|logger|notify-send)$/;
const STATEMENT =
  /^[\s(;]{0,16}(?:(?:--[^\n]{0,200}\n|\/\*)|drop|delete|truncate|grant|revoke|alter|update|create|with|copy|exec|shutdown|insert|select|do\b|set|purge|reset|attach|load|call|merge)\b/i;

/** SQL handed to a database client is SQL. */
function sqlClientFacts(c: ResolvedCommand, facts: ShellFact[]): void {
  if (SHOWS.test(c.program)) return;
  const client = SQL_CLIENTS.test(c.program);
  const sql: string[] = [];
  for (const { text } of c.words.slice(1)) {
    // --command=…, -e'…', --query "…", or a word of its own; -- starts a comment too.
    const value = text.replace(/^--?[a-zA-Z][\w-]{0,40}=/, "").replace(/^-[a-zA-Z](?=[A-Z]{3,10}\s)/, "");
    if (!/\s|;/.test(value)) continue;
    // What a client of a database is handed is a statement; elsewhere it has to look like one.
    if (STATEMENT.test(value) ? client || looksLikeSql(value) : client && looksLikeSql(value))
      sql.push(value);
  }
  const from = c.command.pipedFrom;
  if (client && c.command.input !== undefined) sql.push(c.command.input);
  if (client && from !== undefined && /^(?:echo|printf)$/.test(from.words[0]?.text ?? ""))
    sql.push(
      from.words
        .slice(1)
        .map((w) => w.text)
        .join(" "),
    );
  for (const text of sql) {
    for (const { fact } of sqlFacts(text))
      facts.push({ analyzer: "sql", fact, start: c.command.start, end: c.command.end });
  }
}
