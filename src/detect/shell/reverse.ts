import type { ShellFactName } from "./facts.js";
import type { ResolvedCommand } from "./unwrap.js";

type Add = (fact: ShellFactName, start?: number, end?: number) => void;

const CODE_OPTION: Readonly<Record<string, RegExp>> = {
  python: /^-[a-zA-Z]{0,4}c$/,
  perl: /^-[a-zA-Z]{0,4}[eE]$/,
  ruby: /^-[a-z]{0,6}e$/,
  php: /^-r$/,
  node: /^(?:-e|--eval|-p)$/,
  lua: /^-e$/,
  osascript: /^-e$/,
  awk: /^(?!-)/,
  gawk: /^(?!-)/,
  powershell: /^-(?:c|command|e|ec|enc|encodedcommand|nop)$/i,
  pwsh: /^-(?:c|command|e|ec|enc|encodedcommand)$/i,
  groovy: /^-e$/,
  deno: /^eval$/,
};
const SOCKET =
  /\bsocket\b|TCPSocket|fsockopen|IO::Socket|\/inet\/tcp|net\.(?:Socket|connect|createConnection)|stream_socket_client|TCPClient|socket_create/i;
const SPAWN =
  /\/bin\/(?:ba|z|da)?sh|\bcmd(?:\.exe)?\b|pty\.spawn|subprocess|os\.dup2|\bexec\b|\bsystem\b|spawn|popen|shell_exec|passthru|proc_open|\bsh -i\b|iex\b/i;
const EXECUTES =
  /os\.system\s*\(|subprocess\.\w{1,20}\s*\(|child_process|\bexecSync\b|\bshell_exec\s*\(|\bpassthru\s*\(/;
const DELETES =
  /\brmtree\s*\(|\bfs\.(?:promises\.)?(?:rm|rmdir|unlink)\s*\(|\b(?:rm|rmdir|unlink)Sync\s*\(|\brimraf\b|FileUtils\.(?:rm_r|rm_rf|remove_dir|remove_entry)|\bos\.(?:remove|unlink|removedirs)\s*\(|\bunlink\b|File\.delete|Dir\.(?:rmdir|delete|unlink)|\.unlink\s*\(|\.(?:deleteIndex|clearObjects|deleteMany|dropDatabase|drop_collection|dropCollection)\s*\(/;

/** What an interpreter is told to run on its command line. */
export function interpreterFacts(c: ResolvedCommand, add: Add): void {
  const kind = c.program.replace(/[\d.]+$/, "");
  const option = CODE_OPTION[kind];
  const code = option === undefined ? -1 : c.args.findIndex((a) => option.test(a));
  const text = code === -1 ? "" : c.args.slice(code).join(" ");
  if (text !== "" && SOCKET.test(text) && SPAWN.test(text)) add("reverse_shell");
  else if (text !== "" && DELETES.test(text)) add("interpreter_delete");
  else if (text !== "" && EXECUTES.test(text)) add("interpreter_exec");
  if (/^(?:nc|ncat|netcat|nc\.traditional|nc\.openbsd|rcat|busybox)$/.test(c.program)) netcat(c, add);
  const joined = c.args.join(" ");
  if (c.program === "socat" && /exec:|system:|\bpty\b/i.test(joined)) add("reverse_shell");
  if (c.program === "telnet" && (c.command.pipedFrom !== undefined || c.args.length > 1)) {
    if (/\bsh\b/.test(c.command.pipedFrom?.words.at(-1)?.text ?? "")) add("reverse_shell");
  }
  if (c.program === "msfvenom" && /shell|meterpreter/.test(joined)) add("reverse_shell");
}

function netcat(c: ResolvedCommand, add: Add): void {
  const runs = c.args.some(
    (a, i) =>
      (/^-[a-z]{0,6}[ec]$/i.test(a) || a === "--exec" || a === "--sh-exec") &&
      /(?:sh|cmd|powershell|bash|python)/i.test(c.args[i + 1] ?? ""),
  );
  const piped = /(?:^|\/)(?:ba|z|da|k|a)?sh$/.test(c.command.pipedFrom?.words[0]?.text ?? "");
  if (runs || piped) add("reverse_shell");
}

interface RawFact {
  readonly fact: ShellFactName;
  readonly start: number;
  readonly end: number;
}

const RAW: readonly (readonly [ShellFactName, RegExp])[] = [
  ["reverse_shell", /\/dev\/(?:tcp|udp)\/[^\s/]{1,255}\/\d{1,5}/],
  [
    "reverse_shell",
    /mkfifo\b[^\n]{0,200}\|\s{0,4}(?:nc|ncat|telnet|openssl)\b|mkfifo\b[^\n]{0,200}\b(?:nc|ncat|openssl s_client|telnet)\b/,
  ],
  ["reverse_shell", /mknod\b[^\n]{0,80}\bp\b[^\n]{0,120}\b(?:nc|telnet)\b/],
  ["reverse_shell", /ztcp\b[^\n]{0,100}\b(?:sh|REPLY)\b/],
  ["reverse_shell", /TCPClient\s{0,4}\(|New-Object\s{1,4}(?:System\.)?Net\.Sockets\.TCPClient/i],
  ["reverse_shell", /java\.net\.Socket|new\s{1,4}Socket\s{0,4}\([^)\n]{0,80}\d|net\.Dial\s{0,4}\(/],
  [
    "reverse_shell",
    /\b(?:nc|ncat|netcat)(?:\.\w{1,12})?\s(?:-\w{1,6}\s){0,3}-[a-z]{0,4}[ec]\s{0,2}\S{0,20}(?:sh|cmd|powershell)\b/,
  ],
  // A buffer of machine code.
  ["reverse_shell", /(?:\\x[0-9a-fA-F]{2}){20}/],
  // bash <(curl …), sh -c "$(curl …)", eval "$(wget …)", . <(curl …), python3 <(curl …)
  [
    "pipe_to_shell",
    /(?:\b(?:ba|z|da|k)?sh|\bsource|\beval|\b(?:python[\d.]{0,5}|perl|ruby|php|node)(?=\s{1,4}<)|(?:^|\s)\.)\s{1,4}(?:-\w{1,6}\s{1,4}){0,3}["']?(?:<|\$)\(\s{0,4}(?:curl|wget)\b/,
  ],
  // python -c "exec(urlopen('http://…').read())"
  [
    "pipe_to_shell",
    /\b(?:exec|eval)\s{0,4}\(.{0,200}?(?:\burlopen\s{0,4}\(|requests\.get\s{0,4}\(|LWP::Simple|file_get_contents\s{0,4}\(\s{0,4}["']https?:|Net::HTTP|(?:open-uri|URI\.open)|https?\.get\s{0,4}\()/,
  ],
  // eval "$(echo … | base64 -d)", bash <(base64 -d …)
  [
    "decode_to_shell",
    /(?:\b(?:ba|z|da|k)?sh|\bsource|\beval)\s{1,4}(?:-\w{1,6}\s{1,4}){0,3}["']?(?:<\(|\$\(|`)[^\n)`]{0,4000}?\bbase(?:64|32)\s{1,4}(?:-d|-D|--decode)\b/,
  ],
  // dig $(cat /etc/passwd | base64).x.example: a name that is asked for carries what is in it
  [
    "send_file",
    /\b(?:dig|nslookup|host|ping)\s[^\n|;&]{0,80}(?:\$\(|`)[^\n)`]{0,200}?\b(?:cat|base64|xxd|hexdump|od)\b/,
  ],
  [
    "fork_bomb",
    /([\w:.]{1,16})\s{0,4}\(\)\s{0,4}\{\s{0,4}[\w:.]{1,16}\s{0,4}\|\s{0,4}[\w:.]{1,16}\s{0,4}&\s{0,4}\}\s{0,4};/,
  ],
  ["fork_bomb", /%0\s{0,2}\|\s{0,2}%0/],
];

const REACHES =
  /socket\.socket|\bsocket\s{0,2}\(|TCPSocket|TCPServer|IO::Socket|\/inet\/tcp|net\.Socket|fsockopen|Socket\.tcp|socket_create|WSASocket|require\(["']net["']\)|socket\.tcp|\bTcpStream::connect|UDPSocket|telnet:\/\/|openssl s_client|stream_socket_client|net\.createConnection|Socket::INET|Socket\.connect/i;
const RUNS =
  /\/bin\/(?:ba|z|da|k)?sh|\bcmd(?:\.exe)?["'\s]|powershell|pty\.spawn|child_process|\bspawn\b|\bpopen\b|\bproc_open\b|os\.dup2|\bexec\b|\bProcess\.(?:new|run|start)|getline|\biex\b|shell_exec|os\.execute|io\.popen|Command::new|ProcessBuilder/i;
const POWERSHELL =
  /\b(?:IRM|IWR|Invoke-(?:RestMethod|WebRequest))\b[\s\S]{0,400}?(?:\biex\b|Invoke-Expression|while)|\b(?:iex|Invoke-Expression)\s{0,4}\(\s{0,4}(?:&\s{0,2})?(?:iwr|irm|Invoke-WebRequest|Invoke-RestMethod|New-Object|curl|wget)\b/i;
const WEB_SHELL =
  /<\?(?:php|=)[\s\S]{0,200}?(?:system|exec|passthru|shell_exec|popen|eval|assert|`)\s{0,2}\(?\s{0,2}[`"']?\$_(?:GET|POST|REQUEST|COOKIE)|<\?=`\$_(?:GET|POST|REQUEST)|\$_(?:GET|POST|REQUEST)\b[\s\S]{0,200}?\b(?:system|exec|passthru|shell_exec|popen|eval)\s{0,2}\(\s{0,2}\$/i;

/** A program in any language that opens a socket and runs a shell on it. */
function wholeProgram(text: string): boolean {
  return (REACHES.test(text) && RUNS.test(text)) || POWERSHELL.test(text) || WEB_SHELL.test(text);
}

/** Shapes that no command boundary holds together: bash's network files, pipes through fifos, fork bombs. */
export function rawShellFacts(text: string): RawFact[] {
  const whole: RawFact[] = wholeProgram(text) ? [{ fact: "reverse_shell", start: 0, end: text.length }] : [];
  const shapes: RawFact[] = RAW.flatMap(([fact, pattern]) => {
    const m = pattern.exec(text);
    return m === null ? [] : [{ fact, start: m.index, end: m.index + m[0].length }];
  });
  return shapes.length > 0 ? shapes : whole;
}
