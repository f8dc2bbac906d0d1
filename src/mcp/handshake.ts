/** `initialize` and `server/discover`: passed through with one server, answered for all with several. */
import { isObject, type Json, type JsonObject } from "../model/json.js";
import { member } from "../model/json-text.js";
import { askable } from "./bridge.js";
import { resultReply, type Desk, type Flight } from "./desk.js";
import { LEGACY_VERSIONS, META_CAPABILITIES, META_CLIENT, discoverFromInitialize, metaNode } from "./eras.js";
import { connected, forward, replyParts } from "./forward.js";
import { GATHER_MS } from "./limits.js";
import type { Hello, Link, Welcome } from "./link.js";
import type { ClientMessage } from "./message.js";
import { withId } from "./reply.js";

export async function handshake(desk: Desk, message: ClientMessage, flight: Flight): Promise<void> {
  desk.hello ??= helloOf(desk, message, flight);
  desk.client = describeClient(desk.hello.info);
  if (desk.many) return welcomeAll(desk, flight, desk.hello);
  const only = desk.links[0]!;
  if (flight.stateless && only.era === "stateless") {
    flight.exchange.reply(replyParts(flight, await forward(desk, flight, message, only)));
    return;
  }
  const { welcome } = await connected(desk, flight, only);
  const passed = (welcome.era === "stateless") === flight.stateless ? welcome.reply : undefined;
  if (passed !== undefined) flight.exchange.reply(withId(passed, flight.idText));
  else flight.exchange.reply(resultReply(flight.idText, said(welcome, flight)));
}

function said(welcome: Pick<Welcome, "initialize" | "discover">, flight: Flight): string {
  return JSON.stringify(flight.stateless ? welcome.discover : welcome.initialize);
}

/** What the client says of itself: the whole of its `initialize` params, or the envelope of its request. */
export function helloOf(
  desk: Pick<Desk, "many">,
  message: ClientMessage,
  flight: Pick<Flight, "stateless">,
): Hello {
  const { text, params } = message;
  if (!flight.stateless) {
    const initialize = params === undefined ? "{}" : text.slice(params.start, params.end);
    const value = JSON.parse(initialize) as JsonObject;
    const info = value["clientInfo"] ?? null;
    return { era: "legacy", initialize, info, capabilities: value["capabilities"] ?? {}, own: desk.many };
  }
  const meta = metaNode(params)!;
  const read = (key: string): Json | undefined => {
    const node = member(meta, key);
    return node && (JSON.parse(text.slice(node.start, node.end)) as Json);
  };
  const info = read(META_CLIENT) ?? { name: "unknown", version: "0" };
  const declared = read(META_CAPABILITIES) ?? {};
  const capabilities = askable(declared);
  const initialize = JSON.stringify({ protocolVersion: LEGACY_VERSIONS[0], capabilities, clientInfo: info });
  return { era: "stateless", initialize, info, capabilities: declared, own: true };
}

/** Connects to all; who is not there in time is left out for now, and announced by list_changed when it comes. */
async function welcomeAll(desk: Desk, flight: Flight, hello: Hello): Promise<void> {
  const welcomes = await Promise.all(desk.links.map((link) => inTime(desk, link, hello)));
  const there = welcomes.filter((welcome) => welcome !== undefined);
  const asked =
    hello.era === "legacy" ? (JSON.parse(hello.initialize) as JsonObject)["protocolVersion"] : undefined;
  const instructions = there
    .map((welcome) => welcome.initialize["instructions"])
    .filter((each) => typeof each === "string");
  const initialize: JsonObject = {
    protocolVersion: LEGACY_VERSIONS.find((version) => version === asked) ?? LEGACY_VERSIONS[0],
    capabilities: merged(there),
    serverInfo: { name: "sallyport", version: desk.parts.version },
    ...(instructions.length > 0 && { instructions: instructions.join("\n\n") }),
  };
  flight.exchange.reply(
    resultReply(flight.idText, said({ initialize, discover: discoverFromInitialize(initialize) }, flight)),
  );
}

async function inTime(desk: Desk, link: Link, hello: Hello): Promise<Welcome | undefined> {
  let late = false;
  const { name } = link.server;
  const welcome = link.connect(hello).then(
    (got) => {
      if (late) announce(desk);
      return got;
    },
    (error: unknown) => {
      desk.parts.log.error({ server: name, err: error }, "server is not available; the others are");
      return undefined;
    },
  );
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      late = true;
      desk.parts.log.warn({ server: name }, "server is slow to start; going on without it for now");
      resolve(undefined);
    }, GATHER_MS);
  });
  const first = await Promise.race([welcome, deadline]);
  clearTimeout(timer);
  return first;
}

/** Lists have changed: a server has come late. */
function announce(desk: Desk): void {
  for (const kind of ["tools", "prompts", "resources"]) {
    const method = `notifications/${kind}/list_changed`;
    const text = JSON.stringify({ jsonrpc: "2.0", method });
    if (desk.stateless) desk.listeners.notify({ method, text, root: WHOLE(text), params: undefined });
    else desk.unsolicited([Buffer.from(text)]);
  }
}

const WHOLE = (text: string) =>
  ({ kind: "object", start: 0, end: text.length, children: [], keys: [], keyStarts: [] }) as const;

/** What any of them can do, we can; lists may change, because servers come and go. */
function merged(welcomes: readonly Welcome[]): JsonObject {
  const all: Record<string, JsonObject> = { tools: { listChanged: true } };
  for (const { initialize } of welcomes) {
    const { capabilities } = initialize;
    if (!isObject(capabilities)) continue;
    for (const [area, value] of Object.entries(capabilities))
      if (isObject(value)) all[area] = { ...all[area], ...value };
  }
  for (const area of ["prompts", "resources"])
    if (all[area] !== undefined) all[area] = { ...all[area], listChanged: true };
  return all;
}

/** Name and version as a client gave them, cut: they are claims of any length. */
export function describeClient(info: Json | undefined): string | undefined {
  if (!isObject(info) || typeof info["name"] !== "string") return undefined;
  return `${info["name"]} ${typeof info["version"] === "string" ? info["version"] : ""}`.trim().slice(0, 120);
}
