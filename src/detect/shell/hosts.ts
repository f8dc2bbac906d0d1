/** What a command does to the machine it runs on: who may log in, what runs by itself, what is watched and written down. */
import type { ResolvedCommand } from "./unwrap.js";
import type { ShellFactName } from "./facts.js";
import { systemTarget } from "./targets.js";

type Add = (fact: ShellFactName, start?: number, end?: number) => void;

/** Files that run by themselves, or decide who may do what. */
const RUNS_BY_ITSELF =
  /^(?:\/etc\/(?:cron(?:tab|\.[a-z]{1,8})|systemd\/|init\.d|rc\.local|rc\d?\.d|profile|bash\.bashrc|ld\.so\.preload|pam\.d|modules|udev\/rules)|\/(?:usr\/)?lib\/systemd\/|\/var\/spool\/cron|\/Library\/Launch(?:Daemons|Agents))|(?:^|\/)(?:LaunchAgents|autostart)\//;
const KEYS = /(?:^|\/)\.ssh\/authorized_keys2?$/;
const RULES =
  /^\/etc\/(?:sudoers|ssh\/sshd_config|hosts\.(?:allow|deny)|resolv\.conf|nsswitch\.conf|security\/)/;
const ACCOUNTS = /^\/etc\/(?:passwd|shadow|g?shadow|group|crontab|hosts|fstab|ld\.so\.preload)-?$/;
const LOGS =
  /^\/var\/log(?:\/?\*?$|\/(?:auth|syslog|messages|secure|wtmp|btmp|lastlog|faillog|utmp|kern|audit|daemon|cron|maillog|journal|nginx|apache2|httpd|mysql|postgresql)\b)|^\/var\/audit\/|(?:^|\/)\.(?:bash|zsh|sh|python|mysql|psql)_history$/;
/** Services that guard, or that others stand on. */
const SERVICES =
  /^(?:nginx|haproxy|traefik|apache2|httpd|caddy|envoy|varnish|sshd?|firewalld|ufw|iptables|nftables|fail2ban|auditd|rsyslog|syslog(?:-ng)?|systemd-journald|apparmor|falcon-sensor|falco|crowdsec|clamav-daemon|docker|containerd|kubelet|etcd|postgresql.{0,12}|mysqld?|mariadb|mongod|redis(?:-server)?|elasticsearch|rabbitmq-server|kafka|networking|network|NetworkManager|systemd-networkd|systemd-resolved|cron|crond|chronyd|vault|consul|named|bind9|postfix)(?:\.service)?$/;

/** Facts of one command about its host. */
export function hostFacts(c: ResolvedCommand, add: Add): void {
  const { program, args } = c;
  const operands = args.filter((a) => !a.startsWith("-"));
  const joined = args.join(" ");
  for (const target of written(c, operands)) {
    if (KEYS.test(target)) add("persistence");
    else if (RUNS_BY_ITSELF.test(target)) add("persistence");
    else if (RULES.test(target) || ACCOUNTS.test(target)) add("overwrite_system_file");
    else if (LOGS.test(target) && (program !== "tee" || !args.includes("-a"))) add("log_tampering");
  }
  if (program === "mv" && operands.at(-1) === "/dev/null") add("delete_recursive");
  if (program === "mv" && operands.slice(0, -1).some(systemTarget)) add("delete_root");
  logFacts(program, args, operands, joined, add);
  accountFacts(program, args, operands, joined, add);
  const stops = /^(?:stop|disable|mask|kill)$/;
  if (
    program === "systemctl" &&
    stops.test(operands[0] ?? "") &&
    operands.slice(1).some((o) => SERVICES.test(o))
  )
    add("service_stop");
  if (program === "service" && operands[1] === "stop" && SERVICES.test(operands[0] ?? ""))
    add("service_stop");
  if (/^(?:pkill|killall)$/.test(program) && operands.some((o) => SERVICES.test(o))) add("service_stop");
  const edits = program === "crontab" && !args.some((a) => /^-[leir]$/.test(a)) && args.at(-1) !== "-u";
  if (edits && (c.command.pipedFrom !== undefined || operands.length > 0 || args.includes("-")))
    add("schedule_job");
  if (program === "at" && (c.command.pipedFrom !== undefined || args.includes("-f"))) add("schedule_job");
  const container = /^(?:docker|podman|nerdctl)$/.test(program) && /\b(?:run|create|exec)\b/.test(joined);
  const host =
    /--privileged(?:=true)?(?:\s|$)|--(?:pid|net|network|ipc|uts|userns)[= ]host|--cap-add[= ](?:ALL|SYS_ADMIN)|(?:-v|--volume)[= ]?(?:\/:|\/etc|\/root|\/var\/run\/docker\.sock)|--mount\s\S{0,80}(?:source|src)=\/,/;
  if ((container && host.test(joined)) || (program === "nsenter" && /(?:-t|--target)[= ]?1\b/.test(joined)))
    add("container_escape");
}

/** The files that a command writes: through redirection, tee, cp, mv, install, ln, sed -i, dd. */
function written(c: ResolvedCommand, operands: readonly string[]): string[] {
  const files = c.command.redirects.filter((r) => r.op.includes(">")).map((r) => r.target.text);
  const last = operands.at(-1);
  if (/^(?:cp|mv|install|ln|scp|rsync)$/.test(c.program) && operands.length > 1 && last !== undefined)
    files.push(last);
  else if (c.program === "tee" || c.program === "truncate" || c.program === "shred") files.push(...operands);
  else if (c.program === "sed" && c.args.some((a) => /^-[a-zA-Z]{0,4}i|^--in-place/.test(a)))
    files.push(...operands.slice(1));
  else if (c.program === "rm" || c.program === "unlink") files.push(...operands.filter((o) => LOGS.test(o)));
  else if (c.program === "dd")
    files.push(...c.args.filter((a) => a.startsWith("of=")).map((a) => a.slice(3)));
  return files.map((f) => f.replace(/^~|^\$\{?HOME\}?/, "/home/user"));
}

function logFacts(
  program: string,
  args: readonly string[],
  operands: readonly string[],
  joined: string,
  add: Add,
): void {
  const clears =
    (program === "journalctl" && /--(?:vacuum-\w{1,8}|flush)/.test(joined)) ||
    (program === "dmesg" && /^-(?:C|c)$|^--clear$/.test(args[0] ?? "")) ||
    (program === "auditctl" && /(?:^|\s)-(?:D|e\s{0,2}0)(?:\s|$)/.test(joined)) ||
    (program === "wevtutil" && /^(?:cl|clear-log)$/i.test(operands[0] ?? "")) ||
    /^(?:clear-eventlog|remove-eventlog|limit-eventlog)$/.test(program) ||
    (program === "unset" && operands.some((o) => /^HIST(?:FILE|SIZE|FILESIZE)$/.test(o))) ||
    (program === "export" && /\bHIST(?:FILE=\/dev\/null|(?:FILE)?SIZE=0|CONTROL=ignoreboth:)/.test(joined)) ||
    (program === "set" && joined === "+o history") ||
    (program === "ln" && operands[0] === "/dev/null" && LOGS.test(operands[1] ?? ""));
  if (clears) add("log_tampering");
}

function accountFacts(
  program: string,
  args: readonly string[],
  operands: readonly string[],
  joined: string,
  add: Add,
): void {
  const changes =
    /^(?:chpasswd|vipw|newusers)$/.test(program) ||
    (program === "visudo" && !args.some((a) => /^-[a-z]{0,4}c|^--check$/.test(a))) ||
    // Alone it asks the person who sits there.
    (program === "passwd" && joined !== "" && !args.includes("-S") && !args.includes("--status")) ||
    (/^(?:usermod|gpasswd|adduser|addgroup)$/.test(program) &&
      /\b(?:sudo|wheel|admin|root|docker|adm)\b/.test(joined)) ||
    (/^(?:useradd|usermod)$/.test(program) && /(?:-u|--uid)[= ]?0\b|\s-o\b/.test(joined)) ||
    (program === "usermod" && /(?:^|\s)-[LpU]\b|--(?:lock|password)/.test(joined)) ||
    (program === "dscl" && /-(?:create|append|delete|passwd)\b/.test(joined)) ||
    (program === "net" &&
      /^(?:user|localgroup|group)$/i.test(operands[0] ?? "") &&
      /\/(?:add|delete|del|active)\b/i.test(joined)) ||
    /^(?:new-localuser|remove-localuser|add-localgroupmember|set-localuser|new-aduser|remove-aduser|set-adaccountpassword|add-adgroupmember)$/.test(
      program,
    );
  if (changes) add("account_change");
  const [mode] = operands;
  const setuid =
    program === "chmod" && /^(?:(?:u[go]{0,2}|a)?\+[rwx]{0,3}s|[0-7]?[46][0-7]{3})$/.test(mode ?? "");
  if (setuid || program === "setcap") add("setuid");
  const open = program === "chmod" && /^0?777$|^(?:a|ugo|o)?\+[rx]{0,2}w/.test(mode ?? "");
  if (open && operands.slice(1).some((o) => /^\/(?:etc|root|usr|bin|sbin|var|boot|lib)?(?:\/|$)/.test(o)))
    add("permissions_root");
}
