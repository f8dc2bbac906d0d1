/** Commands of cmd.exe and PowerShell. The lexer has eaten single backslashes, so paths are read with and without. */
import type { ResolvedCommand } from "./unwrap.js";
import type { ShellFactName } from "./facts.js";
import { rmTarget } from "./targets.js";

type Add = (fact: ShellFactName, start?: number, end?: number) => void;

const REMOVE = /^(?:remove-item|ri|rd|rmdir|del|erase)$/;
const TURNS_OFF: readonly (readonly [program: RegExp, args: RegExp])[] = [
  [/^netsh$/, /advfirewall\s.{0,40}\bstate\s{1,4}off|firewall\s.{0,40}(?:disable|reset)/i],
  [/^set-netfirewallprofile$/, /-enabled\s{1,4}\$?false/i],
  [/^(?:set|add)-mppreference$/, /-disable|-exclusion/i],
  [/^set-executionpolicy$/, /bypass|unrestricted/i],
  [/^(?:vssadmin|wbadmin)$/, /delete|resize/i],
  [/^wmic$/, /shadowcopy.{0,40}delete|process.{0,40}(?:delete|terminate)/i],
  [/^bcdedit$/, /\/(?:set|delete|deletevalue)/i],
  [/^reagentc$/, /\/disable/i],
  [/^(?:spctl|csrutil|fdesetup|tmutil)$/, /disable|delete/i],
  [/^pfctl$/, /(?:^|\s)-(?:d|F)/],
  [/^(?:ip6?tables|iptables-legacy)$/, /-P\s{1,4}(?:INPUT|FORWARD|OUTPUT)\s{1,4}ACCEPT|-X\b/],
  [/^(?:aa-teardown|aa-disable|aa-complain)$/, /^/],
  [/^apparmor_parser$/, /(?:^|\s)-R/],
  [/^sysctl$/, /randomize_va_space=0|kptr_restrict=0|yama\.ptrace_scope=0/],
];
const DISKS = /^(?:format-volume|clear-disk|initialize-disk|remove-partition|diskpart)$/;
const PERSISTS: readonly (readonly [program: RegExp, args: RegExp])[] = [
  [/^schtasks$/, /\/(?:create|change)/i],
  [/^(?:register-scheduledtask|new-scheduledtask|new-service)$/, /^/],
  [/^sc$/, /^(?:create|config)\b/i],
  [/^reg$/, /^add\b.{0,200}(?:\\?run(?:once)?\b|winlogon|image file execution|policies)/i],
  [/^(?:new|set)-itemproperty$/, /currentversion\\?\\?run|winlogon/i],
];
const DESTROYS: readonly (readonly [program: RegExp, args: RegExp])[] = [
  [/^reg$/, /^delete\b/i],
  [/^sc$/, /^(?:delete|stop)\b/i],
  [/^cipher$/, /\/w/i],
  [
    /^remove-(?:az|ad|vm|mg|ec2|s3|rds|gc|cluster|storage|sql|mailbox|computer|dns|partition|physical|psdrive)/,
    /^/,
  ],
  [/^(?:uninstall-windowsfeature|remove-windowsfeature|disable-computerrestore|clear-recyclebin)$/, /^/],
  [/^(?:takeown)$/, /\/r\b/i],
  [/^icacls$/, /\/grant.{0,20}(?:everyone|users)|\/reset.{0,40}\/t/i],
];

/** Facts of one command of Windows, and of what turns protection off anywhere. */
export function windowsFacts(c: ResolvedCommand, add: Add): void {
  const { program, args } = c;
  const joined = args.join(" ");
  const any = (list: typeof TURNS_OFF): boolean => list.some(([p, a]) => p.test(program) && a.test(joined));
  if (REMOVE.test(program) && args.some((a) => /^(?:-r(?:ecurse|ec)?|\/s)$/i.test(a))) {
    const targets = args.filter((a) => !/^(?:-|\/[a-z]$)/i.test(a));
    if (targets.length > 0) add(rmTarget(targets));
    else add("delete_fed");
  } else if (/^(?:del|erase)$/.test(program) && args.some((a) => rmTarget([a]) === "delete_root"))
    add("delete_root");
  if (program === "format" && args.some((a) => /^[a-z]:$/i.test(a))) add("format_disk");
  if (DISKS.test(program)) add("format_disk");
  if (/^(?:stop-computer|restart-computer)$/.test(program)) add("power");
  if (program === "shutdown" && args.some((a) => /^\/[srpgh]$/i.test(a))) add("power");
  if (any(TURNS_OFF)) add("disable_protection");
  if (any(PERSISTS)) add("persistence");
  if (any(DESTROYS)) add("windows_destructive");
  if (/^(?:powershell|pwsh)$/.test(program) && args.some((a) => /^-e(?:c|n|nc|ncodedcommand)$/i.test(a)))
    add("decode_to_shell");
  const fetches =
    (program === "certutil" && /-urlcache|-decode/i.test(joined)) ||
    (program === "bitsadmin" && /\/(?:transfer|addfile)/i.test(joined)) ||
    (/^(?:mshta|rundll32|regsvr32)$/.test(program) && /https?:|javascript:|vbscript:|\/i:http/i.test(joined));
  if (fetches) add("pipe_to_shell");
  if (
    /^(?:iex|invoke-expression)$/.test(program) &&
    (c.command.pipedFrom !== undefined || /http/i.test(joined))
  )
    add("pipe_to_shell");
}
