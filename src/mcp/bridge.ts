/**
 * Asking the user in the middle of a call, across the eras: what a legacy client is asked for a stateless server, which
 * ends the call with `input_required` and is called again with the answers. The other direction is `parked.ts`.
 */
import { SallyportError } from "../model/errors.js";
import { isObject, type Json, type JsonObject } from "../model/json.js";
import type { Desk, Flight } from "./desk.js";
import { META_CAPABILITIES, metaNode } from "./eras.js";
import type { Link } from "./link.js";
import { MAX_QUESTIONS, MAX_ROUNDS } from "./limits.js";
import type { ClientMessage } from "./message.js";
import type { Reply } from "./reply.js";

/**
 * Asks a legacy client what a stateless server wants to know, all of it at once, and calls again until it is content.
 * `again` sends the call with further members of its params, as JSON text without braces.
 */
export async function answerQuestions(
  desk: Desk,
  flight: Flight,
  link: Link,
  first: Reply,
  again: (more: string) => Promise<Reply>,
): Promise<Reply> {
  let reply = first;
  for (let round = 0; asksForInput(reply); round++) {
    if (round === MAX_ROUNDS) throw new SallyportError("downstream_protocol", "the server asks without end");
    const { inputRequests, requestState } = reply.value as JsonObject;
    const questions = Object.entries(isObject(inputRequests) ? inputRequests : {}).map(
      ([key, request]) => [key, questionOf(desk, request)] as const,
    );
    if (questions.length > MAX_QUESTIONS)
      throw new SallyportError("downstream_protocol", "the server asks too much at once");
    // One that fails is waited for with the others: a question left open would be answered to nobody.
    const answers = await Promise.allSettled(
      questions.map(async ([key, question]) => [key, await askClient(desk, flight, link, question)] as const),
    );
    const responses = Object.fromEntries(
      answers.map((answer) => {
        if (answer.status === "rejected") throw answer.reason;
        return answer.value;
      }),
    );
    const more = { inputResponses: responses, ...(requestState !== undefined && { requestState }) };
    reply = await again(JSON.stringify(more).slice(1, -1));
  }
  return reply;
}

/** Whether a result is the stateless era's "ask your user first". */
function asksForInput(reply: Reply): boolean {
  return reply.body === "result" && isObject(reply.value) && reply.value["resultType"] === "input_required";
}

interface Question {
  readonly method: string;
  readonly paramsText: string;
}

/** Throws before anybody is asked when the client does not offer it. */
function questionOf(desk: Desk, request: Json): Question {
  const method = isObject(request) ? request["method"] : undefined;
  if (!isObject(request) || typeof method !== "string")
    throw new SallyportError("downstream_protocol", "the server asks for something that is not a request");
  if (!declares(desk.hello?.capabilities, method))
    throw new SallyportError(
      "downstream_protocol",
      `the server asks for ${method}, which this client does not offer`,
    );
  return { method, paramsText: JSON.stringify(request["params"] ?? {}) };
}

async function askClient(
  desk: Desk,
  flight: Flight,
  link: Link,
  { method, paramsText }: Question,
): Promise<Json> {
  const { body, text } = await desk.upward.ask(flight, link, method, paramsText);
  if (body === "error")
    throw new SallyportError("downstream_protocol", `the client did not answer ${method}`);
  return JSON.parse(text) as Json;
}

/**
 * What a legacy server is told that it may ask of a stateless client: what the client declares, but not `roots`, which
 * servers ask for outside of any call, where such a client cannot be reached.
 */
export function askable(declared: Json | undefined): JsonObject {
  const has = (name: string): boolean => isObject(declared) && declared[name] !== undefined;
  return { ...(has("elicitation") && { elicitation: {} }), ...(has("sampling") && { sampling: {} }) };
}

/** The capabilities that one stateless request declares. */
export function declaredBy(message: ClientMessage): Json | undefined {
  const meta = metaNode(message.params);
  return meta && (JSON.parse(message.text.slice(meta.start, meta.end)) as JsonObject)[META_CAPABILITIES];
}

/** What must be declared before a client may be asked. */
const NEEDS: Readonly<Record<string, string>> = {
  "elicitation/create": "elicitation",
  "sampling/createMessage": "sampling",
  "roots/list": "roots",
};

function declares(capabilities: Json | undefined, method: string): boolean {
  const need = NEEDS[method];
  return need !== undefined && isObject(capabilities) && capabilities[need] !== undefined;
}

/** Whether the client that made this stateless request can be asked for `method` in the middle of it. */
export function canAnswer(message: ClientMessage, method: string): boolean {
  return declares(declaredBy(message), method);
}
