/**
 * A secret that leaves in pieces, one to a call: each call shows a scrap to whoever looks at it alone. The beginnings of
 * secrets that one session has sent are kept, a few of them, and what it sends next is read as their end as well.
 */
import { isObject, pointerStep, type Json } from "../model/json.js";
import type { Engine } from "./engine.js";
import type { RawFinding } from "./finding.js";
import { isPiece, opensSecret } from "./split.js";

export interface SplitWindow {
  /** Secrets that values of these arguments end, advisory. Pointers into the arguments. */
  check(args: Json): RawFinding[];
  /** The session has sent these. */
  remember(args: Json): void;
}

/** Beginnings that are kept, the newest, and for how many calls; and what of one call is looked at. */
const MAX_OPEN = 8;
const MAX_CALLS = 32;
const MAX_VALUES = 256;
/** Pieces between the first and the last. Shorter values than this are words of the call, not pieces. UTF-16 units. */
const MAX_BETWEEN = 2;
const LEAST_BETWEEN = 6;

interface Open {
  readonly begun: string;
  /** What the session sent since then that may stand in the middle. */
  readonly between: readonly string[];
  readonly calls: number;
}

export function createSplitWindow(engine: Pick<Engine, "scanText">): SplitWindow {
  let open: readonly Open[] = [];

  /** The secret at the beginning of a text, where it takes more of it than `least` units. */
  const secretIn = (text: string, least: number): RawFinding | undefined =>
    engine
      .scanText(text, { role: "text", phase: "input" })
      .find(
        ({ category, severity, span }) =>
          category === "sensitive_data" &&
          (severity === "high" || severity === "critical") &&
          span[0] === 0 &&
          span[1] > least,
      );

  function endOf({ begun, between }: Open, text: string): RawFinding | undefined {
    for (let n = 0; n <= between.length; n++) {
      const before = begun + between.slice(between.length - n).join("");
      const secret = secretIn(before + text, before.length);
      if (secret !== undefined) return secret;
    }
    return undefined;
  }

  return {
    check(args) {
      if (open.length === 0) return [];
      return pieces(args).flatMap(({ pointer, text }) => {
        for (const each of open) {
          const secret = endOf(each, text);
          const span = [0, text.length] as const;
          if (secret !== undefined) return [{ ...secret, severity: "medium" as const, pointer, span }];
        }
        return [];
      });
    },
    remember(args) {
      const sent = pieces(args).map(({ text }) => text);
      const middle = sent.filter((text) => text.length >= LEAST_BETWEEN);
      const older = open
        .filter(({ calls }) => calls < MAX_CALLS)
        .map(({ begun, between, calls }) => ({
          begun,
          between: [...between, ...middle].slice(-MAX_BETWEEN),
          calls: calls + 1,
        }));
      const begun = sent.filter((text) => opensSecret(text) && secretIn(text, 0) === undefined);
      const newer = begun.map((text) => ({ begun: text, between: [], calls: 0 }));
      open = [...older.filter((each) => !begun.includes(each.begun)), ...newer].slice(-MAX_OPEN);
    },
  };
}

function pieces(args: Json): { readonly pointer: string; readonly text: string }[] {
  const found: { pointer: string; text: string }[] = [];
  let looked = 0;
  const visit = (value: Json, pointer: string): void => {
    if (++looked > MAX_VALUES) return;
    if (typeof value === "string") {
      if (isPiece(value)) found.push({ pointer, text: value });
    } else if (Array.isArray(value)) value.forEach((each: Json, i) => visit(each, pointer + pointerStep(i)));
    else if (isObject(value))
      for (const [name, each] of Object.entries(value)) visit(each, pointer + pointerStep(name));
  };
  visit(args, "");
  return found;
}
