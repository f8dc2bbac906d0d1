/** What stands in a document in pieces, each a value of its own: secrets and commands. */
import type { Json } from "../model/json.js";
import { pointerStep } from "../model/json.js";
import type { JsonNode } from "../model/json-text.js";
import type { CommandInPieces } from "./argv.js";
import { movedMatch } from "./finding.js";
import { joinedPieces } from "./split.js";
import { emit, placeOf, pointerOf, type Walk, type WalkTools } from "./walk-state.js";

type Tools = Pick<WalkTools, "scanLeaf" | "isSecret" | "report">;

/** Advisory: a secret that siblings hold in pieces. Each piece is a finding, so that each can be masked. */
export function secretInPieces(
  tools: Tools,
  walk: Walk,
  siblings: readonly Json[],
  stepOf: (i: number) => string | number,
  key: string | undefined,
  nodes?: readonly JsonNode[],
): void {
  for (const { at, pieces } of joinedPieces(siblings)) {
    if (tools.scanLeaf(pieces[0] ?? "", placeOf(walk, "text", key)).some(tools.isSecret)) continue;
    for (let n = 2; n <= pieces.length; n++) {
      const whole = tools.scanLeaf(pieces.slice(0, n).join(""), placeOf(walk, "text", key));
      const last = pieces.slice(0, n - 1).join("").length;
      const found = whole.find((m) => tools.isSecret(m) && m.start === 0 && m.end > last);
      if (found === undefined) continue;
      for (let i = 0; i < n; i++) {
        const step = pointerStep(stepOf(at + i));
        const node = nodes?.[at + i];
        if (node !== undefined) walk.token = [node.start, node.end];
        const part = { ...movedMatch(found, 0, (pieces[i] ?? "").length), severity: "medium" as const };
        emit(walk, tools.report(part, pointerOf(walk) + step, "text"));
      }
      break;
    }
  }
}

/** A command whose words are values of their own. Its finding is of the one that names the program, whole. */
export function commandInPieces(
  tools: Tools,
  walk: Walk,
  command: CommandInPieces | undefined,
  nodes?: readonly JsonNode[],
): void {
  if (command === undefined) return;
  const { text, program, step, at } = command;
  const node = nodes?.[at];
  if (node !== undefined) walk.token = [node.start, node.end];
  for (const m of tools.scanLeaf(text, placeOf(walk, "shell", undefined))) {
    const whole = movedMatch(m, 0, program.length);
    emit(walk, tools.report(whole, pointerOf(walk) + pointerStep(step), "shell"));
  }
}
