/** Requests when there are several servers: lists are merged, everything else goes to the one it names. */
import { SallyportError } from "../model/errors.js";
import { isObject, type Json } from "../model/json.js";
import { decodeString, member, parseJsonText, type Edit } from "../model/json-text.js";
import { GOVERNED, governCall } from "./call.js";
import { errorReply, exposedName, resultReply, type Desk, type Flight } from "./desk.js";
import { CODE, toStatelessResult } from "./eras.js";
import { connected, forward, replyParts } from "./forward.js";
import { fetchList, inTime } from "./gather.js";
import type { Link } from "./link.js";
import { shownTools } from "./listed.js";
import { relaxedItem } from "./schemas.js";
import { stringParam, type ClientMessage } from "./message.js";
import { subscribed } from "./subscribe.js";
import { noteTools } from "./tools.js";

/** Lists, and the member that holds their items. */
const LISTS: Readonly<Record<string, string>> = {
  "tools/list": "tools",
  "prompts/list": "prompts",
  "resources/list": "resources",
  "resources/templates/list": "resourceTemplates",
  "tasks/list": "tasks",
};

/** How each kind of request names its target. */
const BY_URI = new Set(["resources/read", "resources/subscribe", "resources/unsubscribe"]);
const BY_TASK = new Set(["tasks/get", "tasks/result", "tasks/cancel", "tasks/update"]);

export async function requestOfMany(desk: Desk, message: ClientMessage, flight: Flight): Promise<void> {
  const { method } = message;
  const list = LISTS[method];
  if (list !== undefined) return mergeLists(desk, flight, method, list);
  if (method === "ping") return flight.exchange.reply(resultReply(flight.idText, "{}"));
  if (method === "subscriptions/listen") return listenToMany(desk, message, flight);
  if (method === "logging/setLevel") return broadcast(desk, message, flight);
  if (method === "tools/call" || method === "prompts/get") {
    const exposed = stringParam(message, "name");
    const target = exposed === undefined ? undefined : targetOf(desk, exposed);
    if (target === undefined) {
      const servers = desk.links.map((link) => link.server.name).join(", ");
      const what = `Unknown ${method === "tools/call" ? "tool" : "prompt"}: ${exposed ?? ""}. Names begin with a server and two underscores; servers: ${servers}`;
      flight.exchange.reply(errorReply(flight.idText, CODE.invalidParams, what));
      return;
    }
    if (method === "tools/call") return governCall(desk, flight, message, target.link, target.name);
    return governCall(desk, flight, message, target.link, method, nameEdit(message, target.name));
  }
  if (method === "completion/complete") return complete(desk, message, flight);
  if (BY_URI.has(method)) return byOwner(desk, message, flight, stringParam(message, "uri"));
  if (BY_TASK.has(method)) return byOwner(desk, message, flight, stringParam(message, "taskId"));
  flight.exchange.reply(errorReply(flight.idText, CODE.methodNotFound, `Method not found: ${method}`));
}

/** Subscriptions of stateless clients are ours to serve here: no server's own tag could mean all of them. */
export async function listenToMany(desk: Desk, message: ClientMessage, flight: Flight): Promise<void> {
  const welcomes = await Promise.all(
    desk.links.map(async (link) => {
      try {
        return { link, ...(await inTime(connected(desk, flight, link))) };
      } catch (error) {
        if (!desk.many) throw error;
        return undefined; // The others can tell of theirs.
      }
    }),
  );
  const capabilities: Record<string, Json> = desk.many ? { tools: { listChanged: true } } : {};
  for (const got of welcomes) {
    const said = got?.welcome.initialize["capabilities"];
    for (const [area, can] of isObject(said) ? Object.entries(said) : []) {
      const others = capabilities[area];
      capabilities[area] = isObject(others) && isObject(can) ? { ...others, ...can } : can;
    }
  }
  const owners = new Map<string, Link>();
  const opened = desk.listeners.open(flight, message, capabilities, {
    want: async (uri) => {
      const link = desk.many
        ? (desk.owners.get(uri) ?? (await findOwner(desk, flight, message, uri)))
        : desk.links[0];
      if (link === undefined) return false;
      try {
        await desk.subscriptions.want(link, uri);
        owners.set(uri, link);
        return true;
      } catch (error) {
        desk.parts.log.warn({ server: link.server.name, err: error }, "a resource cannot be subscribed to");
        return false;
      }
    },
    unwant: (uri) => desk.subscriptions.unwant(owners.get(uri)!, uri),
  });
  // Stateless servers among several tell only who asks.
  for (const got of welcomes) if (got !== undefined) desk.subscriptions.keep(got.link, got.peer, got.welcome);
  await opened;
}

async function mergeLists(desk: Desk, flight: Flight, method: string, key: string): Promise<void> {
  const texts = await collect(desk, flight, method, key);
  const body = `{${JSON.stringify(key)}:[${texts.join(",")}]}`;
  const text = flight.stateless ? toStatelessResult(body, { [key]: [] }, method, undefined) : body;
  flight.exchange.reply(resultReply(flight.idText, text));
}

/** The items of all servers, in the order of the file, as the client sees them. */
async function collect(
  desk: Desk,
  flight: Flight,
  method: string,
  key: string,
  listed?: (link: Link, id: string) => void,
): Promise<string[]> {
  const lists = await Promise.all(
    desk.links.map(async (link) => {
      try {
        const items = await inTime(fetchList(desk, flight, link, method, key));
        if (key !== "tools") return { link, items };
        noteTools(desk, link.server.name, { tools: items.map((item) => JSON.parse(item) as Json) });
        return { link, items: await shownTools(desk, link.server.name, items) };
      } catch (error) {
        // What cannot be recorded must not look like a server that has no tools.
        if (error instanceof SallyportError && error.code === "store_unavailable") throw error;
        desk.parts.log.warn(
          { server: link.server.name, method, err: error },
          "list of one server is missing",
        );
        return { link, items: undefined };
      }
    }),
  );
  const shown = (item: string): string => (key === "tools" ? relaxedItem(item, desk.parts.relax) : item);
  return lists.flatMap(({ link, items }) =>
    (items ?? []).map((item) => expose(desk, link, key, shown(item), listed)),
  );
}

/** One list item as the client sees it: tools and prompts under a name of ours, everything else as it is. */
function expose(
  desk: Desk,
  link: Link,
  key: string,
  item: string,
  listed?: (link: Link, id: string) => void,
): string {
  const node = parseJsonText(item);
  const read = (name: string): string | undefined => {
    const found = member(node, name);
    return found?.kind === "string" ? decodeString(item, found.start, found.end) : undefined;
  };
  const id = read("uri") ?? read("uriTemplate") ?? read("taskId");
  if (key !== "tools" && key !== "prompts") {
    if (id === undefined) return item;
    desk.owners.set(id, link);
    listed?.(link, id);
    return item;
  }
  const name = read("name");
  const at = member(node, "name");
  if (name === undefined || at === undefined) return item;
  const exposed = exposedName(link.server.name, name);
  desk.targets.set(exposed, { link, name });
  return item.slice(0, at.start) + JSON.stringify(exposed) + item.slice(at.end);
}

/** The server and its own name for an exposed name: as listed, or by its prefix when nothing was listed yet. */
function targetOf(desk: Desk, exposed: string): { link: Link; name: string } | undefined {
  const listed = desk.targets.get(exposed);
  if (listed !== undefined) return listed;
  const link = desk.links.find((each) => exposed.startsWith(`${each.server.name}__`));
  return link && { link, name: exposed.slice(link.server.name.length + 2) };
}

function nameEdit(message: ClientMessage, name: string): Edit[] {
  const node = message.params && member(message.params, "name");
  return node === undefined ? [] : [{ start: node.start, end: node.end, text: JSON.stringify(name) }];
}

async function pass(desk: Desk, message: ClientMessage, flight: Flight, link: Link): Promise<void> {
  flight.exchange.reply(replyParts(flight, await forward(desk, flight, message, link)));
}

/** To the owner as listed; when nobody is known to own it, to whoever does not refuse it. */
async function byOwner(
  desk: Desk,
  message: ClientMessage,
  flight: Flight,
  id: string | undefined,
): Promise<void> {
  const owner =
    (id === undefined ? undefined : desk.owners.get(id)) ?? (await findOwner(desk, flight, message, id));
  if (owner === undefined) {
    const what = `no server is known to have ${JSON.stringify((id ?? "").slice(0, 200))}`;
    flight.exchange.reply(errorReply(flight.idText, CODE.invalidParams, what));
    return;
  }
  if (GOVERNED.has(message.method)) return governCall(desk, flight, message, owner, message.method);
  if (await subscribed(desk, message, flight, owner)) return;
  return pass(desk, message, flight, owner);
}

/** Resources by their lists (a template's by its literal beginning); tasks belong to who made them. */
async function findOwner(
  desk: Desk,
  flight: Flight,
  message: ClientMessage,
  id: string | undefined,
): Promise<Link | undefined> {
  if (id === undefined || BY_TASK.has(message.method)) return undefined;
  // What is listed may be more than is remembered, and this very one be forgotten again by the end of the list.
  let exact: Link | undefined;
  const listed = (link: Link, each: string): void => void (each === id && (exact ??= link));
  await Promise.all([
    collect(desk, flight, "resources/list", "resources", listed),
    collect(desk, flight, "resources/templates/list", "resourceTemplates", listed),
  ]);
  if (exact !== undefined) {
    desk.owners.set(id, exact);
    return exact;
  }
  const templates = [...desk.owners.keys()].filter((each) => each.includes("{"));
  const fits = templates.filter((each) => id.startsWith(each.slice(0, each.indexOf("{"))));
  const best = fits.toSorted((a, b) => b.indexOf("{") - a.indexOf("{"))[0];
  return best === undefined ? undefined : desk.owners.get(best);
}

async function complete(desk: Desk, message: ClientMessage, flight: Flight): Promise<void> {
  const ref = message.params && member(message.params, "ref");
  const name = ref && member(ref, "name");
  if (name?.kind !== "string") {
    const uri = ref && member(ref, "uri");
    const id = uri?.kind === "string" ? decodeString(message.text, uri.start, uri.end) : undefined;
    return byOwner(desk, message, flight, id);
  }
  const target = targetOf(desk, decodeString(message.text, name.start, name.end));
  if (target === undefined) throw new SallyportError("message_invalid", "no server has this prompt");
  const edit = { start: name.start, end: name.end, text: JSON.stringify(target.name) };
  return governCall(desk, flight, message, target.link, message.method, [edit]);
}

async function broadcast(desk: Desk, message: ClientMessage, flight: Flight): Promise<void> {
  await Promise.allSettled(desk.links.map((link) => inTime(forward(desk, { ...flight }, message, link))));
  flight.exchange.reply(resultReply(flight.idText, "{}"));
}
