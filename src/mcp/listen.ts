/** `subscriptions/listen` of stateless clients, served by us where the downstream is legacy or there are several. */
import { isObject, type Json, type JsonObject } from "../model/json.js";
import { applyEdits, member } from "../model/json-text.js";
import { errorReply, type Flight } from "./desk.js";
import { CODE, META_SUBSCRIPTION, metaNode } from "./eras.js";
import { MAX_LISTENERS } from "./limits.js";
import type { ClientMessage } from "./message.js";
import type { Incoming } from "./reply.js";

const KINDS: Readonly<Record<string, string>> = {
  "notifications/tools/list_changed": "toolsListChanged",
  "notifications/prompts/list_changed": "promptsListChanged",
  "notifications/resources/list_changed": "resourcesListChanged",
};

export interface Resources {
  want(uri: string): Promise<boolean>;
  unwant(uri: string): void;
}

interface Listener {
  readonly flight: Flight;
  readonly filter: JsonObject;
  readonly end: () => void;
}

export interface Listeners {
  /** `want` resolves to whether changes of a resource will be told; `unwant` is called for those when it ends. */
  open(flight: Flight, message: ClientMessage, capabilities: Json, resources: Resources): Promise<void>;
  /** Whether anybody listens. */
  readonly any: boolean;
  /** True when the notification is one that subscriptions decide on; it then went to those who asked for it. */
  notify(message: Pick<Incoming, "method" | "text" | "root" | "params">): boolean;
  holds(flight: Flight): boolean;
  close(flight: Flight): void;
}

export function createListeners(): Listeners {
  const open = new Set<Listener>();
  return {
    get any() {
      return open.size > 0;
    },
    open: async (flight, message, capabilities, { want, unwant }) => {
      const params =
        message.params && (JSON.parse(message.text.slice(message.params.start, message.params.end)) as Json);
      const asked = isObject(params) ? params["notifications"] : undefined;
      if (!isObject(asked)) {
        flight.exchange.reply(errorReply(flight.idText, CODE.invalidParams, '"notifications" is required'));
        return;
      }
      if (open.size >= MAX_LISTENERS) {
        flight.exchange.reply(errorReply(flight.idText, CODE.internal, "too many subscriptions"));
        return;
      }
      const { resourceSubscriptions: named, ...kinds } = honoured(asked, capabilities);
      const uris = Array.isArray(named) ? named.filter((uri) => typeof uri === "string") : [];
      const told: string[] = [];
      const end = (): void => told.splice(0).forEach(unwant);
      const filter: Record<string, Json> = kinds;
      // Before the first wait: what is held open is not answered.
      const listener = { flight, filter, end };
      open.add(listener);
      for (const uri of new Set(uris)) if (await want(uri)) told.push(uri);
      if (told.length > 0) filter["resourceSubscriptions"] = [...told];
      if (!open.has(listener)) return end();
      const params2 = {
        notifications: filter,
        _meta: { [META_SUBSCRIPTION]: JSON.parse(flight.idText) as Json },
      };
      const ack = { jsonrpc: "2.0", method: "notifications/subscriptions/acknowledged", params: params2 };
      flight.exchange.related([Buffer.from(JSON.stringify(ack))]);
    },
    notify: (message) => {
      const kind = KINDS[message.method];
      const uri = message.method === "notifications/resources/updated" ? uriOf(message) : undefined;
      if (kind === undefined && uri === undefined) return false;
      for (const { flight, filter } of open) {
        const uris = filter["resourceSubscriptions"];
        const wanted =
          kind !== undefined ? filter[kind] === true : Array.isArray(uris) && uris.includes(uri!);
        if (wanted) flight.exchange.related([Buffer.from(tagged(message, flight.idText))]);
      }
      return true;
    },
    holds: (flight) => [...open].some((each) => each.flight === flight),
    close: (flight) => {
      for (const each of open) if (each.flight === flight && open.delete(each)) each.end();
    },
  };
}

/** What was asked for and the server can deliver. */
function honoured(asked: JsonObject, capabilities: Json): JsonObject {
  const can = (area: string, what: string): boolean => {
    const of = isObject(capabilities) ? capabilities[area] : undefined;
    return isObject(of) && of[what] === true;
  };
  const uris = asked["resourceSubscriptions"];
  return {
    ...(asked["toolsListChanged"] === true && can("tools", "listChanged") && { toolsListChanged: true }),
    ...(asked["promptsListChanged"] === true &&
      can("prompts", "listChanged") && { promptsListChanged: true }),
    ...(asked["resourcesListChanged"] === true &&
      can("resources", "listChanged") && { resourcesListChanged: true }),
    ...(Array.isArray(uris) &&
      uris.length > 0 &&
      can("resources", "subscribe") && { resourceSubscriptions: uris }),
  };
}

function uriOf(message: Pick<Incoming, "text" | "params">): string | undefined {
  const node = message.params && member(message.params, "uri");
  return node?.kind === "string"
    ? (JSON.parse(message.text.slice(node.start, node.end)) as string)
    : undefined;
}

function tagged(message: Pick<Incoming, "text" | "root" | "params">, idText: string): string {
  const tag = `${JSON.stringify(META_SUBSCRIPTION)}:${idText}`;
  const { text, root, params } = message;
  const meta = metaNode(params);
  const into = meta ?? params;
  if (into === undefined) return `${text.slice(0, root.end - 1)},"params":{"_meta":{${tag}}}}`;
  const added = (meta === undefined ? `"_meta":{${tag}}` : tag) + (into.children.length > 0 ? "," : "");
  return applyEdits(text, [{ start: into.start + 1, end: into.start + 1, text: added }]);
}
