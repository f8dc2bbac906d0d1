/** What a server asks of the client's user or model, governed like a call, in the other direction. */
import { newId } from "../audit/ids.js";
import type { Answer } from "../gate.js";
import { SallyportError } from "../model/errors.js";
import { isObject, type Json } from "../model/json.js";
import type { Desk } from "./desk.js";
import type { Link } from "./link.js";
import type { ClientMessage } from "./message.js";
import { connectorOf } from "./tools.js";

/** Requests that carry text to a person or a model, and an answer back. */
export const ASKS = new Set(["elicitation/create", "sampling/createMessage"]);

/** One side of a JSON-RPC response. */
export interface Body {
  readonly body: "result" | "error";
  /** JSON text of it. */
  readonly text: string;
  /** The client's whole response, when that is what it is. */
  readonly whole?: ClientMessage;
}

/**
 * Judges what is asked, records it, lets `deliver` ask the client (with the params as the gate left them), judges the
 * answer. Resolves to what the server is told; undefined when nobody waits any more.
 */
export async function governAsk(
  desk: Desk,
  link: Link,
  method: string,
  paramsText: string,
  deliver: (paramsText: string) => Promise<Body>,
): Promise<Body | undefined> {
  const args = JSON.parse(paramsText) as Json;
  if (!isObject(args)) throw new SallyportError("downstream_protocol", `${method} without params`);
  const call = {
    id: newId("d"),
    principal: desk.parts.principal,
    session: desk.session,
    client: desk.client,
    server: link.server.name,
    connector: connectorOf(desk, link.server).connector,
    tool: method,
    method,
    upward: true,
    operation: "query",
    args,
    argsText: paramsText,
  } as const;
  let answer: Body | undefined;
  const governed = await desk.parts.gate.govern(call, async (subject): Promise<Answer> => {
    answer = await deliver(subject.argsText);
    const value = JSON.parse(answer.text) as Json;
    return { ...answer, value, bytes: Buffer.byteLength(answer.text) };
  });
  if (governed.kind === "cancelled") return undefined;
  return governed.kind === "unchanged" ? answer : { body: governed.body, text: governed.text };
}
