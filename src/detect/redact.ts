import type { Severity } from "../model/nouns.js";
import { SEVERITIES } from "../model/nouns.js";

interface Found {
  readonly type: string;
  readonly severity: Severity;
  readonly span: readonly [start: number, end: number];
}

export interface MergedSpan {
  readonly start: number;
  readonly end: number;
  readonly type: string;
}

/** What stands in the place of a redacted text. It keeps no character of it: first and last ones identify people. */
export function mask(type: string): string {
  return `[REDACTED:${type}]`;
}

/**
 * Findings of one leaf as spans that do not overlap, in order. Overlapping ones become one that covers both; the
 * most severe names it, then the longest. Touching spans stay apart; empty ones are dropped.
 */
export function mergeSpans(findings: readonly Found[]): MergedSpan[] {
  const sorted = findings
    .filter((f) => f.span[1] > f.span[0])
    .toSorted((a, b) => a.span[0] - b.span[0] || b.span[1] - a.span[1]);
  const merged: { start: number; end: number; name: Found }[] = [];
  for (const f of sorted) {
    const last = merged.at(-1);
    if (last === undefined || f.span[0] >= last.end) {
      merged.push({ start: f.span[0], end: f.span[1], name: f });
    } else {
      last.end = Math.max(last.end, f.span[1]);
      if (outranks(f, last.name)) last.name = f;
    }
  }
  return merged.map(({ start, end, name }) => ({ start, end, type: name.type }));
}

function outranks(a: Found, b: Found): boolean {
  const severity = SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  return severity > 0 || (severity === 0 && a.span[1] - a.span[0] > b.span[1] - b.span[0]);
}
