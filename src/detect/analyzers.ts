/** Analyzers: code that reads a whole text by its role and reports facts; which facts matter is said by rules. */
import { NON_ASCII } from "./automaton.js";
import type { Compiled } from "./compile.js";
import type { LeafPlace } from "./finding.js";
import type { HiddenFact } from "./hidden.js";
import { HIDDEN_FACTS, hiddenFacts } from "./hidden.js";
import type { PathFact } from "./path.js";
import { PATH_FACTS, pathFacts } from "./path.js";
import type { ShellFact } from "./shell/facts.js";
import { readShell, SHELL_FACTS } from "./shell/facts.js";
import { SQL_FACTS, sqlFacts } from "./sql/facts.js";
import type { ValueFact } from "./sql/values.js";
import { SQLI_FACTS, valueFacts } from "./sql/values.js";
import type { UrlFact } from "./url.js";
import { URL_FACTS, urlFacts, urlFactsIn } from "./url.js";

/** Fact names by analyzer, so that a misspelt one in a rule is an error. */
export const ANALYZER_FACTS = {
  sql: SQL_FACTS,
  shell: SHELL_FACTS,
  sqli: SQLI_FACTS,
  path: PATH_FACTS,
  url: URL_FACTS,
  hidden: HIDDEN_FACTS,
} as const;

interface SqlSpeaks {
  readonly analyzer: "sql";
  readonly fact: string;
  readonly start: number;
  readonly end: number;
}
/** A command that a rule describes as data. */
interface CommandMatch {
  readonly rule: number;
  readonly start: number;
  readonly end: number;
}
export type Fact = SqlSpeaks | ShellFact | ValueFact | PathFact | UrlFact | HiddenFact | CommandMatch;

/**
 * Facts of one text under its role. Roles without an analyzer of their own cost a few character tests. `isPart`: of a
 * longer text, which was read as a whole.
 */
export function analyze(
  text: string,
  at: LeafPlace,
  bits: number,
  compiled: Compiled,
  isPart: boolean,
): readonly Fact[] {
  const hidden = (bits & NON_ASCII) !== 0 ? hiddenFacts(text) : NOTHING;
  const own = at.phase === "input" && !isPart ? byRole(text, at, compiled) : NOTHING;
  const urls = at.role !== "url" && text.includes("://") ? urlFactsIn(text) : NOTHING;
  if (hidden.length + own.length + urls.length === 0) return NOTHING;
  return [...hidden, ...own, ...urls];
}
const NOTHING: readonly never[] = [];

/** A command that is asked to say what it would do, or how it is used, does nothing. */
function onlyShows(program: string, args: readonly string[]): boolean {
  // It takes files out of what will be committed; the files stay.
  if (program === "git" && args.includes("restore") && args.some((a) => /^(?:--staged|-S)$/.test(a)))
    return !args.some((a) => /^(?:--worktree|-W)$/.test(a));
  return args.some((a) => a === "--help" || (a.startsWith("--dry-run") && a !== "--dry-run=none"));
}

function byRole(text: string, at: LeafPlace, compiled: Compiled): readonly Fact[] {
  switch (at.role) {
    case "sql":
      return sqlFacts(text).map((f) => ({ analyzer: "sql", ...f }));
    case "shell": {
      const { commands, facts } = readShell(text);
      const matched = commands
        .filter((c) => !onlyShows(c.program, c.args))
        .flatMap((c) => {
          const told = compiled.commands([c.program, ...c.args]);
          // A rule has many patterns; one finding of it is enough.
          return [...new Set(told)].map((rule) => ({ rule, start: c.command.start, end: c.command.end }));
        });
      return [...facts, ...matched];
    }
    case "path":
      return pathFacts(text);
    case "url":
      return urlFacts(text);
    case "code":
      return NOTHING;
    default:
      return valueFacts(text);
  }
}
