import { SallyportError } from "../model/errors.js";
import { copyFinding } from "../model/finding.js";
import type { Json } from "../model/json.js";
import { isObject } from "../model/json.js";
import type { JsonNode } from "../model/json-text.js";
import { decodeString, MAX_JSON_DEPTH, parseJsonText } from "../model/json-text.js";
import { argvOf, splitCommand } from "./argv.js";
import type { Engine } from "./engine.js";
import { movedMatch, type LeafPlace, type Match } from "./finding.js";
import { looksLikeJson, plainNumber, repeatsKeys } from "./json-hints.js";
import { inferRole } from "./roles.js";
import { frameOf, rowNames } from "./walk-frame.js";
import { commandInPieces, secretInPieces } from "./walk-pieces.js";
import { emit, enter, newWalk, placeOf, pointerOf, type Walk, type WalkTools } from "./walk-state.js";

/** How many layers of JSON inside a string inside JSON are walked; deeper ones are scanned as plain text. */
const MAX_INNER = 3;
/** Keys that were scanned and clean. Rows repeat them by the thousand. */
const MAX_CLEAN_KEYS = 4096;

/** The two ways to walk a document, value or tree, over one way to scan a leaf. */
export function documentScanner(tools: WalkTools): Pick<Engine, "scanJson" | "scanTree"> {
  const cleanKeys = new Set<string>();

  function string(
    walk: Walk,
    text: string,
    key: string | undefined,
    scan: (text: string, at: LeafPlace) => readonly Match[],
  ): void {
    if (text.length < 2 && text.charCodeAt(0) < 0x80) return;
    if (walk.layer < MAX_INNER && looksLikeJson(text) && innerJson(walk, text)) return;
    const declared = walk.at.roleOf?.(walk.base + pointerOf(walk), key);
    const role = declared ?? inferRole(walk.at.phase, key, text);
    const matches = scan(text, placeOf(walk, role, key));
    for (const m of matches) emit(walk, tools.report(m, pointerOf(walk), role));
  }

  /** `token` is the number as it is written, when known. A match spans the whole token: half a number is none. */
  function number(walk: Walk, value: number, token: string | undefined, key: string | undefined): void {
    const exact = !Number.isInteger(value) || Number.isSafeInteger(value);
    if (!exact && token === undefined) walk.inexact = true;
    if (!tools.numberMatters(value, key, walk.frame)) return;
    const text = exact || token === undefined ? plainNumber(value) : token;
    for (const m of tools.scanLeaf(text, placeOf(walk, "text", key))) {
      const whole = movedMatch(m, 0, (token ?? String(value)).length);
      emit(walk, tools.report(whole, pointerOf(walk), "text"));
    }
  }

  /** Says whether there is nothing in it. */
  function memberKey(walk: Walk, key: string): boolean {
    if (cleanKeys.has(key)) return true;
    const matches = tools.scanLeaf(key, { role: "text", phase: walk.at.phase });
    for (const m of matches) emit(walk, { ...tools.report(m, pointerOf(walk), "text"), onKey: true });
    if (matches.length === 0 && key.length < 64 && cleanKeys.size < MAX_CLEAN_KEYS) cleanKeys.add(key);
    return matches.length === 0;
  }

  function value(walk: Walk, json: Json, key: string | undefined): void {
    if (typeof json === "string") string(walk, json, key, tools.scanValue);
    else if (typeof json === "number") number(walk, json, undefined, key);
    else if (Array.isArray(json)) {
      const depth = enter(walk, 0);
      if (depth >= MAX_JSON_DEPTH) tooDeep();
      const before = walk.frame;
      const names = Array.isArray(json[0]) ? rowNames(walk.frame, json) : undefined;
      if (names !== undefined) walk.frame = { parent: key, keys: names };
      for (let i = 0; i < json.length; i++) {
        walk.path[depth] = i;
        const item = json[i] as Json;
        if (names !== undefined && Array.isArray(item)) row(walk, item as readonly Json[], names, key);
        else value(walk, item, key);
      }
      walk.frame = before;
      walk.path.pop();
      secretInPieces(tools, walk, json as readonly Json[], (i) => i, key);
      if (walk.at.phase === "input") commandInPieces(tools, walk, argvOf(json as readonly Json[], key));
    } else if (isObject(json)) {
      const depth = enter(walk, "");
      if (depth >= MAX_JSON_DEPTH) tooDeep();
      const keys = Object.keys(json);
      walk.members += keys.length;
      const before = walk.frame;
      const frame = frameOf(walk.frames[depth], key, keys, (name) => json[name]);
      walk.frame = walk.frames[depth] = frame;
      let clean = true;
      for (let i = 0; i < keys.length; i++) {
        const name = keys[i] as string;
        walk.path[depth] = name;
        if (frame.cleanKeys !== true && !memberKey(walk, name)) clean = false;
        value(walk, json[name] as Json, name);
      }
      frame.cleanKeys = clean;
      walk.frame = before;
      walk.path.pop();
      secretInPieces(tools, walk, Object.values(json), (i) => keys[i] ?? "", key);
      if (walk.at.phase === "input")
        commandInPieces(
          tools,
          walk,
          splitCommand(keys, (name) => json[name]),
        );
    }
  }

  /** One row whose columns are named elsewhere. */
  function row(walk: Walk, cells: readonly Json[], names: readonly string[], key: string | undefined): void {
    const depth = enter(walk, 0);
    if (depth >= MAX_JSON_DEPTH) tooDeep();
    cells.forEach((cell, i) => {
      walk.path[depth] = i;
      value(walk, cell, names[i] ?? key);
    });
    walk.path.pop();
  }

  function tree(walk: Walk, text: string, node: JsonNode, key: string | undefined): void {
    walk.token = [node.start, node.end];
    if (node.kind === "string") string(walk, decodeString(text, node.start, node.end), key, tools.scanLeaf);
    else if (node.kind === "number") {
      const token = text.slice(node.start, node.end);
      number(walk, Number(token), token, key);
    } else {
      const read = (of: JsonNode): Json => JSON.parse(text.slice(of.start, of.end)) as Json;
      const before = walk.frame;
      let names: readonly string[] | undefined;
      if (node.kind === "object")
        walk.frame = {
          parent: key,
          keys: node.keys,
          member: (name) => {
            const at = node.keys.indexOf(name);
            return at === -1 ? undefined : read(node.children[at] as JsonNode);
          },
        };
      else if (node.children[0]?.kind === "array") {
        names = rowNames(walk.frame, node.children.slice(0, 2).map(read));
        if (names !== undefined) walk.frame = { parent: key, keys: names };
      }
      node.children.forEach((child, i) => {
        const name = node.kind === "object" ? (node.keys[i] as string) : undefined;
        enter(walk, name ?? i);
        if (name !== undefined) {
          const from = node.keyStarts[i] as number;
          walk.token = [from, endOfString(text, from)];
          memberKey(walk, name);
        }
        if (names !== undefined && child.kind === "array")
          child.children.forEach((cell, j) => {
            enter(walk, j);
            tree(walk, text, cell, names?.[j] ?? key);
            walk.path.pop();
          });
        else tree(walk, text, child, name ?? key);
        walk.path.pop();
      });
      walk.frame = before;
      const texts = node.children.map((child) =>
        child.kind === "string" ? decodeString(text, child.start, child.end) : null,
      );
      secretInPieces(tools, walk, texts, (i) => node.keys[i] ?? i, key, node.children);
      if (walk.at.phase !== "input") return;
      const values = (): Json[] =>
        node.children.map((child) => (child.kind === "object" ? null : read(child)));
      if (node.kind === "array")
        commandInPieces(tools, walk, argvOf(key === undefined ? [] : values(), key), node.children);
      else
        commandInPieces(
          tools,
          walk,
          splitCommand(node.keys, (name) => values()[node.keys.indexOf(name)]),
          node.children,
        );
    }
  }

  /**
   * Walks the JSON a string leaf holds. First a quick look on JSON.parse's values; only a finding pays for
   * positions. Returns false when the text is no JSON after all, or nested too deep: it is then scanned as text.
   */
  function innerJson(walk: Walk, text: string): boolean {
    const base = walk.base + pointerOf(walk);
    const look = newWalk(walk.at, base, walk.layer + 1);
    let parsed: Json;
    try {
      parsed = JSON.parse(text) as Json;
      value(look, parsed, undefined);
    } catch (error) {
      if (error instanceof SyntaxError || (error instanceof SallyportError && error.code === "json_invalid"))
        return false;
      throw error;
    }
    if (look.found.length === 0 && !look.inexact && !repeatsKeys(look.members, text)) return true;
    const exact = newWalk(walk.at, base, walk.layer + 1, text);
    tree(exact, text, parseJsonText(text), undefined);
    const pointer = pointerOf(walk);
    for (const f of exact.found) {
      const outer = copyFinding(f);
      outer.pointer = pointer;
      outer.inner = f.pointer + (f.inner ?? "");
      emit(walk, outer);
    }
    return true;
  }

  return {
    scanJson(json, at) {
      const walk = newWalk(at, "", 0);
      value(walk, json, undefined);
      const { text } = at;
      if (text === undefined || !(walk.inexact || repeatsKeys(walk.members, text))) return walk.found;
      return this.scanTree(text, parseJsonText(text), at);
    },
    scanTree(text, node, at) {
      const walk = newWalk(at, "", 0);
      tree(walk, text, node, undefined);
      return walk.found;
    },
  };
}

/** Deeper nesting would exhaust the stack of whoever parses the document next. */
function tooDeep(): never {
  throw new SallyportError("json_invalid", `nested deeper than ${MAX_JSON_DEPTH}`);
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
