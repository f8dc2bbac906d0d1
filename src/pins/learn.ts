/** What a list teaches: new tools, changed ones, and what that means for those of other servers. */
import type { Finding, Principal } from "../model/call.js";
import { SallyportError } from "../model/errors.js";
import type { Tx } from "../store/store.js";
import type { Definition } from "./definition.js";
import { mentions, sameName, type Neighbours } from "./shadow.js";
import {
  addFindings,
  insertPin,
  listedTexts,
  setApproved,
  setChanged,
  setListed,
  stateOf,
  statesOf,
  type PinState,
  type Place,
} from "./table.js";

/** A server that names its tools anew with every list would fill the disk with pins. */
export const MAX_TOOLS = 4096;

/** One thing that happened to a pin, for the chain. Hashes in hex. */
export interface PinEvent extends Place {
  readonly tool: string;
  readonly event: "first_seen" | "changed" | "flagged" | "approved";
  readonly hash: string;
  /** The trusted definition until then. */
  readonly was?: string;
  readonly findings: readonly Finding[];
  readonly by?: Principal;
}

/** A definition that was not listed before, with what the detectors found in it. `text` is what is kept. */
export interface Fresh extends Definition {
  readonly findings: readonly Finding[];
}

interface Sibling {
  readonly place: Place;
  readonly tools: ReadonlyMap<string, PinState>;
}

/**
 * Pins what is new. Inside a write transaction: another process may have learned the same in between. `siblings` are
 * the other servers that the same client sees. Throws `downstream_protocol` for more tools than can be kept.
 */
export function learn(
  tx: Tx,
  place: Place,
  siblings: readonly string[],
  fresh: readonly Fresh[],
): PinEvent[] {
  const known = statesOf(tx, place);
  const others = siblings.map((server): Sibling => {
    const other = { origin: place.origin, server };
    return { place: other, tools: statesOf(tx, other) };
  });
  const own = new Set([...known.keys(), ...fresh.map(({ tool }) => tool)].map((tool) => tool.toLowerCase()));
  const neighbours: Neighbours = { own, foreign: byName(others) };
  const time = Date.now();
  const events: PinEvent[] = [];
  const added = new Set<string>();
  for (const made of fresh) {
    const { tool, hash } = made;
    const pin = known.get(tool);
    if (pin !== undefined && (hash === pin.hash || hash === pin.changed)) {
      if (hash !== pin.listed) setListed(tx, place, tool, hash);
      continue;
    }
    const taken = others.some(({ tools }) => (tools.get(tool)?.listed ?? hash) !== hash);
    const findings = [...made.findings, ...(taken ? [sameName()] : []), ...mentions(made.text, neighbours)];
    if (pin === undefined) insertPin(tx, place, { ...made, time }, findings);
    else setChanged(tx, place, { ...made, time }, findings);
    if (pin === undefined) added.add(tool);
    known.set(tool, stateOf(tx, place, tool)!);
    if (pin === undefined) events.push({ ...place, tool, event: "first_seen", hash, findings });
    else
      events.push({
        ...place,
        tool,
        event: "changed",
        hash,
        was: pin.hash,
        findings: [CHANGED, ...findings],
      });
  }
  if (known.size > MAX_TOOLS) {
    const what = `${place.server} has listed more than ${MAX_TOOLS} different tools: its list is not passed on`;
    throw new SallyportError("downstream_protocol", what);
  }
  return [...events, ...flag(tx, place, added, others)];
}

/** Tools seen earlier may give orders about tools that only now are known to be another server's. */
function flag(tx: Tx, { server }: Place, added: ReadonlySet<string>, others: readonly Sibling[]): PinEvent[] {
  if (added.size === 0) return [];
  const foreign = new Map([...added].map((tool) => [tool.toLowerCase(), [server]]));
  return others.flatMap(({ place, tools }) => {
    const own = new Set([...tools.keys()].map((tool) => tool.toLowerCase()));
    return listedTexts(tx, place).flatMap(({ tool, text }): PinEvent[] => {
      const findings = mentions(text, { own, foreign });
      const pin = tools.get(tool);
      if (findings.length === 0 || pin === undefined) return [];
      addFindings(tx, place, pin, findings);
      return [{ ...place, tool, event: "flagged", hash: pin.listed, findings }];
    });
  });
}

function byName(others: readonly Sibling[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { place, tools } of others) {
    for (const tool of tools.keys()) {
      const key = tool.toLowerCase();
      names.set(key, [...(names.get(key) ?? []), place.server]);
    }
  }
  return names;
}

/**
 * Trusts what the server listed last, whatever was found in it. No event when there is no such tool, or when its
 * definition is not the one that was looked at: a server may list another one at any moment.
 */
export function approve(tx: Tx, place: Place, tool: string, by: Principal, hash: string): PinEvent[] {
  const pin = stateOf(tx, place, tool);
  if (pin?.listed !== hash) return [];
  const findings = findingsOf(pin);
  setApproved(tx, place, tool, Date.now(), by.id);
  const was = pin.hash === pin.listed ? {} : { was: pin.hash };
  return [{ ...place, tool, event: "approved", hash: pin.listed, ...was, findings, by }];
}

const CHANGED: Finding = {
  detector: "tool_integrity.definition_changed",
  category: "tool_integrity",
  type: "tool_changed",
  severity: "high",
  pointer: "/tool",
  span: [0, 0],
  role: "text",
};

/**
 * What every call of the tool carries. A change counts until a person approves it, even if the server has gone back
 * since: one that shows a poisoned text now and then must not look clean in between.
 */
export function findingsOf(pin: PinState): readonly Finding[] {
  if (pin.changed === null) return pin.findings;
  return [CHANGED, ...(pin.listed === pin.changed ? pin.changedFindings : pin.findings)];
}
