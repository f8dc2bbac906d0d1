import type { Json } from "../model/json.js";
import type { JsonNode } from "../model/json-text.js";
import type { Category, Phase, Role } from "../model/nouns.js";
import type { CompiledRule, Linear } from "./compile.js";
import { compileRules } from "./compile.js";
import { movedMatch, type LeafPlace, type Match, type RawFinding } from "./finding.js";
import type { Frame } from "./frame.js";
import { companyIn, framedWords } from "./frame.js";
import { keyWords } from "./key.js";
import type { KeyMeaning } from "./key-meaning.js";
import { framedMeaning, meaningOf } from "./key-meaning.js";
import type { Labelled } from "./labels.js";
import { labelled } from "./labels.js";
import type { DetectorRule } from "./rule.js";
import { cleanValues, MAX_KEPT } from "./clean-values.js";
import { textScanner } from "./scan-text.js";
import { documentScanner } from "./walk.js";

export type { RawFinding } from "./finding.js";

export interface DocumentPlace {
  readonly phase: Phase;
  /** The declared role of a leaf, by its pointer and the nearest key above it; undefined: infer it. */
  readonly roleOf?: (pointer: string, key: string | undefined) => Role | undefined;
}

export interface Engine {
  readonly rules: readonly DetectorRule[];
  /** Findings of one text. Spans in UTF-16 units of `text`; the pointer is "". */
  scanText(text: string, at: LeafPlace): RawFinding[];
  /**
   * Findings of a whole JSON value: strings, numbers, keys, nested, and JSON inside strings. Pass `text`, the very
   * JSON it was parsed from, where there is one: a number too large for JavaScript is then read from it.
   */
  scanJson(value: Json, at: DocumentPlace & { readonly text?: string }): RawFinding[];
  /** The same over a tree of json-text.ts, so that numbers are their exact tokens. */
  scanTree(text: string, node: JsonNode, at: DocumentPlace): RawFinding[];
}

/** Roles whose text may be a record or a table; code, commands and queries have readers of their own. */
const TOLD: ReadonlySet<Role> = new Set(["text", "message"]);
/** Keys repeat in every row; what one means is worked out once. Bounded, because keys come from strangers. */
const MAX_CACHED_KEYS = 4096;
const MAX_CACHED_KEY_LENGTH = 128;
const MAX_FRAMES = 256;
const NOTHING: readonly never[] = [];
const CARRIERS: ReadonlySet<string> = new Set(["value", "val", "text", "raw", "plain_text", "stringValue"]);

/**
 * Compiles rules to an engine; `linear`: for those that somebody else has written. Throws SallyportError `data_invalid` on
 * no rules or a repeated id.
 */
export function compileEngine(rules: readonly DetectorRule[], linear?: Linear): Engine {
  const compiled = compileRules(rules, linear);
  const { scan, begin } = textScanner(compiled);
  const meanings = new Map<string, KeyMeaning>();

  function meaning(key: string | undefined): KeyMeaning | undefined {
    if (key === undefined) return undefined;
    let known = meanings.get(key);
    if (known === undefined) {
      known = meaningOf(keyWords(key), compiled.keys);
      if (meanings.size < MAX_CACHED_KEYS && key.length <= MAX_CACHED_KEY_LENGTH) meanings.set(key, known);
    }
    return known;
  }

  /** Frames repeat as keys do: a row's `name` under `customer` means the same in every row. */
  const framed = new Map<string, Map<string, KeyMeaning>>();

  function meaningIn(key: string | undefined, frame: Frame | undefined): KeyMeaning | undefined {
    // `ssn: { value: … }`: such a key only carries what stands above it.
    if (frame?.parent !== undefined && key !== undefined && CARRIERS.has(key)) return meaning(frame.parent);
    const own = meaning(key);
    if (own === undefined || frame === undefined || !own.open) return own;
    const among = (frame.meanings ??= meaningsOf(frame));
    let known = among.get(own.words);
    if (known === undefined) {
      known = framedMeaning(own, framedWords(frame, own.words), compiled.keys);
      if (among.size < MAX_CACHED_KEYS && own.words.length <= MAX_CACHED_KEY_LENGTH)
        among.set(own.words, known);
    }
    return known;
  }

  function meaningsOf(frame: Frame): Map<string, KeyMeaning> {
    const name = `${companyIn(frame)} ${frame.parent ?? ""}`;
    const known = framed.get(name) ?? new Map<string, KeyMeaning>();
    if (framed.size < MAX_FRAMES && name.length <= MAX_CACHED_KEY_LENGTH) framed.set(name, known);
    return known;
  }

  const categoryOf = (m: Match): Category | undefined => compiled.rules[m.rule]?.rule.category;
  const speaks = (m: KeyMeaning | undefined): boolean =>
    m !== undefined && (m.open || m.wakes.length > 0 || m.gives.size > 0);

  const clean = cleanValues();
  /** A leaf that is a string of its own. */
  function scanValue(text: string, at: LeafPlace): readonly Match[] {
    const known = meaningIn(at.key, at.frame);
    if (text.length > MAX_KEPT) return scanMeant(text, at, known);
    const place = clean.placeOf(text);
    if (clean.has(place, text, known, at)) return NOTHING;
    const matches = scanMeant(text, at, known);
    if (matches.length === 0) clean.keep(place, text, known, at);
    return matches;
  }

  function scanLeaf(text: string, at: LeafPlace): readonly Match[] {
    return scanMeant(text, at, meaningIn(at.key, at.frame));
  }

  /** A leaf as a whole, then what stands in it under names of its own. */
  function scanMeant(text: string, at: LeafPlace, known: KeyMeaning | undefined): readonly Match[] {
    const matches = scan(text, at, known);
    if (!TOLD.has(at.role)) return matches;
    const cells = labelled(text, (key) => speaks(meaning(key)));
    return cells.length === 0 ? matches : withCells(text, at, matches, cells);
  }

  /** Adds what only the name of a cell can tell; the rest has been found in the whole text already. */
  function withCells(
    text: string,
    at: LeafPlace,
    matches: readonly Match[],
    cells: readonly Labelled[],
  ): readonly Match[] {
    const more: Match[] = [];
    for (const { start, end, key, frame, cell } of cells) {
      const told = meaningIn(key, frame);
      if (told === undefined || (told.wakes.length === 0 && told.gives.size === 0)) continue;
      for (const m of scan(text.slice(start, end), at, told))
        // Of secrets on a line the patterns know more: in code, `key = makeKey` is one on every page.
        if ((told.gives.has(m.rule) || told.wakes.includes(m.rule)) && (cell || categoryOf(m) === "pii"))
          more.push(movedMatch(m, m.start + start, m.end + start));
    }
    if (more.length === 0) return matches;
    const known = new Set(matches.map((m) => `${m.rule} ${m.start} ${m.end} ${m.severity}`));
    return [...matches, ...more.filter((m) => !known.has(`${m.rule} ${m.start} ${m.end} ${m.severity}`))];
  }

  const document = documentScanner({ scanLeaf, scanValue, numberMatters, isSecret, report });

  /** A number is scanned when its key means something, or it is long enough to be something by itself. */
  function numberMatters(value: number, key: string | undefined, frame: Frame | undefined): boolean {
    if (Number.isInteger(value) && Math.abs(value) >= 1e11) return true;
    const m = meaningIn(key, frame);
    return m !== undefined && (m.wakes.length > 0 || m.gives.size > 0);
  }

  function isSecret(m: Match): boolean {
    return categoryOf(m) === "sensitive_data" && m.severity !== "low" && m.severity !== "medium";
  }

  function report(match: Match, pointer: string, role: Role): RawFinding {
    const { rule } = compiled.rules[match.rule] as CompiledRule;
    return {
      detector: rule.id,
      category: rule.category,
      type: match.type,
      severity: match.severity,
      pointer,
      span: [match.start, match.end],
      role,
    };
  }

  return {
    rules,
    scanText(text, at) {
      begin();
      return scanLeaf(text, at).map((m) => report(m, "", at.role));
    },
    scanJson(value, at) {
      begin();
      return document.scanJson(value, at);
    },
    scanTree(text, node, at) {
      begin();
      return document.scanTree(text, node, at);
    },
  };
}
