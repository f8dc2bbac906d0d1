// What is found in plain sight, hidden again: how much of it is still found. Each class is hidden in the ways that its
// reader undoes: a model reads base64 and look-alikes, a server undoes percent-encoding, a shell undoes its own quoting.
import { gzipSync } from "node:zlib";

const isHigh = (f) => f.severity === "high" || f.severity === "critical";
const each = (text, f) => [...text].map(f).join("");
const hex = (c) => Buffer.from(c).toString("hex");
const escaped = (c) => each(c, (u) => `\\u${u.charCodeAt(0).toString(16).padStart(4, "0")}`);
const LOOKS = { a: "а", e: "е", o: "о", p: "р", c: "с", x: "х", i: "і" };
const LEET = { a: "4", e: "3", i: "1", o: "0", s: "5", t: "7" };
const percent = (t) => each(t, (c) => hex(c).replaceAll(/../g, "%$&"));
const wide = (t) =>
  each(t, (c) =>
    c === " " ? "\u3000" : c > " " && c <= "~" ? String.fromCharCode(c.charCodeAt(0) + 0xfee0) : c,
  );
const WAYS = {
  base64: (t) => Buffer.from(t).toString("base64"),
  "base64 of gzip": (t) => gzipSync(t).toString("base64"),
  hex: (t) => each(t, hex),
  percent,
  "percent twice": (t) => percent(t).replaceAll("%", "%25"),
  "unicode escapes": (t) => each(t, escaped),
  "HTML entities": (t) => each(t, (c) => `&#${c.codePointAt(0)};`),
  "full width": wide,
  "zero width": (t) => each(t, (c) => `${c}\u200b`),
  "look-alikes": (t) => each(t, (c) => LOOKS[c] ?? c),
  "digits for letters": (t) => each(t, (c) => LEET[c.toLowerCase()] ?? c),
  rot13: (t) =>
    t.replaceAll(/[a-z]/gi, (c) => {
      const a = c <= "Z" ? 65 : 97;
      return String.fromCharCode(((c.charCodeAt(0) - a + 13) % 26) + a);
    }),
  "other case": (t) => each(t, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())),
  "comments for spaces": (t) => t.replaceAll(" ", "/**/"),
  "wider spaces": (t) => t.replaceAll(" ", " \t "),
  backslashes: (t) => t.replace(/^[a-z]+/, (w) => `${w[0]}\\${w.slice(1)}`),
  "quotes in the word": (t) => t.replace(/^[a-z]+/, (w) => `${w[0]}''${w.slice(1)}`),
  IFS: (t) => t.replace(" ", "${IFS}"),
  "bash -c": (t) => `bash -c ${JSON.stringify(t).replaceAll(/[$`]/g, "\\$&")}`,
  "base64 to a shell": (t) => `echo ${Buffer.from(t).toString("base64")} | base64 -d | sh`,
  "sudo env": (t) => `sudo env A=b ${t}`,
  "after another": (t) => `cd /srv && ${t}`,
  "in a substitution": (t) => `echo "$(${t})"`,
  newline: (t) => t.replaceAll(" ", "\n"),
};
const READ =
  "base64,base64 of gzip,hex,percent,unicode escapes,HTML entities,full width,zero width,look-alikes";
const CLASSES = [
  [
    "injection",
    `${READ},digits for letters,rot13,other case`,
    "text",
    "output",
    ["prompt_injection", "tool_integrity"],
  ],
  [
    "sqli in values",
    "percent,percent twice,unicode escapes,HTML entities,full width,zero width,base64,hex,other case,comments for spaces,wider spaces",
    "text",
    "input",
    ["sqli"],
  ],
  [
    "sql statements",
    "other case,comments for spaces,wider spaces,newline,full width,zero width",
    "sql",
    "input",
    ["dangerous_queries", "sqli"],
  ],
  [
    "commands",
    "backslashes,quotes in the word,IFS,bash -c,base64 to a shell,sudo env,after another,in a substitution,full width,zero width,percent",
    "shell",
    "input",
    ["dangerous_commands", "dangerous_queries", "high_risk", "exfiltration"],
  ],
  ["secrets", READ.replace(",look-alikes", ""), "text", "output", ["sensitive_data"]],
];
const SETS = {
  injection: ["injection/asb", "injection/llm_guard"],
  "sqli in values": ["sqli/values"],
  "sql statements": ["sql/statements"],
  commands: ["commands/dcg_packs"],
  secrets: ["secrets/gitleaks"],
};
/** Harmless texts, hidden the same ways: what is undone must not become a finding by being undone. */
const HARMLESS = {
  injection: ["benign/tool_calls"],
  "sqli in values": ["sqli/values"],
  "sql statements": ["sql/benign"],
  commands: ["commands/benign_nl2bash"],
  secrets: ["benign/tool_calls", "sql/benign"],
};
/** Rows of each class, spread evenly, so that a run stays within a minute. */
const SAMPLE = 120;

export async function measure(scan, corpus) {
  return CLASSES.map(([name, ways, role, phase, categories]) => {
    const found = (text) =>
      scan(text, { role, phase }).some((f) => categories.includes(f.category) && isHigh(f));
    const plain = SETS[name]
      .flatMap(corpus)
      .filter((row) => row.label === "pos" && row.text.length <= 4000 && found(row.text));
    const step = Math.max(1, Math.floor(plain.length / SAMPLE));
    const rows = plain.filter((_, i) => i % step === 0).slice(0, SAMPLE);
    const misses = [];
    const shares = ways.split(",").map((way) => {
      const missed = rows.filter((row) => !found(WAYS[way](row.text)));
      misses.push(...missed.slice(0, 2).map((row) => `${way}: ${row.text}`));
      return { way, share: 1 - missed.length / rows.length };
    });
    const harmless = HARMLESS[name].flatMap(corpus).filter((row) => row.label === "neg" && !found(row.text));
    const every = Math.max(1, Math.floor(harmless.length / SAMPLE));
    const tried = harmless
      .filter((_, i) => i % every === 0)
      .flatMap((row) =>
        ways
          .split(",")
          // Whatever is decoded into a shell is a finding: nobody has seen it.
          .filter((way) => way !== "base64 to a shell")
          .map((way) => ({ way, text: WAYS[way](row.text) })),
      );
    const alarms = tried.filter(({ text }) => found(text));
    const worst = shares.toSorted((a, b) => a.share - b.share).slice(0, 3);
    return {
      class: `hidden: ${name}, ${shares.length} ways`,
      recall: shares.reduce((sum, s) => sum + s.share, 0) / shares.length,
      fp: alarms.length / tried.length,
      goal: `≥ 90 % of plain; worst ${worst.map((s) => `${s.way} ${Math.round(100 * s.share)}`).join(", ")}`,
      misses,
      alarms: alarms.map(({ way, text }) => `${way}: ${text}`),
    };
  });
}
