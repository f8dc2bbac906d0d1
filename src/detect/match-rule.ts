import type { CompiledRule, Found } from "./compile.js";
import type { KeyMeaning } from "./key-meaning.js";
import { contextNear } from "./context.js";
import type { Match } from "./finding.js";
import type { Places } from "./places.js";
import { isPlaceholder } from "./checks/placeholder.js";

/**
 * All matches of one pattern rule in a text. There is no cap on their number: a cap is how the hundred-and-first
 * secret leaks. Time is bounded because patterns are (pattern.ts).
 */
export function matchRule(
  compiled: CompiledRule,
  text: string,
  key: KeyMeaning | undefined,
  into: Match[],
): void {
  const regex = compiled.regex?.();
  if (regex === undefined) return;
  regex.lastIndex = 0;
  for (let m = regex.exec(text); m !== null; m = regex.exec(text))
    regex.lastIndex = take(compiled, text, m, key, into);
}

/**
 * The same, tried only where it can begin: what it finds is the same. `starts`: places from `from` on, in order; says where
 * to go on.
 */
export function matchAt(
  compiled: CompiledRule,
  text: string,
  key: KeyMeaning | undefined,
  into: Match[],
  starts: Readonly<Places>,
  from: number,
): number {
  const sticky = compiled.sticky?.();
  if (sticky === undefined) return from;
  let next = from;
  for (let i = 0; i < starts.count; i++) {
    const start = starts.at[i] as number;
    if (start < next) continue;
    sticky.lastIndex = start;
    const m = sticky.exec(text);
    if (m !== null) next = take(compiled, text, m, key, into);
  }
  return next;
}

/** Adds one match, if it is sound; says where to look on. */
function take(
  compiled: CompiledRule,
  text: string,
  m: Found,
  key: KeyMeaning | undefined,
  into: Match[],
): number {
  const { check, context, rule } = compiled;
  const whole = m[0];
  const wholeEnd = m.index + whole.length;
  const [start, matchEnd] = spanOf(compiled, m, wholeEnd);
  const matched = start === m.index && matchEnd === wholeEnd ? whole : text.slice(start, matchEnd);
  const sound = check === undefined || check(matched);
  // What was refused may overlap what is sound: 12 digits, then a card number.
  if (sound === false || sound === 0) return m.index + 1;
  const next = whole === "" ? wholeEnd + 1 : wholeEnd;
  const value = sound === true ? matched : matched.slice(0, sound);
  const end = start + value.length;
  let severity = rule.severity;
  if (context !== undefined && !key?.gives.has(compiled.index) && !contextNear(text, start, end, context)) {
    if (context.otherwise === undefined) return next;
    severity = context.otherwise;
  }
  if (rule.quoted !== undefined && inQuotes(text, start, end)) severity = rule.quoted;
  // Documentation prints keys that open nothing (AKIAIOSFODNN7EXAMPLE). They are reported, as what they are.
  const documented = rule.category === "sensitive_data" && isPlaceholder(value);
  into.push({
    rule: compiled.index,
    type: documented ? "documentation_secret" : rule.type,
    severity: documented ? "low" : severity,
    start,
    end,
  });
  return next;
}

/** Where the group `value` stands, or the whole match. */
function spanOf({ value }: CompiledRule, m: Found, end: number): readonly [number, number] {
  if (value === "last") return [end - (m.groups?.["value"]?.length ?? 0), end];
  return (value === "inside" ? m.indices?.groups?.["value"] : undefined) ?? [m.index, end];
}

const OPENING = "'\"`“‘«";
const CLOSING = "'\"`”’»";

/** True when a match starts right after a quotation mark that is closed again within a sentence. */
function inQuotes(text: string, start: number, end: number): boolean {
  const kind = OPENING.indexOf(text[start - 1] ?? " ");
  const before = text[start - 2] ?? "";
  if (kind === -1 || before === "" || /[:=,[{]/.test(before)) return false;
  const close = text.indexOf(CLOSING[kind] as string, end);
  return close !== -1 && close - end <= 160;
}
