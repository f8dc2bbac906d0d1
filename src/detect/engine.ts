import type { Json } from "../model/json.js";
import type { JsonNode } from "../model/json-text.js";
import type { Phase, Role } from "../model/nouns.js";
import type { CompiledRule, KeyMeaning } from "./compile.js";
import { compileRules, meaningOf } from "./compile.js";
import type { LeafPlace, Match, RawFinding } from "./finding.js";
import { keyWords } from "./key.js";
import type { DetectorRule } from "./rule.js";
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

/** Keys repeat in every row; what one means is worked out once. Bounded, because keys come from strangers. */
const MAX_CACHED_KEYS = 4096;
const MAX_CACHED_KEY_LENGTH = 128;

/** Compiles rules to an engine. Throws SallyportError `data_invalid` on no rules or a repeated id. */
export function compileEngine(rules: readonly DetectorRule[]): Engine {
  const compiled = compileRules(rules);
  const scan = textScanner(compiled);
  const meanings = new Map<string, KeyMeaning>();

  function meaning(key: string | undefined): KeyMeaning | undefined {
    if (key === undefined) return undefined;
    let known = meanings.get(key);
    if (known === undefined) {
      known = meaningOf(keyWords(key), compiled);
      if (meanings.size < MAX_CACHED_KEYS && key.length <= MAX_CACHED_KEY_LENGTH) meanings.set(key, known);
    }
    return known;
  }

  const scanLeaf = (text: string, at: LeafPlace): readonly Match[] => scan(text, at, meaning(at.key));
  const document = documentScanner({ scanLeaf, numberMatters, report });

  /** A number is scanned when its key means something, or it is long enough to be something by itself. */
  function numberMatters(value: number, key: string | undefined): boolean {
    if (Number.isInteger(value) && Math.abs(value) >= 1e11) return true;
    const m = meaning(key);
    return m !== undefined && (m.wakes.length > 0 || m.gives.size > 0);
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
    scanText: (text, at) => scanLeaf(text, at).map((m) => report(m, "", at.role)),
    scanJson: document.scanJson,
    scanTree: document.scanTree,
  };
}
