import type { OutcomeInput, Writer } from "../audit/bodies.js";
import { forwards } from "../audit/record.js";
import type { ServerConfig } from "../config/load.js";
import type { Call, ToolResult, Verdict } from "../model/call.js";
import type { JsonObject } from "../model/json.js";
import { withDigests } from "./digests.js";
import { resultPreview } from "./preview.js";
import type { Measured } from "./result.js";

/** What a server answered, and as which member. */
export interface Told extends ToolResult {
  readonly body: "result" | "error";
}

/** What the record says became of a call. */
export function outcomeOf(
  parts: {
    readonly audit: Writer;
    readonly server: (name: string) => ServerConfig;
    readonly previews?: boolean;
  },
  call: Call,
  answer: Told,
  verdict: Verdict<ToolResult> & { readonly measured: Measured },
  durationMs: number,
): OutcomeInput {
  const { audit, server, previews } = parts;
  const { decision, measured, subject } = verdict;
  const preview = previews === true ? resultPreview(answer, decision, measured.notScanned.length) : undefined;
  const denied = !forwards(decision.decision);
  const cut = decision.constraints !== undefined;
  const released = denied ? 0 : subject.bytes;
  return {
    callId: call.id,
    outcome: denied
      ? "withheld"
      : cut
        ? "truncated"
        : decision.decision === "remediate"
          ? "redacted"
          : "released",
    decision: withDigests(decision, answer.value, audit),
    rows: { ...measured.rows, released: denied ? 0 : measured.rows.released },
    bytes: { received: answer.bytes, released },
    isError: isToolError(answer),
    durationMs,
    resultText: answer.text,
    ...(preview !== undefined && { preview }),
    limits: server(call.server).limits,
    ...(measured.notScanned.length > 0 && { notScanned: measured.notScanned }),
  };
}

/** The tool, or the server, says that it failed. */
export function isToolError({ body, value }: Told): boolean {
  return body === "error" || (value as JsonObject | null)?.["isError"] === true;
}
