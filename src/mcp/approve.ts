/**
 * A held call, and a client that can ask its user: there the question is put in the client itself. A legacy client is
 * asked while the call waits, for less long than clients wait; a stateless one gets `input_required` and calls again.
 */
import { isObject, type Json } from "../model/json.js";
import { decodeString, member } from "../model/json-text.js";
import type { Waits } from "../gate/parts.js";
import type { Desk, Flight } from "./desk.js";
import { declaredBy } from "./bridge.js";
import type { Link } from "./link.js";
import { ASK_USER_MS } from "./limits.js";
import { RETRY, parseClientMessage, textWithout, type ClientMessage } from "./message.js";

const STATE = "sallyport-approval-";
const KEY = "sallyport_approval";

/** What the user said: yes, no, or nothing that is either. */
export type Said = boolean | undefined;

/** Whether this client can be asked in the middle of this call. */
export function canAsk(desk: Desk, flight: Flight, message: ClientMessage): boolean {
  // What else is governed is asked for by edits that a retry would move.
  if (message.method !== "tools/call") return false;
  const declared = flight.stateless ? declaredBy(message) : desk.hello?.capabilities;
  if (!isObject(declared) || !isObject(declared["elicitation"])) return false;
  // A client that offers addresses only has no form to fill in.
  const { form, url } = declared["elicitation"];
  return form !== undefined || url === undefined;
}

/** Asks the user of a legacy client. Undefined: no answer, in time. */
export async function askUser(desk: Desk, flight: Flight, link: Link, waits: Waits): Promise<Said> {
  const asked = desk.upward.askUser(
    flight,
    link,
    "elicitation/create",
    JSON.stringify(question(waits)),
    desk.parts.askUserMs ?? ASK_USER_MS,
  );
  const body = await asked;
  return body === undefined || body.body === "error" ? undefined : said(JSON.parse(body.text) as Json);
}

/** The result that makes a stateless client ask its user. */
export function inputRequired(waits: Waits): string {
  const request = { method: "elicitation/create", params: question(waits) };
  return JSON.stringify({
    resultType: "input_required",
    inputRequests: { [KEY]: request },
    requestState: STATE + waits.id,
  });
}

function question({ text }: Waits): { [key: string]: Json } {
  return {
    mode: "form",
    message: text,
    requestedSchema: {
      type: "object",
      properties: {
        approve: {
          type: "boolean",
          title: "Let it run",
          description: "This very call, once.",
          default: false,
        },
      },
      required: ["approve"],
    },
  };
}

/** Only a filled-in form is an answer: a dialog that was closed says nothing. */
function said(result: Json): Said {
  if (!isObject(result)) return undefined;
  if (result["action"] === "decline") return false;
  if (result["action"] !== "accept" || !isObject(result["content"])) return undefined;
  return result["content"]["approve"] === true;
}

/** A stateless client's answer to a question of ours, and the call without it; undefined for any other request. */
export function answered(
  message: ClientMessage,
): { readonly id: string; readonly said: Said; readonly call: ClientMessage } | undefined {
  const { params, text } = message;
  if (message.method !== "tools/call") return undefined;
  const state = params === undefined ? undefined : member(params, "requestState");
  if (params === undefined || state?.kind !== "string") return undefined;
  const stateText = decodeString(text, state.start, state.end);
  if (!stateText.startsWith(STATE)) return undefined;
  const node = member(params, "inputResponses");
  const responses = node === undefined ? undefined : (JSON.parse(text.slice(node.start, node.end)) as Json);
  const response = isObject(responses) ? responses[KEY] : undefined;
  const without = text.slice(0, params.start) + textWithout(text, params, RETRY) + text.slice(params.end);
  return {
    id: stateText.slice(STATE.length),
    said: response === undefined ? undefined : said(response),
    call: parseClientMessage(Buffer.from(without)),
  };
}
