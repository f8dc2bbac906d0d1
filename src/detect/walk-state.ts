/** Where a walk through a document is, and what it has found. */
import { copyFinding } from "../model/finding.js";
import { pointerStep } from "../model/json.js";
import { liftEdits } from "../model/json-text.js";
import type { Role } from "../model/nouns.js";
import type { DocumentPlace } from "./engine.js";
import type { LeafPlace, Match, RawFinding } from "./finding.js";
import type { Frame } from "./frame.js";
import type { WalkFrame } from "./walk-frame.js";

/** What a walk needs of the engine. */
export interface WalkTools {
  readonly scanLeaf: (text: string, at: LeafPlace) => readonly Match[];
  /** The same; for values that are strings of their own, not parts of a larger one. */
  readonly scanValue: (text: string, at: LeafPlace) => readonly Match[];
  readonly numberMatters: (value: number, key: string | undefined, frame: Frame | undefined) => boolean;
  /** True for a match of a vendor's format: severe, and not a guess. */
  readonly isSecret: (match: Match) => boolean;
  readonly report: (match: Match, pointer: string, role: Role) => RawFinding;
}

/** What is known on the way down. */
export interface Walk {
  readonly at: DocumentPlace;
  readonly path: (string | number)[];
  /** By depth, the pointer of what a step leads on from, once it was asked for. */
  readonly above: (string | undefined)[];
  /** Pointer of the leaf that this document is the text of, and how many layers deep it is. */
  readonly base: string;
  readonly layer: number;
  readonly found: RawFinding[];
  /** Of objects that were walked as values. */
  members: number;
  /** By depth, the frame of the last object there: what keys mean is worked out once for rows that have the same. */
  readonly frames: (WalkFrame | undefined)[];
  /** What stands around the key of the leaf in hand. */
  frame: WalkFrame | undefined;
  /** Set when a number did not survive JavaScript, so that only the text can say what it was. */
  inexact: boolean;
  /** In an inner document: its text, so that spans can be lifted to it. */
  readonly within: string | undefined;
  /** The token of `within` being scanned. */
  token: readonly [start: number, end: number];
}

/** Goes down one level; says which. */
export function enter(walk: Walk, step: string | number): number {
  const depth = walk.path.push(step) - 1;
  walk.above[depth] = undefined;
  return depth;
}

export function pointerOf({ path, above }: Walk): string {
  const last = path.length - 1;
  if (last < 0) return "";
  const before = (above[last] ??= path.slice(0, last).map(pointerStep).join(""));
  return before + pointerStep(path[last] as string | number);
}

export function newWalk(at: DocumentPlace, base: string, layer: number, within?: string): Walk {
  return {
    at,
    path: [],
    above: [],
    base,
    layer,
    found: [],
    members: 0,
    frames: [],
    frame: undefined,
    inexact: false,
    within,
    token: [0, 0],
  };
}

/** Records a finding; in an inner document its span is moved to the text that holds the document. */
export function emit(walk: Walk, finding: RawFinding): void {
  if (walk.within === undefined) {
    walk.found.push(finding);
    return;
  }
  const [start, end] = walk.token;
  const moved = copyFinding(finding);
  moved.span = [start, end];
  if (walk.within[start] === '"') {
    const [edit] = liftEdits(walk.within, start, end, [
      { start: finding.span[0], end: finding.span[1], text: "" },
    ]);
    if (edit !== undefined) moved.span = [edit.start, edit.end];
  }
  walk.found.push(moved);
}

export function placeOf(walk: Walk, role: Role, key: string | undefined): LeafPlace {
  const { frame } = walk;
  const { phase } = walk.at;
  if (key === undefined) return { role, phase };
  return frame === undefined ? { role, phase, key } : { role, phase, key, frame };
}
