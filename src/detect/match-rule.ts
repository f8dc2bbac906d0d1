import type { CompiledRule } from "./compile.js";
import type { KeyMeaning } from "./key-meaning.js";
import { contextNear } from "./context.js";
import type { Match } from "./finding.js";
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
  const { regex, check, context, rule } = compiled;
  if (regex === undefined) return;
  regex.lastIndex = 0;
  for (let m = regex.exec(text); m !== null; m = regex.exec(text)) {
    const whole = m[0];
    const [start, matchEnd] = (compiled.narrowed ? m.indices?.groups?.["value"] : undefined) ?? [
      m.index,
      m.index + whole.length,
    ];
    if (whole === "") regex.lastIndex++;
    const matched =
      start === m.index && matchEnd === m.index + whole.length ? whole : text.slice(start, matchEnd);
    const sound = check === undefined || check(matched);
    if (sound === false || sound === 0) {
      // What was refused may overlap what is sound: 12 digits, then a card number.
      regex.lastIndex = m.index + 1;
      continue;
    }
    const value = sound === true ? matched : matched.slice(0, sound);
    const end = start + value.length;
    let severity = rule.severity;
    if (context !== undefined && !key?.gives.has(compiled.index) && !contextNear(text, start, end, context)) {
      if (context.otherwise === undefined) continue;
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
  }
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
