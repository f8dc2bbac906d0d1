import type { Json, JsonObject } from "../model/json.js";
import { isObject } from "../model/json.js";
import type { Problem } from "../policy/problem.js";
import { listNames, nearest } from "../policy/problem.js";

/** Collects every problem of one file, so that a person fixes them in one go. */
export class Reader {
  readonly problems: Problem[] = [];
  constructor(readonly file: string) {}

  problem(path: string, message: string, fix?: string): undefined {
    this.problems.push({ message, file: this.file, path, ...(fix !== undefined && { fix }) });
  }

  /** Refuses keys nobody reads: a key that is parsed and never wired looks like protection and is none. */
  keys(value: JsonObject, path: string, known: readonly string[]): void {
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue;
      const close = nearest(key, known);
      this.problem(
        join(path, key),
        `unknown key "${key}"`,
        `${close === undefined ? "" : `did you mean ${close}? `}valid keys: ${listNames(known)}`,
      );
    }
  }

  object(value: Json | undefined, path: string): JsonObject | undefined {
    if (value === undefined || isObject(value)) return value;
    return this.problem(path, `expected an object, found ${kind(value)}`);
  }

  string(value: Json | undefined, path: string): string | undefined {
    if (value === undefined || (typeof value === "string" && value !== "")) return value;
    return this.problem(path, value === "" ? "an empty text" : `expected a text, found ${kind(value)}`);
  }

  strings(value: Json | undefined, path: string): readonly string[] | undefined {
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) return this.problem(path, `expected a list of texts, found ${kind(value)}`);
    const items = value as readonly Json[];
    const bad = items.findIndex((item) => typeof item !== "string");
    if (bad === -1) return items as readonly string[];
    return this.problem(`${path}[${bad}]`, `expected a text, found ${kind(items[bad] ?? null)}`);
  }

  stringMap(value: Json | undefined, path: string): Readonly<Record<string, string>> | undefined {
    const map = this.object(value, path);
    if (map === undefined) return undefined;
    const bad = Object.entries(map).filter(([, item]) => typeof item !== "string");
    for (const [key, item] of bad)
      this.problem(join(path, key), `expected a text, found ${kind(item)}`, `write it in quotes`);
    return bad.length === 0 ? (map as Readonly<Record<string, string>>) : undefined;
  }

  boolean(value: Json | undefined, path: string): boolean | undefined {
    if (value === undefined || typeof value === "boolean") return value;
    return this.problem(path, `expected true or false, found ${kind(value)}`);
  }

  oneOf<T extends string>(value: Json | undefined, path: string, names: readonly T[]): T | undefined {
    if (value === undefined) return undefined;
    const found = names.find((name) => name === value);
    if (found !== undefined) return found;
    const close = typeof value === "string" ? nearest(value, names) : undefined;
    const token = typeof value === "string" ? `"${value}"` : kind(value);
    return this.problem(
      path,
      `unknown value ${token}`,
      `${close === undefined ? "" : `did you mean ${close}? `}valid: ${listNames(names)}`,
    );
  }

  /** A value with a form of its own (a size, a duration, a count). */
  formed<T>(
    value: Json | undefined,
    path: string,
    parse: (v: Json) => T | undefined,
    form: string,
  ): T | undefined {
    if (value === undefined) return undefined;
    const parsed = parse(value);
    return parsed === undefined
      ? this.problem(path, `${JSON.stringify(value)} is not valid here`, `use ${form}`)
      : parsed;
  }
}

/** A dotted path; keys that a dot would blur stand in brackets. */
export function join(path: string, key: string): string {
  if (!/^[\w$-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

function kind(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : isObject(value) ? "an object" : `a ${typeof value}`;
}
