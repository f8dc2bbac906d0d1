/**
 * One detector as data. This file also validates detector files; the hot path imports only its types.
 */
import type { Category, Phase, Role, Severity } from "../model/nouns.js";
import type { PatternShape } from "./pattern-shape.js";
import { CATEGORIES, PHASES, ROLES, SEVERITIES } from "../model/nouns.js";
import { SallyportError } from "../model/errors.js";
import { isObject } from "../model/json.js";
import { ANALYZER_FACTS } from "./analyzers.js";
import { CHECKS } from "./checks/index.js";
import { nearest } from "./nearest.js";
import { unsafePattern } from "./pattern.js";

/** A text that a rule must find, or must leave alone. Templates (`{alnum:36}`) are filled by fillTemplate. */
export interface RuleExample {
  readonly text: string;
  readonly role?: Role;
  readonly phase?: Phase;
  readonly key?: string;
}

/** Words that give a match its meaning: in the text around it, or in the key beside the value. */
export interface RuleContext {
  readonly words: readonly string[];
  /** How many characters before (default 48) and after (default 0) the match are looked at. */
  readonly before?: number;
  readonly after?: number;
  /** Severity of a match without any of the words. Absent: no finding. */
  readonly otherwise?: Severity;
}

export interface DetectorRule {
  readonly id: string;
  readonly category: Category;
  readonly type: string;
  readonly severity: Severity;
  /** Which leaves it speaks to; absent: all. */
  readonly roles?: readonly Role[];
  readonly phases?: readonly Phase[];
  /** At least one must be in the text, in any case, for the pattern to be tried. */
  readonly literals?: readonly string[];
  /** All of these characters must be in the text. */
  readonly chars?: string;
  /** The text must hold so many digits in a row (single or double separators between them do not count). */
  readonly digits?: number;
  /** The text must hold so many plain words in a row: of three to eight letters, with nothing but a space between them. */
  readonly plain_words?: number;
  /** ECMAScript pattern; a group named `value` narrows the finding to itself. */
  readonly pattern?: string;
  readonly flags?: string;
  /** Named validator of the matched text. */
  readonly check?: string;
  readonly context?: RuleContext;
  /** Severity of a match that stands in quotation marks: to speak of an attack is not to make one. */
  readonly quoted?: Severity;
  /** It gives way to a more severe finding of its category on the same characters: the generic tier. */
  readonly yields?: true;
  /** The leaf's key must contain one of these words. */
  readonly keys?: readonly string[];
  /** Words of a key that silence it: a page token is no credential. */
  readonly except_keys?: readonly string[];
  /** Instead of a pattern: a fact that an analyzer reports. */
  readonly analyzer?: string;
  readonly fact?: string;
  /** Instead of a pattern: command lines, as program, subcommands and required flags; see shell/match.ts. */
  readonly commands?: readonly string[];
  /** The standard or vendor page the rule was written from. */
  readonly source: string;
  /** What a caller should change, as one sentence. */
  readonly advice?: string;
  readonly hits: readonly (string | RuleExample)[];
  readonly misses: readonly (string | RuleExample)[];
  /** Somebody's own, not one that ships: its pattern is tried on a linear engine. Never from a file. */
  readonly own?: true;
  /** Read from the pattern beforehand, never from a file; absent: read when it is compiled. */
  readonly shape?: PatternShape;
}

const RULE_KEYS = [
  "id",
  "type",
  "severity",
  "roles",
  "phases",
  "literals",
  "chars",
  "digits",
  "plain_words",
  "pattern",
  "flags",
  "check",
  "context",
  "quoted",
  "yields",
  "keys",
  "except_keys",
  "analyzer",
  "fact",
  "commands",
  "source",
  "advice",
  "hits",
  "misses",
] as const;

/**
 * Validates one detector file: `{ category, describe?, rules: [...] }`. `own`: it is somebody else's, and how its patterns
 * are judged.
 * Throws SallyportError `data_invalid` naming file, path and fix.
 */
export function parseDetectorFile(value: unknown, file: string, own?: PatternProblem): DetectorRule[] {
  const fail: Fail = (path, message, fix) => {
    throw new SallyportError("data_invalid", message, { file, path, ...(fix !== undefined && { fix }) });
  };
  if (!isObject(value))
    return fail("", "a detector file must be a mapping", "start it with `category:` and `rules:`");
  onlyKeys(value, ["category", "describe", "rules"], "", fail);
  const category = oneOf(value["category"], CATEGORIES, "/category", fail);
  const rules = value["rules"];
  if (!Array.isArray(rules) || rules.length === 0) {
    return fail("/rules", "no rules", "a detector file needs at least one rule; delete the file otherwise");
  }
  const seen = new Set<string>();
  return rules.map((raw: unknown, i) => {
    const rule = parseRule(raw, category, `/rules/${i}`, fail, own);
    if (seen.has(rule.id))
      fail(`/rules/${i}/id`, `duplicate rule id ${rule.id}`, "give every rule its own id");
    seen.add(rule.id);
    return rule;
  });
}

/** What is wrong with a pattern; undefined when nothing is. */
export type PatternProblem = (pattern: string, flags: string) => string | undefined;
type Fail = (path: string, message: string, fix?: string) => never;

function parseRule(
  raw: unknown,
  category: Category,
  path: string,
  fail: Fail,
  own: PatternProblem | undefined,
): DetectorRule {
  if (!isObject(raw)) return fail(path, "a rule must be a mapping");
  onlyKeys(raw, RULE_KEYS, path, fail);
  const text = (key: string): string => {
    const v = raw[key];
    return typeof v === "string" && v !== ""
      ? v
      : fail(`${path}/${key}`, `${key} must be a non-empty string`);
  };
  const optional = <K extends string>(key: K): { [k in K]?: string } =>
    raw[key] === undefined ? {} : ({ [key]: text(key) } as { [k in K]?: string });
  const list = (key: string): string[] => strings(raw[key], `${path}/${key}`, fail);
  const id = text("id");
  if (!/^[a-z_]+\.[a-z0-9_]+$/.test(id)) fail(`${path}/id`, `bad rule id ${id}`, "write it as category.name");
  const type = text("type");
  if (!/^[a-z][a-z0-9_]*$/.test(type)) fail(`${path}/type`, `bad type ${type}`, "write it in snake_case");
  const count = <K extends string>(key: K): { [k in K]?: number } => {
    const n = raw[key];
    if (n === undefined) return {};
    if (!Number.isInteger(n) || Number(n) < 1)
      fail(`${path}/${key}`, `${key} must be a positive whole number`);
    return { [key]: Number(n) } as { [k in K]?: number };
  };
  const rule: DetectorRule = {
    id,
    category,
    type,
    severity: oneOf(raw["severity"], SEVERITIES, `${path}/severity`, fail),
    ...(raw["roles"] !== undefined && {
      roles: list("roles").map((r) => oneOf(r, ROLES, `${path}/roles`, fail)),
    }),
    ...(raw["phases"] !== undefined && {
      phases: list("phases").map((p) => oneOf(p, PHASES, `${path}/phases`, fail)),
    }),
    ...(raw["literals"] !== undefined && { literals: list("literals") }),
    ...optional("chars"),
    ...count("digits"),
    ...count("plain_words"),
    ...optional("pattern"),
    ...optional("flags"),
    ...optional("check"),
    ...(raw["context"] !== undefined && { context: parseContext(raw["context"], `${path}/context`, fail) }),
    ...(raw["quoted"] !== undefined && { quoted: oneOf(raw["quoted"], SEVERITIES, `${path}/quoted`, fail) }),
    ...(raw["yields"] !== undefined && {
      yields: raw["yields"] === true || fail(`${path}/yields`, "yields is true or absent"),
    }),
    ...(raw["keys"] !== undefined && { keys: list("keys") }),
    ...(raw["except_keys"] !== undefined && { except_keys: list("except_keys") }),
    ...optional("analyzer"),
    ...optional("fact"),
    ...(raw["commands"] !== undefined && { commands: list("commands") }),
    source: text("source"),
    ...optional("advice"),
    hits: examples(raw["hits"], `${path}/hits`, fail),
    misses: examples(raw["misses"], `${path}/misses`, fail),
    ...(own !== undefined && { own: true }),
  };
  checkWhole(rule, path, fail, own ?? unsafePattern);
  return rule;
}

/** What can only be judged of a whole rule: it has exactly one way to match, and a cheap reason to try. */
function checkWhole(rule: DetectorRule, path: string, fail: Fail, problemWith: PatternProblem): void {
  const ways = [rule.pattern, rule.analyzer, rule.commands].filter((w) => w !== undefined).length;
  if (ways !== 1) fail(path, `${rule.id} must have exactly one of pattern, analyzer, commands`);
  if (rule.check !== undefined && !Object.hasOwn(CHECKS, rule.check)) {
    fail(`${path}/check`, `unknown check ${rule.check}`, suggestion(rule.check, Object.keys(CHECKS)));
  }
  if (rule.analyzer !== undefined) {
    const facts = Object.hasOwn(ANALYZER_FACTS, rule.analyzer)
      ? ANALYZER_FACTS[rule.analyzer as keyof typeof ANALYZER_FACTS]
      : fail(
          `${path}/analyzer`,
          `unknown analyzer ${rule.analyzer}`,
          suggestion(rule.analyzer, Object.keys(ANALYZER_FACTS)),
        );
    oneOf(rule.fact, facts, `${path}/fact`, fail);
  } else if (rule.fact !== undefined) fail(`${path}/fact`, "a fact needs an analyzer");
  if (rule.pattern === undefined) return;
  const cheap = rule.literals ?? rule.chars ?? rule.digits ?? rule.plain_words ?? rule.keys;
  if (cheap === undefined) {
    fail(path, `${rule.id} would be tried on every text`, "add literals, chars, digits, plain_words or keys");
  }
  if (rule.flags !== undefined && !/^[imsu]+$/.test(rule.flags)) {
    fail(`${path}/flags`, `bad flags ${rule.flags}`, "only i, m, s and u are allowed");
  }
  const problem = problemWith(rule.pattern, rule.flags ?? "");
  if (problem !== undefined) fail(`${path}/pattern`, `pattern of ${rule.id}: ${problem}`);
}

function parseContext(raw: unknown, path: string, fail: Fail): RuleContext {
  if (!isObject(raw)) return fail(path, "context must be a mapping");
  onlyKeys(raw, ["words", "before", "after", "otherwise"], path, fail);
  for (const key of ["before", "after"]) {
    const n = raw[key];
    if (n !== undefined && !(Number.isInteger(n) && Number(n) >= 0 && Number(n) <= 256)) {
      fail(`${path}/${key}`, `${key} must be a whole number up to 256`);
    }
  }
  return {
    words: strings(raw["words"], `${path}/words`, fail).map((w) => w.toLowerCase()),
    ...(raw["before"] !== undefined && { before: Number(raw["before"]) }),
    ...(raw["after"] !== undefined && { after: Number(raw["after"]) }),
    ...(raw["otherwise"] !== undefined && {
      otherwise: oneOf(raw["otherwise"], SEVERITIES, `${path}/otherwise`, fail),
    }),
  };
}

function examples(raw: unknown, path: string, fail: Fail): (string | RuleExample)[] {
  if (!Array.isArray(raw) || raw.length === 0)
    return fail(path, "a rule needs examples", "add at least one text");
  return raw.map((item: unknown, i) => {
    if (typeof item === "string") return item;
    if (!isObject(item))
      return fail(`${path}/${i}`, "an example is a text, or a mapping with text, role, key, phase");
    onlyKeys(item, ["text", "role", "key", "phase"], `${path}/${i}`, fail);
    const { text, key } = item;
    if (typeof text !== "string") return fail(`${path}/${i}/text`, "text must be a string");
    if (key !== undefined && typeof key !== "string") return fail(`${path}/${i}/key`, "key must be a string");
    return {
      text,
      ...(item["role"] !== undefined && { role: oneOf(item["role"], ROLES, `${path}/${i}/role`, fail) }),
      ...(item["phase"] !== undefined && { phase: oneOf(item["phase"], PHASES, `${path}/${i}/phase`, fail) }),
      ...(key !== undefined && { key }),
    };
  });
}

function strings(raw: unknown, path: string, fail: Fail): string[] {
  const ok = Array.isArray(raw) && raw.length > 0 && raw.every((s) => typeof s === "string" && s !== "");
  return ok ? (raw as string[]) : fail(path, "must be a non-empty list of strings");
}

function oneOf<T extends string>(raw: unknown, valid: readonly T[], path: string, fail: Fail): T {
  const found = valid.find((v) => v === raw);
  return found ?? fail(path, `unknown value ${JSON.stringify(raw)}`, suggestion(String(raw), valid));
}

function onlyKeys(object: object, valid: readonly string[], path: string, fail: Fail): void {
  for (const key of Object.keys(object)) {
    if (!valid.includes(key)) fail(`${path}/${key}`, `unknown key ${key}`, suggestion(key, valid));
  }
}

function suggestion(token: string, valid: readonly string[]): string {
  const near = nearest(token, valid);
  return near === undefined ? `use one of ${valid.join(", ")}` : `did you mean ${near}?`;
}
