import type { Finding } from "../model/call.js";

/** A place that can be shown: no step of it is itself a matched text. */
export interface Place {
  readonly pointer: string;
  readonly inner?: string;
}

/**
 * Places of findings as records and refusals may show them. A finding on a key has the matched text as the last
 * step of its pointer, and everything below that key carries it along: such steps become `[REDACTED:<type>]`.
 */
export function safePlaces(findings: readonly Finding[]): (finding: Finding) => Place {
  const keys = new Map<string, string>();
  for (const f of findings) if (f.onKey === true) keys.set(address(f.pointer, f.inner), f.type);
  return ({ pointer, inner }) => ({
    pointer: mask(keys, pointer, undefined),
    ...(inner !== undefined && { inner: mask(keys, inner, pointer) }),
  });
}

/** NUL cannot stand in a pointer's separator position by accident: it keeps outer and inner apart. */
function address(pointer: string, inner: string | undefined): string {
  return inner === undefined ? pointer : `${pointer}\u0000${inner}`;
}

function mask(keys: ReadonlyMap<string, string>, pointer: string, outer: string | undefined): string {
  if (keys.size === 0) return pointer;
  let at = "";
  let shown = "";
  for (const step of pointer.split("/").slice(1)) {
    at += `/${step}`;
    const type = keys.get(outer === undefined ? at : address(outer, at));
    shown += `/${type === undefined ? step : `[REDACTED:${type}]`}`;
  }
  return shown;
}

/** Steps a sentence may quote as they are; a downstream chooses its keys, and could write instructions in them. */
const PLAIN_STEP = /^[\w.$@~:-]{1,48}$/;
const MAX_SHOWN = 120;

/** A place for a sentence: `/rows/3/ssn`, `/content/0/text → /rows/3/ssn`, with odd steps left out. */
export function placeText(place: Place): string {
  const plain = (pointer: string): string =>
    pointer
      .split("/")
      .map((step) => (step === "" || PLAIN_STEP.test(step) || step.startsWith("[REDACTED:") ? step : "…"))
      .join("/") || "the top";
  const text = plain(place.pointer) + (place.inner === undefined ? "" : ` → ${plain(place.inner)}`);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
