/** tools/call, governed both ways; and what fetches the result of one later. */
import { newId } from "../audit/ids.js";
import { operationOf } from "../policy/operations.js";
import type { Answer, Governed } from "../gate.js";
import type { Call } from "../model/call.js";
import { SallyportError } from "../model/errors.js";
import { isObject, type Json, type JsonObject } from "../model/json.js";
import { member, type Edit, type JsonNode } from "../model/json-text.js";
import { answered, askUser, canAsk, inputRequired } from "./approve.js";
import { bodyReply, errorReply, type Desk, type Flight } from "./desk.js";
import { CODE, toStatelessResult } from "./eras.js";
import { forward, replyParts, type Forwarded } from "./forward.js";
import type { Link } from "./link.js";
import type { ClientMessage } from "./message.js";
import { continuesNothing } from "./parked.js";
import { badParamHeader, paramHeadersFor, wrongParamHeader } from "./param-headers.js";
import { seeChanges } from "./relist.js";
import { withBody } from "./reply.js";
import { connectorOf } from "./tools.js";

/** Methods whose result is a tool's result. A task's result must not leave by a side door. */
const TOOL_RESULTS = new Set(["tools/call", "tasks/result", "tasks/get"]);

/** Everything that carries content to the model. */
export const GOVERNED = new Set([...TOOL_RESULTS, "resources/read", "prompts/get", "completion/complete"]);

/** `tool`: the downstream's own name of it, or the method. `changes`: edits that routing needs. `asking`: see below. */
export async function governCall(
  desk: Desk,
  flight: Flight,
  message: ClientMessage,
  link: Link,
  tool: string,
  changes: readonly Edit[] = [],
  asking = true,
): Promise<void> {
  const back = answered(message);
  if (back !== undefined) {
    // The call as it was held: the answer is ours, and no part of it.
    const held = callOf(desk, back.call, link, tool);
    if (back.said !== undefined) await desk.parts.gate.answer(held, back.id, back.said);
    // Who has not answered is not asked again and again.
    return governCall(desk, flight, back.call, link, tool, [], false);
  }
  if (message.method === "tools/call") await seeChanges(desk, flight, link, tool);
  const call = callOf(desk, message, link, tool);
  const { inputSchema: schema } = call;
  // A client over stdio, or of the legacy era, has no such headers.
  const given = flight.stateless ? flight.exchange.headers : undefined;
  const wrong =
    schema === undefined || given === undefined ? undefined : wrongParamHeader(schema, call.args, given);
  if (wrong !== undefined) {
    const what = `Bad Request: the request headers and body disagree: ${wrong.body}`;
    flight.exchange.reply(errorReply(flight.idText, CODE.headerMismatch, what, { mismatch: wrong }));
    return;
  }
  const http = link.server.transport.kind === "http" && link.era === "stateless";
  const bad = http ? badParamHeader(schema) : undefined;
  if (bad !== undefined) {
    const what = `[Sallyport] this tool cannot be called over HTTP, because of its x-mcp-header of ${bad}`;
    flight.exchange.reply(errorReply(flight.idText, CODE.invalidParams, what));
    return;
  }
  // A stateless server may be a Sallyport as well, whose states look like ours.
  if (flight.stateless && link.era === "legacy" && continuesNothing(desk, message)) {
    const what = "[Sallyport] no call waits for this requestState, or it was made with other arguments";
    flight.exchange.reply(errorReply(flight.idText, CODE.invalidParams, what));
    return;
  }
  let got: Forwarded | undefined;
  const govern = (of: Call): Promise<Governed> => desk.parts.gate.govern(of, send, flight.abort);
  const send = async (subject: Call, timeoutMs: number | undefined): Promise<Answer> => {
    flight.timeoutMs = timeoutMs;
    const same = subject.argsText === call.argsText && given !== undefined ? given : {};
    flight.headers = schema === undefined ? same : paramHeadersFor(schema, subject.args, same);
    got = await forward(desk, flight, message, link, [
      ...changes,
      ...changesFor(message, tool, call, subject),
    ]);
    const { reply } = got;
    desk.parts.makeRoom?.(reply.bodyEnd - reply.bodyStart);
    const task = taskOf(reply.value);
    if (isObject(task) && typeof task["taskId"] === "string") desk.owners.set(task["taskId"], link);
    return {
      body: reply.body,
      text: reply.bodyText,
      value: reply.value,
      bytes: reply.bodyEnd - reply.bodyStart,
    };
  };
  let governed = await govern(call);
  if (
    governed.kind === "changed" &&
    governed.waits !== undefined &&
    asking &&
    canAsk(desk, flight, message)
  ) {
    const { waits } = governed;
    if (flight.stateless) governed = { kind: "changed", body: "result", text: inputRequired(waits) };
    else {
      const said = await askUser(desk, flight, link, waits);
      // Made again, so that what has changed meanwhile counts; with an id of its own, as any call has.
      if (said !== undefined && (await desk.parts.gate.answer(call, waits.id, said)))
        governed = await govern({ ...call, id: newId("d") });
    }
  }
  if (governed.kind === "cancelled") flight.exchange.end();
  else if (governed.kind === "unchanged") flight.exchange.reply(replyParts(flight, got!));
  else flight.exchange.reply(changedParts(flight, got, governed));
}

/** The task that a call became: flat in the result since 2026-07-28, a member of it before. */
function taskOf(result: Json): Json | undefined {
  if (!isObject(result)) return undefined;
  return result["resultType"] === "task" ? result : result["task"];
}

function changedParts(
  flight: Flight,
  got: Forwarded | undefined,
  governed: { readonly body: "result" | "error"; readonly text: string },
): Buffer[] {
  // What we wrote ourselves, and what a legacy server wrote, lacks what the stateless era requires.
  const text =
    flight.stateless && governed.body === "result"
      ? toStatelessResult(
          governed.text,
          JSON.parse(governed.text) as Json,
          flight.method,
          got?.welcome.initialize["serverInfo"],
        )
      : governed.text;
  if (got === undefined || governed.body !== got.reply.body)
    return bodyReply(flight.idText, governed.body, text);
  return withBody(got.reply, flight.idText, text);
}

function callOf(desk: Desk, message: ClientMessage, link: Link, tool: string): Call {
  const { params, text } = message;
  const isCall = message.method === "tools/call";
  const node = params !== undefined && isCall ? member(params, "arguments") : undefined;
  const argsText =
    node === undefined ? (isCall ? "{}" : otherParams(message)) : text.slice(node.start, node.end);
  const args = JSON.parse(argsText) as Json;
  if (!isObject(args)) throw new SallyportError("message_invalid", '"arguments" must be an object');
  const responses = params === undefined ? undefined : member(params, "inputResponses");
  const connector = connectorOf(desk, link.server);
  const note = desk.notes.get(link.server.name)?.get(tool);
  return {
    id: newId("d"),
    principal: desk.parts.principal,
    session: desk.session,
    client: desk.client,
    server: link.server.name,
    connector: connector.connector,
    tool,
    ...shownAs(message, tool),
    operation: isCall ? operationOf(connector, tool) : "query",
    ...(!TOOL_RESULTS.has(message.method) && { method: message.method }),
    args,
    argsText,
    ...(link.server.environment !== undefined && { environment: link.server.environment }),
    ...(note?.inputSchema !== undefined && { inputSchema: note.inputSchema }),
    ...(note !== undefined && { hasOutputSchema: note.hasOutputSchema }),
    ...(responses !== undefined && {
      inputResponses: JSON.parse(text.slice(responses.start, responses.end)) as Json,
    }),
  };
}

/** The model knows a tool by the name it called: a refusal that names another sends it looking for one. */
function shownAs({ method, params, text }: ClientMessage, tool: string): { readonly shown?: string } {
  const name = method === "tools/call" && params !== undefined ? member(params, "name") : undefined;
  if (name === undefined) return {};
  const shown = JSON.parse(text.slice(name.start, name.end)) as Json;
  return typeof shown === "string" && shown !== tool ? { shown } : {};
}

/** Params without `_meta`, for methods that have no `arguments`. */
function otherParams(message: ClientMessage): string {
  if (message.params === undefined) return "{}";
  const params = JSON.parse(message.text.slice(message.params.start, message.params.end)) as Json;
  if (!isObject(params)) throw new SallyportError("message_invalid", '"params" must be an object');
  const { _meta: _, ...rest } = params;
  return JSON.stringify(rest);
}

/** Of params without `arguments`, what the input gate has masked. */
function maskedParams(text: string, params: JsonNode, masked: JsonObject): Edit[] {
  return params.keys.flatMap((key, i) => {
    if (key === "_meta") return [];
    const value = masked[key];
    // The name of a param was masked itself: there is no such request any more.
    if (value === undefined) throw new SallyportError("internal", "the params cannot be masked");
    const { start, end } = params.children[i]!;
    const now = JSON.stringify(value);
    return JSON.stringify(JSON.parse(text.slice(start, end))) === now ? [] : [{ start, end, text: now }];
  });
}

/** The tool's own name in place of ours, and arguments as the input gate left them. */
function changesFor(message: ClientMessage, tool: string, call: Call, subject: Call): Edit[] {
  if (message.params === undefined) return [];
  if (message.method !== "tools/call")
    return subject.argsText === call.argsText ? [] : maskedParams(message.text, message.params, subject.args);
  const name = member(message.params, "name")!;
  const nameText = JSON.stringify(tool);
  const edits: Edit[] = [];
  if (message.text.slice(name.start, name.end) !== nameText)
    edits.push({ start: name.start, end: name.end, text: nameText });
  const args = member(message.params, "arguments");
  if (subject.argsText !== call.argsText && args !== undefined)
    edits.push({ start: args.start, end: args.end, text: subject.argsText });
  const responses = member(message.params, "inputResponses");
  if (subject.inputResponses !== call.inputResponses && responses !== undefined)
    edits.push({ start: responses.start, end: responses.end, text: JSON.stringify(subject.inputResponses) });
  return edits;
}
