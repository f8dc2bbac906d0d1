import { applyEdits } from "../model/json-text.js";
import type { Desk } from "./desk.js";
import type { Link } from "./link.js";
import type { Incoming } from "./reply.js";
import { SESSION_WIDE } from "./whose.js";

/** Log lines and progress can carry data as well as any result. Undefined: it could not be judged, so nothing passes. */
export function screened(desk: Desk, link: Link, message: Incoming): string | undefined {
  const { params, text } = message;
  if (params === undefined || SESSION_WIDE.test(message.method)) return text;
  try {
    const said = desk.parts.gate.screen(text.slice(params.start, params.end));
    if (said.masked.length === 0) return text;
    const types = [...new Set(said.masked.map((f) => f.type))];
    desk.parts.log.warn(
      { server: link.server.name, method: message.method, types },
      "masked what a server said",
    );
    return applyEdits(text, [{ start: params.start, end: params.end, text: said.text }]);
  } catch (error) {
    desk.parts.log.error(
      { server: link.server.name, err: error },
      "dropped a message that could not be judged",
    );
    return undefined;
  }
}
