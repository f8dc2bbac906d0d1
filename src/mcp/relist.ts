/**
 * A server that says its tools have changed is asked for them before the next call. Clients may call without listing
 * again, and a definition that was swapped in between must be seen by then, not at the next list.
 */
import { SallyportError } from "../model/errors.js";
import type { Json } from "../model/json.js";
import type { Desk, Flight } from "./desk.js";
import { fetchList, inTime } from "./gather.js";
import type { Link } from "./link.js";
import { shownTools } from "./listed.js";
import { noteTools } from "./tools.js";

/** Servers with a change that was not looked at; a promise where somebody looks now. */
const changed = new WeakMap<Link, Promise<void> | "unseen">();

export function toolsChanged(link: Link): void {
  changed.set(link, "unseen");
}

/**
 * Before a call of `tool`. One that was never listed has no definition that could have changed: to learn it now would void
 * what a person has approved of the call. Rejects with a SallyportError when the tools cannot be listed, or what they are
 * cannot be recorded.
 */
export async function seeChanges(desk: Desk, flight: Flight, link: Link, tool: string): Promise<void> {
  const state = changed.get(link);
  if (state === undefined || desk.parts.pins.listed(link.server.name, tool) === "") return;
  const looking = state === "unseen" ? look(desk, flight, link) : state;
  changed.set(link, looking);
  try {
    await looking;
    // Unless it has changed once more meanwhile.
    if (changed.get(link) === looking) changed.delete(link);
  } catch (error) {
    if (changed.get(link) === looking) changed.set(link, "unseen");
    if (error instanceof SallyportError && error.code === "store_unavailable") throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new SallyportError(
      "downstream_protocol",
      `${link.server.name} says that its tools have changed, and they could not be listed: ${why}`,
    );
  }
}

async function look(desk: Desk, flight: Flight, link: Link): Promise<void> {
  const items = await inTime(fetchList(desk, flight, link, "tools/list", "tools"));
  await shownTools(desk, link.server.name, items);
  noteTools(desk, link.server.name, { tools: items.map((item) => JSON.parse(item) as Json) });
}
