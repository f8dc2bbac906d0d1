/** Tools lists on their way to the client: what is new is pinned, and what a person must see first is not offered. */
import { LRUCache } from "lru-cache";
import { META_KEY } from "../gate/reply.js";
import type { JudgedFinding } from "../model/call.js";
import { isObject } from "../model/json.js";
import { applyEdits, member, parseJsonText, type Edit } from "../model/json-text.js";
import type { SeenTool } from "../pins/pins.js";
import { reviewSentence, unavailableText } from "../pins/words.js";
import { judgeDefinition } from "../policy/judge.js";
import type { Desk } from "./desk.js";
import type { Reply } from "./reply.js";

/** The arrays of tools in a list result, and the items of each, as text. */
type Arrays = readonly { readonly start: number; readonly end: number; readonly items: readonly string[] }[];

/** Lists repeat word for word; finding the items again costs more than all else. UTF-16 code units, all in all. */
const split = new LRUCache<string, Arrays>({
  maxSize: 4 * 1024 * 1024,
  sizeCalculation: (_arrays, text) => text.length + 1,
});

/** The body of a tools/list with tools marked that are unavailable; undefined when it can go out as it came. */
export async function markedList(desk: Desk, server: string, reply: Reply): Promise<string | undefined> {
  if (!isObject(reply.value) || reply.value["tools"] === undefined) return undefined;
  const text = reply.bodyText;
  const edits: Edit[] = [];
  for (const { start, end, items } of arraysOf(text)) {
    const shown = await shownTools(desk, server, items);
    if (shown !== items) edits.push({ start, end, text: `[${shown.join(",")}]` });
  }
  if (edits.length === 0) return undefined;
  // A client that keeps the list would not learn of the approval.
  const ttl = member(parseJsonText(text), "ttlMs");
  return applyEdits(
    text,
    ttl === undefined ? edits : [...edits, { start: ttl.start, end: ttl.end, text: "0" }],
  );
}

/** Another parser may take the first of two members called "tools", so all are read. */
function arraysOf(text: string): Arrays {
  const known = split.get(text);
  if (known !== undefined) return known;
  const root = parseJsonText(text);
  const made = root.keys.flatMap((key, i) => {
    const node = root.children[i]!;
    if (key !== "tools" || node.kind !== "array") return [];
    const items = node.children.map((item) => text.slice(item.start, item.end));
    return [{ start: node.start, end: node.end, items }];
  });
  split.set(text, made);
  return made;
}

/**
 * The items (JSON text of tools, as the server wrote them) as the client may see them; the very same list when nothing
 * acts. Rejects when what was learned cannot be recorded: then the list must not pass.
 */
export async function shownTools(
  desk: Desk,
  server: string,
  items: readonly string[],
): Promise<readonly string[]> {
  const { pins, posture } = desk.parts;
  let marked = false;
  const shown = (await pins.see(server, items)).map((seen, i) => {
    if (seen.findings.length === 0) return items[i]!;
    const judged = seen.findings.map((finding) => judgeDefinition(finding, posture));
    tell(desk, server, seen, judged);
    const blocking = judged.filter(({ action }) => action === "block");
    if (blocking.length === 0) return items[i]!;
    marked = true;
    return unavailable(server, seen, blocking);
  });
  return marked ? shown : items;
}

/** Nothing that the server wrote is kept but the name: schemas and titles carry instructions as well as descriptions do. */
function unavailable(server: string, { tool }: SeenTool, blocking: readonly JudgedFinding[]): string {
  const types = [...new Set(blocking.map(({ type }) => type))];
  const { category, type, detector } = blocking[0]!;
  const fields = { decision: "deny", category, type, rule: detector, retry: "after_approval" };
  return JSON.stringify({
    name: tool,
    description: unavailableText(server, tool, types),
    inputSchema: { type: "object" },
    _meta: { [META_KEY]: { ...fields, change: reviewSentence(server, tool) } },
  });
}

/** What this process has said of which definition. Once is loud enough; a server can change as often as it likes. */
const told = new LRUCache<string, true>({ max: 4096 });

/** Loud where the posture says more than `log`. */
function tell(desk: Desk, server: string, { tool, hash }: SeenTool, judged: readonly JudgedFinding[]): void {
  const types = [...new Set(judged.map(({ type }) => type))];
  const key = [server, hash, ...types].join(" ");
  if (told.has(key)) return;
  told.set(key, true);
  const fields = { server, tool: tool.slice(0, 128), hash: hash.slice(0, 12), types };
  const what = types.includes("tool_changed")
    ? "a tool is not defined as it was approved"
    : "something was found in a tool's definition";
  if (judged.every(({ action }) => action === "log")) desk.parts.log.info(fields, what);
  else desk.parts.log.warn({ ...fields, review: reviewSentence(server, tool) }, what);
}
