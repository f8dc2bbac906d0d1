import type { Frame } from "./frame.js";
import type { Finding } from "../model/call.js";
import type { Phase, Role, Severity } from "../model/nouns.js";

/** A finding before the gate has given it its keyed digest. */
export type RawFinding = Omit<Finding, "digest">;

/** Something a rule matched in one text. */
export interface Match {
  readonly rule: number;
  readonly type: string;
  readonly severity: Severity;
  readonly start: number;
  readonly end: number;
}

/** The same match at another place. Not by spreading: see model/finding.ts. */
export function movedMatch({ rule, type, severity }: Match, start: number, end: number): Match {
  return { rule, type, severity, start, end };
}

/** How a leaf is read. `key` is the name beside the value: its member's key, or its column's name. */
export interface LeafPlace {
  readonly role: Role;
  readonly phase: Phase;
  readonly key?: string;
  /** What stands around the key. */
  readonly frame?: Frame;
}
