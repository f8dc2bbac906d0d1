/**
 * The one error class. A refusal of a call is a value (see Decision), never one of these: an error means that
 * Sallyport, its configuration or its peers did not work.
 */
const ERROR_CODES = [
  "config_invalid", // a file or variable that a start refuses: exit code 2
  "data_invalid", // a built-in or user data file (detector, connector, profile) that fails its schema
  "json_invalid", // text that is not strict JSON: syntax, duplicate key, too deep
  "message_invalid", // JSON, but not a JSON-RPC message we accept
  "too_large", // over a hard cap
  "downstream_unavailable", // cannot start, connect or reach
  "downstream_timeout",
  "downstream_protocol", // it answered with something that is not MCP
  "store_unavailable", // the audit store cannot be opened, written or trusted
  "cancelled",
  "internal",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorPlace {
  /** File, environment variable or other source. */
  readonly file?: string;
  /** JSON Pointer or dotted path inside it. */
  readonly path?: string;
  /** What to do about it, as a sentence. */
  readonly fix?: string;
}

export class SallyportError extends Error {
  override readonly name = "SallyportError";
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly place: ErrorPlace = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** A configuration problem as people read it: message, then where, then the fix. */
export function describeError(error: unknown): string {
  if (!(error instanceof SallyportError)) return error instanceof Error ? error.message : String(error);
  const { file, path, fix } = error.place;
  const where = [file, path].filter((part) => part !== undefined && part !== "").join(" ");
  return [error.message, where && `at ${where}`, fix && `fix: ${fix}`].filter(Boolean).join("; ");
}
