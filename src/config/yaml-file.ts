/** A YAML file of a person's, as JSON. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Json } from "../model/json.js";
import type { Reader } from "./reader.js";

/** YAML, and so JSON. A policy of a megabyte was not written by anybody. */
const MAX_TEXT = 1 << 20;

/** Undefined when there is a problem, which goes to the reader. `path` is absolute. */
export function readYaml(reader: Reader, path: string): Json | undefined {
  const text = readText(reader, path);
  return text === undefined ? undefined : parseYaml(reader, text);
}

/** The same of the text alone. */
export function readText(reader: Reader, path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const gone = error instanceof Error && "code" in error && error.code === "ENOENT";
    return reader.problem("", gone ? "no such file" : "the file cannot be read", `expected at ${path}`);
  }
}

export function parseYaml(reader: Reader, text: string): Json | undefined {
  if (text.length > MAX_TEXT) return reader.problem("", "more than a policy can be", "split the file");
  const yaml = createRequire(import.meta.url)("yaml") as typeof import("yaml");
  try {
    // Aliases can make a small file a huge value; a policy needs none.
    return yaml.parse(text, { uniqueKeys: true, maxAliasCount: 0 }) as Json;
  } catch (cause) {
    return reader.problem(
      "",
      `not YAML: ${cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause)}`,
    );
  }
}
