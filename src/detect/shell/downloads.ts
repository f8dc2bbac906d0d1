/** A file that is downloaded and then run, by any name the download gave it. */
import type { ResolvedCommand } from "./unwrap.js";

const RUNNERS =
  /^(?:(?:ba|z|da|k|c|tc|fi|a)?sh|python[\d.]*|perl|ruby|node|php|source|\.|chmod|sudo|exec|powershell|pwsh|start|open)$/;

/** Index pairs of commands: the download, and what runs it. */
export function downloadsRun(
  commands: readonly ResolvedCommand[],
): [from: ResolvedCommand, to: ResolvedCommand][] {
  const found: [ResolvedCommand, ResolvedCommand][] = [];
  const files = new Map<string, ResolvedCommand>();
  for (const c of commands) {
    const name = (word: string): string => word.replace(/^\.?\//, "").replace(/^.*\//, "");
    const called = c.words[0]?.text ?? "";
    const runs =
      RUNNERS.test(c.program) && c.program !== "chmod" ? c.args.filter((a) => !a.startsWith("-")) : [];
    for (const word of [called, ...runs]) {
      const from = files.get(name(word));
      if (from !== undefined && (word !== called || called.includes("/") || called.includes(".")))
        found.push([from, c]);
    }
    for (const file of downloaded(c)) files.set(name(file), c);
  }
  return found;
}

function downloaded(c: ResolvedCommand): string[] {
  if (!/^(?:curl|wget|aria2c|iwr|invoke-webrequest|certutil|fetch)$/.test(c.program)) return [];
  const out: string[] = c.command.redirects.filter((r) => r.op.includes(">")).map((r) => r.target.text);
  c.args.forEach((a, i) => {
    const long = /^--output(?:-document)?=(.{1,256})$/.exec(a)?.[1];
    if (long !== undefined) out.push(long);
    else if (/^(?:-[a-zA-Z]{0,6}[oO]|--output(?:-document)?|-outfile|-OutFile)$/.test(a))
      out.push(c.args[i + 1] ?? "");
    if (/^https?:\/\//.test(a)) out.push(/\/([^/?#]{1,128})(?:[?#]|$)/.exec(a.slice(8))?.[1] ?? "");
  });
  return out.filter((file) => file !== "" && file !== "-" && file !== "/dev/null");
}
