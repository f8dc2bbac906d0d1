/**
 * What a server writes beside `result`, `error` or `params`: unknown members pass, as all unknown things do, but they reach
 * the client like any text and must not be a way around the judge.
 */
import { SallyportError } from "../model/errors.js";
import { applyEdits, parseJsonText, type Edit, type JsonNode } from "../model/json-text.js";
import type { Desk } from "./desk.js";
import { ENVELOPE } from "./message.js";
import { readDownstream, type Incoming, type Reply } from "./reply.js";

/** The same message where nothing stands there, or nothing that must be masked. Throws when it cannot be judged. */
export function screenBeside<M extends Reply | Incoming>(desk: Desk, message: M): M {
  if (message.kind === "response" && !message.beside) return message;
  const text = message.kind === "response" ? message.bytes.toString("utf8") : message.text;
  const edits = editsBeside(desk, text, message.kind === "response" ? parseJsonText(text) : message.root);
  return edits.length === 0 ? message : (readDownstream(Buffer.from(applyEdits(text, edits))) as M);
}

/** Names are judged with their values: each becomes an object of one member. */
function editsBeside(desk: Desk, text: string, root: JsonNode): Edit[] {
  return root.keys.flatMap((key, i): Edit[] => {
    if (ENVELOPE.includes(key)) return [];
    const { end } = root.children[i]!;
    const start = root.keyStarts[i]!;
    const { masked, text: clean } = desk.parts.gate.screen(`{${text.slice(start, end)}}`);
    if (masked.length === 0) return [];
    const after = parseJsonText(clean);
    if (after.kind !== "object") throw new SallyportError("downstream_protocol", "a member cannot be masked");
    return [{ start, end, text: clean.slice(after.start + 1, after.end - 1) }];
  });
}
