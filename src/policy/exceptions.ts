/**
 * Exceptions: the narrow way to live with a false positive. One names a detector and a place, says why and who
 * answers for it, and ends by itself. A finding it names is still recorded; nothing else is loosened.
 */
import type { Finding } from "../model/call.js";
import type { Phase } from "../model/nouns.js";
import { compileGlob } from "./glob.js";

export interface ExceptionSpec {
  /** Glob over detector ids, such as `pii.email`. */
  readonly detector: string;
  /** Where: globs over names; `pointer` is a JSON Pointer whose steps may be `*` (one) and `**` (any number). */
  readonly match: {
    readonly server: string;
    readonly tool?: string;
    readonly pointer?: string;
    readonly phase?: Phase;
  };
  readonly reason: string;
  readonly owner: string;
  /** The last day it holds, `YYYY-MM-DD`, UTC. */
  readonly expires: string;
  /** How records name it: the file and the place in it. */
  readonly source: string;
}

/** Where a finding was made, beside its own pointer. */
export interface FoundIn {
  readonly server: string;
  readonly tool: string;
  readonly phase: Phase;
}

/** Names the exception a finding falls under at `now` (milliseconds since the epoch); undefined: none. */
export type Exempt = (finding: Finding, at: FoundIn, now: number) => string | undefined;

/** First millisecond after an exception's last day. */
export function endOf({ expires }: Pick<ExceptionSpec, "expires">): number {
  return Date.parse(`${expires}T00:00:00Z`) + 86_400_000;
}

/** Compiles exceptions. The order does not matter: any that matches will do, the first is named. */
export function compileExceptions(specs: readonly ExceptionSpec[]): Exempt {
  const compiled = specs.map((spec) => {
    const { server, tool, pointer, phase } = spec.match;
    return {
      source: spec.source,
      end: endOf(spec),
      phase,
      detector: compileGlob(spec.detector),
      server: compileGlob(server),
      tool: tool === undefined ? undefined : compileGlob(tool),
      pointer: pointer === undefined ? undefined : compilePointer(pointer),
    };
  });
  return (finding, at, now) =>
    compiled.find(
      (each) =>
        now < each.end &&
        (each.phase === undefined || each.phase === at.phase) &&
        each.detector(finding.detector) &&
        each.server(at.server) &&
        each.tool?.(at.tool) !== false &&
        (each.pointer === undefined || placesOf(finding).some(each.pointer)),
    )?.source;
}

/**
 * The ways a person writes where something stands: as recorded, or from the arguments, the structured content or the
 * JSON in a text down. So `/rows/*` + `/email` means the same row in a text as in structured content.
 */
function placesOf({ pointer, inner }: Finding): string[] {
  const whole = pointer + (inner ?? "");
  const places = [whole];
  const data = /^\/(?:arguments|structuredContent)(?=\/|$)/.exec(pointer);
  if (data !== null) places.push(whole.slice(data[0].length));
  if (inner !== undefined) places.push(inner);
  return places;
}

/** Matches whole pointers step by step. Two rows of a table, so that no pattern of `**` is worse than quadratic. */
export function compilePointer(pattern: string): (pointer: string) => boolean {
  const wanted = pattern.split("/").slice(1);
  return (pointer) => {
    const steps = pointer.split("/").slice(1);
    let reach = [true, ...steps.map(() => false)];
    for (const want of wanted) {
      const next = [want === "**" && reach[0] === true];
      for (let i = 1; i <= steps.length; i++)
        next.push(
          want === "**"
            ? reach[i] === true || next[i - 1] === true
            : reach[i - 1] === true && (want === "*" || want === steps[i - 1]),
        );
      reach = next;
    }
    return reach[steps.length] === true;
  };
}
