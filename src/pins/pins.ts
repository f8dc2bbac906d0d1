/**
 * Tool pins. The first definition seen of a tool is trusted and kept; every later one is compared with it. One store
 * for all sessions and processes: what a person approves in one holds in the others from the next list or call on.
 */
import { LRUCache } from "lru-cache";
import type { Finding } from "../model/call.js";
import type { Tx } from "../store/store.js";
import { MAX_DEFINITION, readDefinition, type Definition } from "./definition.js";
import { findingsOf, learn, type Fresh, type PinEvent } from "./learn.js";
import { stateOf, statesOf } from "./table.js";

/** The audit log, as far as pins need it. */
export interface Journal {
  read<T>(work: (tx: Tx) => T): T;
  /** Another number once another process has changed the store; exact inside of a transaction. */
  version(): number;
  appendPins(make: (tx: Tx) => readonly PinEvent[]): Promise<void>;
}

export interface PinsParts {
  readonly journal: Journal;
  /** Where the servers are configured: see Place. */
  readonly origin: string;
  /** All servers behind this proxy: what one client sees together. */
  readonly servers: readonly string[];
  /** What the detectors find in a definition. Pointers into it. */
  readonly scan: (definition: string) => readonly Finding[];
}

export interface SeenTool {
  readonly tool: string;
  /** Of the definition as it is listed, hex. */
  readonly hash: string;
  readonly findings: readonly Finding[];
}

export interface Pins {
  /**
   * Compares the items of a tools list (JSON text, as the server wrote them) with the pins, and pins what is new.
   * Resolves to one tool for each item, once what was learned is durable. Rejects with `store_unavailable`, or
   * `downstream_protocol`.
   */
  see(server: string, items: readonly string[]): Promise<readonly SeenTool[]>;
  /**
   * What a call of the tool carries; nothing for a tool that was never listed. As of the last transaction: ask again
   * inside the one that writes the decision. The same list as long as it has not changed. Throws `store_unavailable`.
   */
  findings(server: string, tool: string): readonly Finding[];
  /** Hash of the tool's definition as last listed; empty for one that was never seen. Inside a transaction, exact. */
  listed(server: string, tool: string): string;
}

/** Lists repeat word for word: a definition is parsed and hashed once. UTF-16 code units, all in all. */
const MAX_CACHED = 4 * 1024 * 1024;

/** Tools whose findings are kept at hand: names come from clients, who can make up as many as they like. */
const MAX_KEPT = 10_000;

export function createPins({ journal, origin, servers, scan }: PinsParts): Pins {
  const definitions = new LRUCache<string, Definition>({
    maxSize: MAX_CACHED,
    sizeCalculation: (_definition, item) => item.length + 1,
  });
  const read = (item: string): Definition => {
    const known = definitions.get(item);
    if (known !== undefined) return known;
    const made = readDefinition(item);
    definitions.set(item, made);
    return made;
  };
  // Every call asks: what was read holds until this process pins something, or another one writes.
  const found = new LRUCache<string, { readonly version: number; readonly findings: readonly Finding[] }>({
    max: MAX_KEPT,
  });
  const states = (server: string) => journal.read((tx) => statesOf(tx, { origin, server }));

  return {
    see: async (server, items) => {
      const listed = items.map(read);
      let known = states(server);
      const fresh = listed.filter(({ tool, hash }) => known.get(tool)?.listed !== hash);
      if (fresh.length > 0) {
        const siblings = servers.filter((each) => each !== server);
        const scanned = fresh.map((each) => inspect(each, scan));
        try {
          await journal.appendPins((tx) => learn(tx, { origin, server }, siblings, scanned));
        } finally {
          found.clear();
        }
        known = states(server);
      }
      return listed.map(({ tool, hash }) => {
        const pin = known.get(tool);
        return { tool, hash, findings: pin === undefined ? [] : findingsOf(pin) };
      });
    },
    listed: (server, tool) => journal.read((tx) => stateOf(tx, { origin, server }, tool))?.listed ?? "",
    findings: (server, tool) => {
      const version = journal.version();
      const key = `${server}\0${tool}`;
      const known = found.get(key);
      if (known?.version === version) return known.findings;
      const pin = journal.read((tx) => stateOf(tx, { origin, server }, tool));
      const read = pin === undefined ? [] : findingsOf(pin);
      const same = known !== undefined && JSON.stringify(known.findings) === JSON.stringify(read);
      const findings = same ? known.findings : read;
      found.set(key, { version, findings });
      return findings;
    },
  };
}

/** A definition can hold as many findings as its author likes; a review needs the first ones. */
const MAX_FINDINGS = 20;

function inspect(definition: Definition, scan: PinsParts["scan"]): Fresh {
  const { tool, text } = definition;
  if (text.length > MAX_DEFINITION) {
    const kept = { name: tool.slice(0, 256), description: `[${text.length} characters: too many to keep]` };
    return { ...definition, text: JSON.stringify(kept), findings: [OVERSIZED] };
  }
  const found = scan(text).slice(0, MAX_FINDINGS);
  return { ...definition, findings: found.map((each) => ({ ...each, pointer: `/tool${each.pointer}` })) };
}

const OVERSIZED: Finding = {
  detector: "tool_integrity.oversized_definition",
  category: "tool_integrity",
  type: "oversized_definition",
  severity: "high",
  pointer: "/tool",
  span: [0, 0],
  role: "text",
};
