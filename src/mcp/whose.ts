/** Whose a message of a server is: which request of the client it belongs to, and what of it is ours to change. */
import { member, type Edit } from "../model/json-text.js";
import type { Desk, Flight } from "./desk.js";
import { META_SUBSCRIPTION, metaNode } from "./eras.js";
import type { Link } from "./link.js";
import type { Parked } from "./parked.js";
import type { Incoming } from "./reply.js";

const PROGRESS = "notifications/progress";
/** Notifications about lists and resources belong to the session, not to the call that happens to run. */
export const SESSION_WIDE = /^notifications\/(?:.+\/list_changed|resources\/)/;

/** The call whose progress a message tells, by its token. */
function toldOf(desk: Desk, { params, text }: Incoming): Flight | undefined {
  const token = params && member(params, "progressToken");
  return token && desk.tokens.get(text.slice(token.start, token.end));
}

/** A server cannot know the tokens of another's calls; one that guesses them would speak in its name. */
export function tellsOfAnother(desk: Desk, link: Link, message: Incoming): boolean {
  const flight = toldOf(desk, message);
  return flight !== undefined && flight.link !== link;
}

/**
 * The stateless client's call that a server asks on behalf of: the one of the stream it came on, or the only one that
 * runs. With several it could be any of them, and the question of one must not be put to the user of another: none. What
 * is parked waits for answers already, and is meant where nothing runs; else one abandoned question would stop all others.
 */
export function askedBy(desk: Desk, link: Link, related: number | undefined): Flight | Parked | undefined {
  const fits = (call: Flight | Parked): boolean =>
    call.link === link && call.peer === link.current && (related === undefined || call.ourId === related);
  const running = [...desk.flights].filter((flight) => flight.asked !== undefined && fits(flight));
  const calls = running.length > 0 ? running : [...desk.parked.values()].filter(fits);
  return calls.length === 1 ? calls[0] : undefined;
}

/** The client request that a message belongs to: by the stream it came on, its progress token, or the latest one. */
export function owner(
  desk: Desk,
  link: Link,
  message: Incoming,
  related: number | undefined,
): Flight | undefined {
  const told = toldOf(desk, message);
  if (told !== undefined) return told;
  const flights = [...desk.flights].filter((flight) => flight.link === link && flight.peer === link.current);
  const tag = subscriptionNode(message);
  const tagged = tag && Number(message.text.slice(tag.start, tag.end));
  if (tagged !== undefined) return flights.find((flight) => flight.ourId === tagged);
  if (related !== undefined) return flights.find((flight) => flight.ourId === related);
  if (SESSION_WIDE.test(message.method) || message.method === PROGRESS) return undefined;
  const running = flights.filter(({ method }) => method !== "subscriptions/listen");
  // Clients that share a session must not read each other's: what could be anybody's is nobody's.
  return desk.byClientId === undefined && running.length > 1 ? undefined : running.at(-1);
}

export function tokenEdit(message: Incoming, flight: Flight | undefined): Edit[] {
  const token = message.params && member(message.params, "progressToken");
  if (token === undefined || flight?.token === undefined) return [];
  if (flight.token.key === flight.token.clientText) return [];
  return [{ start: token.start, end: token.end, text: flight.token.clientText }];
}

export function subscriptionNode(message: Incoming) {
  const meta = metaNode(message.params);
  return meta === undefined ? undefined : member(meta, META_SUBSCRIPTION);
}

/** A subscription is tagged with the id of the request that opened it: ours downstream, the client's own here. */
export function subscriptionEdit(message: Incoming, flight: Flight | undefined): Edit[] {
  const tag = subscriptionNode(message);
  if (tag === undefined || flight === undefined) return [];
  return [{ start: tag.start, end: tag.end, text: flight.idText }];
}
