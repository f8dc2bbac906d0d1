import type { ServerConfig } from "../config/load.js";
import type { Engine } from "../detect/engine.js";
import type { RawFinding } from "../detect/finding.js";
import { countRows } from "../limits/rows.js";
import { truncateResult } from "../limits/truncate.js";
import type { Call, Constraints, ToolResult } from "../model/call.js";
import type { LimitOverrun } from "../policy/judge.js";
import type { Json } from "../model/json.js";
import { withoutMirrors } from "./mirror.js";
import { inputRequestFindings } from "./asks.js";
import { openBlobs, type NotScanned } from "./blobs.js";

/** What came and what goes on, counted by us. `bytes` are as received. */
export interface Measured {
  readonly rows: { readonly rule: string; readonly received: number; readonly released: number };
  readonly bytes: number;
  /** Leaves that nobody looked into: "clean" and "not scanned" must never be confused. */
  readonly notScanned: readonly NotScanned[];
}

const ROWS_UNKNOWN_CONNECTOR = ["any-array"];

export function measure(server: ServerConfig, result: ToolResult): Measured {
  const from = server.connector?.rows.from ?? ROWS_UNKNOWN_CONNECTOR;
  const { rule, rows } = countRows(withoutMirrors(result.value, result.text) ?? result.value, from);
  return { rows: { rule, received: rows, released: rows }, bytes: result.bytes, notScanned: [] };
}

/** Findings in every leaf of a result, base64 included where it is small and textual. */
export function scanResult(
  engine: Engine,
  call: Pick<Call, "upward">,
  result: ToolResult,
): { findings: readonly RawFinding[]; notScanned: readonly NotScanned[] } {
  // A user's answer to a server leaves the house as arguments do.
  if (call.upward === true)
    return { findings: engine.scanJson(result.value, { phase: "input", text: result.text }), notScanned: [] };
  const { value, opened, notScanned } = openBlobs(result.value);
  const findings = scanOnce(engine, value, result.text);
  findings.push(...inputRequestFindings(value));
  for (const blob of opened) {
    const inside = engine.scanText(blob.text, { phase: "output", role: "text" });
    // A blob cannot be masked in part without decoding it for good: the whole of it stands for what was found.
    for (const f of inside) findings.push({ ...f, pointer: blob.pointer, span: [0, blob.length] });
  }
  return { findings, notScanned };
}

/** The text that mirrors the structured content is clean if that is; only a finding pays for reading both. */
function scanOnce(engine: Engine, value: Json, text: string): RawFinding[] {
  const less = withoutMirrors(value, text);
  if (less !== undefined && engine.scanJson(less, { phase: "output", text }).length === 0) return [];
  return engine.scanJson(value, { phase: "output", text });
}

/** Cuts whole rows, then text, to what the limits allow. */
export function trim(
  server: ServerConfig,
  text: string,
  limits: Constraints,
  over: readonly LimitOverrun[],
): { text: string; withheld?: "rows" | "bytes"; released: Pick<Measured, "rows"> } {
  const cut = truncateResult(text, {
    from: server.connector?.rows.from ?? ROWS_UNKNOWN_CONNECTOR,
    source: over[0]?.source ?? "",
    ...(limits.max_rows !== undefined && { maxRows: limits.max_rows }),
    ...(limits.max_bytes !== undefined && { maxBytes: limits.max_bytes }),
  });
  return {
    text: cut.text,
    released: { rows: cut.rows },
    ...(cut.withheld !== undefined && { withheld: cut.withheld }),
  };
}
