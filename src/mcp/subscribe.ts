/** A legacy client's `resources/subscribe` where its server has no such method. */
import { SallyportError } from "../model/errors.js";
import { isObject } from "../model/json.js";
import { errorReply, resultReply, type Desk, type Flight } from "./desk.js";
import { CODE } from "./eras.js";
import { connected } from "./forward.js";
import type { Link } from "./link.js";
import { stringParam, type ClientMessage } from "./message.js";

/** True when the request was one of these, and is answered. */
export async function subscribed(
  desk: Desk,
  message: ClientMessage,
  flight: Flight,
  link: Link,
): Promise<boolean> {
  const { method } = message;
  if (flight.stateless || (method !== "resources/subscribe" && method !== "resources/unsubscribe"))
    return false;
  const { welcome } = await connected(desk, flight, link);
  if (welcome.era === "legacy") return false;
  const uri = stringParam(message, "uri");
  const capabilities = welcome.discover["capabilities"];
  const resources = isObject(capabilities) ? capabilities["resources"] : undefined;
  const reply = (parts: Buffer[]): true => {
    flight.exchange.reply(parts);
    return true;
  };
  if (!isObject(resources) || resources["subscribe"] !== true)
    return reply(errorReply(flight.idText, CODE.methodNotFound, "Method not found"));
  if (uri === undefined) return reply(errorReply(flight.idText, CODE.invalidParams, '"uri" is required'));
  try {
    // Once is as good as twice here: the first that unsubscribes ends it.
    const wanted = desk.subscriptions.wants(link, uri);
    if (method === "resources/unsubscribe") desk.subscriptions.unwant(link, uri);
    else if (!wanted) await desk.subscriptions.want(link, uri);
  } catch (error) {
    if (!(error instanceof SallyportError) || error.code === "cancelled") throw error;
    return reply(errorReply(flight.idText, CODE.server, `[Sallyport] ${error.message}`));
  }
  return reply(resultReply(flight.idText, "{}"));
}
