/** JSON as values. Numbers are JavaScript's, so never re-serialise a value that must keep its bytes: see json-text.ts. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One step of an RFC 6901 JSON Pointer. */
export function pointerStep(key: string | number): string {
  return typeof key === "number" || !/[~/]/.test(key)
    ? `/${key}`
    : `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** The last step of a pointer, unescaped; undefined for the root. */
export function lastStep(pointer: string): string | undefined {
  const at = pointer.lastIndexOf("/");
  return at === -1
    ? undefined
    : pointer
        .slice(at + 1)
        .replaceAll("~1", "/")
        .replaceAll("~0", "~");
}
