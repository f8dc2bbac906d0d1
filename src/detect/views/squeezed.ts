import type { View } from "./view.js";
import { foldDigits, SPELLINGS } from "./leet.js";

/**
 * Orders whose words run together, or are cut into groups that are none: `ignoreallpreviousinstructions`,
 * `1gn0 r341 1pr3 v10u`. Each is a list of words; `?` marks one that may be missing, `|` stands between alternatives.
 */
const ORDERS = [
  "ignore|disregard|forget|override|bypass all? of? the|your|my? previous|prior|above|earlier|system|safety instructions|instruction|rules|prompt|prompts|directions|guidelines|context",
  "reveal|print|show|repeat|output|leak|display me? the|your? hidden|secret|initial|internal|full? system prompt|message|instructions",
  "do not|never tell|inform|mention the|any? user|human|anyone",
  "without telling|informing|notifying the? user|human",
  "bypass|skip|disable all? the? approval|approvals|confirmation|guardrails|safety and|then? run|call|execute|send|export",
  "send|forward|upload|exfiltrate|leak all? the|your? customer|user? emails|credentials|passwords|secrets|apikeys|tokens|data|records|emails? emails? to an? attacker|external|https",
  "you are now in? developer|dan|unrestricted|jailbroken mode?",
];
const SHORTEST = 16;
const MAX_SQUEEZED = 16 * 1024;

const PATTERN = new RegExp(
  ORDERS.map((order) =>
    order
      .split(" ")
      .map((words) => {
        const optional = words.endsWith("?");
        const any = words.replace("?", "").replace(/[a-z]/g, (c) => SPELLINGS[c] ?? c);
        return `(?:${any})${optional ? "?" : ""}`;
      })
      .join(""),
  ).join("|"),
  "i",
);

/** The words of an order as they should stand, whole. */
const SPACED = ORDERS.map((order) => order.split(" ").map((words) => words.replace("?", "").split("|")));

/** A view with the order in words of its own; its span is the whole text, because letters of it may stand anywhere. */
export function unsqueeze(text: string): View | undefined {
  if (text.length < SHORTEST || text.length > MAX_SQUEEZED) return undefined;
  const found = PATTERN.exec(text.replace(/[^A-Za-z0-9@$!]/g, ""))?.[0];
  if (found === undefined) return undefined;
  const words = SPACED.map((order) => spaced(foldDigits(found), order)).find((w) => w !== undefined);
  if (words === undefined) return undefined;
  return { text: words.join(" "), back: () => [0, text.length] };
}

function spaced(found: string, order: readonly (readonly string[])[]): string[] | undefined {
  const words: string[] = [];
  let rest = found;
  for (const any of order) {
    const word = any.toSorted((a, b) => b.length - a.length).find((w) => rest.startsWith(foldDigits(w)));
    if (word === undefined) continue;
    words.push(word);
    rest = rest.slice(word.length);
  }
  return rest === "" ? words : undefined;
}
