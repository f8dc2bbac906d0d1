import { isEndorsed, parseCheckpoint, verifier, type Checkpoint, type Verifier } from "./note.js";
import type { KeyBody, RecordBody } from "./record.js";
import { addLeaves, EMPTY_FRONTIER, rootOf, type Frontier } from "./tree.js";

/** Checkpoints as they were published somewhere else, as signed notes. */
export interface Anchored {
  /** Where they come from, for people. */
  readonly from: string;
  readonly notes: readonly string[];
}

export interface TreeOptions {
  readonly key?: Verifier;
  readonly anchors?: readonly Anchored[];
}

export interface TreeCheck {
  /** The next record. `note`: the checkpoint in the store that ends with it. */
  record(leaf: Buffer, body: RecordBody | undefined, note: string | null): void;
  /** After the last record. */
  end(): void;
  summary(): {
    readonly checkpoints: number;
    readonly covered: number;
    readonly key: string | null;
    readonly anchored: number;
  };
  notices(): string[];
}

interface Published {
  readonly from: string;
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

/**
 * Builds the tree again, record by record, and compares it with every checkpoint where that one ends. A checkpoint in
 * the store must be signed by the key that the records name at that point; one that was published elsewhere by any
 * key they name: keys are changed.
 */
export function treeCheck(
  origin: string | undefined,
  options: TreeOptions,
  report: (size: number, what: string) => void,
): TreeCheck {
  const { waiting, foreign, unreadable } = sortNotes(origin, options.anchors ?? []);
  const keys: Verifier[] = [];
  let frontier: Frontier = EMPTY_FRONTIER;
  let checkpoints = 0;
  let covered = 0;
  let anchored = 0;
  let newest: string | undefined;
  let ended = 0;
  let lastKey: string | undefined;
  const unendorsed: number[] = [];

  const agrees = ({ size, root }: Checkpoint): boolean =>
    size === frontier.size && rootOf(frontier).equals(root);

  function checkStored(note: string): void {
    const { size } = frontier;
    const said = parseCheckpoint(note);
    if (said === undefined) return report(size, "the checkpoint is not one");
    if (said.origin !== origin) return report(size, `the checkpoint is of another log, ${said.origin}`);
    if (!agrees(said)) return report(size, "the records are not those that the checkpoint was signed for");
    if (keys.at(-1)?.signed(note) !== true)
      return report(size, "the checkpoint is not signed by the key on record");
    checkpoints++;
    covered = size;
    newest = note;
  }

  function checkPublished({ from, note, checkpoint }: Published): void {
    if (!agrees(checkpoint))
      return report(checkpoint.size, `${from} has a checkpoint of other records than are here`);
    if (!keys.some((key) => key.signed(note)))
      return report(checkpoint.size, `${from} has a checkpoint that no key on record signed`);
    anchored++;
  }

  return {
    record(leaf, body, note) {
      frontier = addLeaves(frontier, leaf);
      if (body?.kind === "stop") ended = frontier.size;
      if (body?.kind === "key" && origin !== undefined) {
        const key = Buffer.from(body.public, "base64");
        if (key.length === 32) keys.push(verifier(origin, key));
        if (lastKey !== undefined && !checkChange(origin, lastKey, body)) unendorsed.push(frontier.size);
        lastKey = body.public;
      }
      if (note !== null) checkStored(note);
      for (const each of waiting.get(frontier.size) ?? []) checkPublished(each);
      waiting.delete(frontier.size);
    },
    end() {
      const { key } = options;
      if (key !== undefined && (newest === undefined || !key.signed(newest)))
        report(
          covered,
          newest === undefined
            ? "no checkpoint is there for the key to have signed"
            : `the newest checkpoint is not signed by the given key; on record is ${keys.at(-1)?.text ?? "none"}`,
        );
      for (const [size, notes] of waiting)
        for (const { from } of notes)
          report(
            size,
            `${from} has a checkpoint of ${size} records, and there are ${frontier.size}: the end is gone`,
          );
      for (const from of unreadable) report(0, `${from} holds something that is no checkpoint`);
      for (const { from, own } of foreign)
        if (own === 0)
          report(0, `${from} has no checkpoint of this log: it is another one, or was written anew`);
    },
    summary: () => ({ checkpoints, covered, key: keys.at(-1)?.text ?? null, anchored }),
    notices: () => [
      ...foreign
        .filter(({ own }) => own > 0)
        .map(({ from, others }) => `${from} also has checkpoints of ${others} other logs`),
      ...unendorsed.map(
        (seq) => `the key was changed at record ${seq} without the old key's signature: ask who did that`,
      ),
      // Each life ends in a checkpoint; one that could not be made is made up for by the next.
      ...(ended > covered
        ? [
            `a process ended at record ${ended}, and no checkpoint covers that: it was taken away, or could not be made`,
          ]
        : []),
    ],
  };
}

/** Whether the key of before has signed the change. */
function checkChange(origin: string, was: string, body: KeyBody): boolean {
  const { endorsed, public: next } = body;
  return body.was === was && endorsed !== undefined && isEndorsed(origin, was, next, endorsed);
}

function sortNotes(
  origin: string | undefined,
  anchors: readonly Anchored[],
): {
  /** By the number of records they cover. */
  readonly waiting: Map<number, Published[]>;
  readonly foreign: readonly { readonly from: string; readonly own: number; readonly others: number }[];
  readonly unreadable: readonly string[];
} {
  const waiting = new Map<number, Published[]>();
  const foreign: { from: string; own: number; others: number }[] = [];
  const unreadable: string[] = [];
  for (const { from, notes } of anchors) {
    const others = new Set<string>();
    let own = 0;
    for (const note of notes) {
      const checkpoint = parseCheckpoint(note);
      if (checkpoint === undefined) unreadable.push(from);
      else if (checkpoint.origin !== origin) others.add(checkpoint.origin);
      else {
        own++;
        const sameSize = waiting.get(checkpoint.size) ?? [];
        waiting.set(checkpoint.size, [...sameSize, { from, note, checkpoint }]);
      }
    }
    if (others.size > 0) foreign.push({ from, own, others: others.size });
  }
  return { waiting, foreign, unreadable: [...new Set(unreadable)] };
}
