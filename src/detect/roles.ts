import type { Phase, Role } from "../model/nouns.js";
import { looksLikeSql } from "./sql/looks.js";
import { keyWords } from "./key.js";

/** Names that servers give their arguments, by what the value is for. Checked in this order. */
const BY_WORD: readonly (readonly [Role, ReadonlySet<string>])[] = [
  ["sql", new Set(["sql", "query", "statement", "stmt", "queries", "statements"])],
  ["shell", new Set(["command", "cmd", "script", "commands", "shell", "bash", "commandline"])],
  ["url", new Set(["url", "uri", "href", "link", "endpoint", "urls", "webhook"])],
  [
    "path",
    new Set(["path", "file", "dir", "directory", "filename", "filepath", "paths", "folder", "cwd", "files"]),
  ],
  ["code", new Set(["code", "source", "snippet", "python", "javascript", "expression"])],
  [
    "message",
    new Set(["message", "body", "text", "content", "comment", "subject", "description", "contents"]),
  ],
];
const roles = new Map<string, Role>();
const MAX_CACHED = 4096;

/**
 * The role of a leaf that no connector declared. Only arguments have one: a result is read as text. A key that may
 * hold a query (`query` is often a search phrase) counts as sql only when its value reads like SQL.
 */
export function inferRole(phase: Phase, key: string | undefined, value: string): Role {
  if (phase === "output" || key === undefined) return "text";
  let role = roles.get(key);
  if (role === undefined) {
    role = roleOfName(key);
    if (roles.size < MAX_CACHED) roles.set(key, role);
  }
  return role === "sql" && !looksLikeSql(value) ? "text" : role;
}

function roleOfName(key: string): Role {
  const words = keyWords(key).trim().split(" ");
  const last = words.at(-1) ?? "";
  if (last === "id" || last === "ids") return "id";
  for (const [role, names] of BY_WORD) if (names.has(last)) return role;
  for (const [role, names] of BY_WORD) if (words.length > 1 && names.has(words[0] ?? "")) return role;
  return "text";
}
