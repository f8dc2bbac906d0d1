/** What the client reads when a decision changed something: results a model can use, and data for programs. */
import type { Call, Decision } from "../model/call.js";
import { describeError, type ErrorCode } from "../model/errors.js";
import type { LeftField } from "./budgets.js";
import type { JsonObject } from "../model/json.js";
import { member, parseJsonText } from "../model/json-text.js";
import { calledName, noticeFields, refusalFields, refusalText } from "../policy/refusal.js";

/** Our key in `_meta`. */
export const META_KEY = "sallyport/decision";

/** Our other key in `_meta`: what is left of the budgets that the call was counted in. */
const LIMITS_KEY = "sallyport/limits";

/** The member of the answer and its text. */
export interface Body {
  readonly body: "result" | "error";
  readonly text: string;
}

/** What is not a tool result cannot say `isError`. */
const REFUSED_CODE = -32_003;

function told(text: string, fields: JsonObject, call: Call): Body {
  if (call.method !== undefined) {
    return {
      body: "error",
      text: JSON.stringify({ code: REFUSED_CODE, message: text, data: { [META_KEY]: fields } }),
    };
  }
  const result = {
    content: [{ type: "text", text }],
    isError: true,
    // Some clients drop `_meta`; a tool that declares its output must not be given another shape.
    ...(call.hasOutputSchema !== true && { structuredContent: fields }),
    _meta: { [META_KEY]: fields },
  };
  return { body: "result", text: JSON.stringify(result) };
}

/** A refusal: for tools an ordinary result, so that the model reads why and what to do, never a protocol error. */
export function refusalBody(decision: Decision, call: Call): Body {
  return told(refusalText(decision, call), { ...refusalFields(decision, call) }, call);
}

const FAILURES: Partial<Record<ErrorCode, string>> = {
  downstream_timeout: "did not answer in time; the call may still have run",
  downstream_unavailable: "is not available",
  downstream_protocol: "answered with something that is not MCP",
  too_large: "answered with more than Sallyport will read",
};

/** The server could not answer: not a refusal, but the caller deserves the same care. */
export function failureBody(call: Call, code: ErrorCode, error: unknown): Body {
  const what = FAILURES[code] ?? "could not be asked";
  const retry = code === "downstream_protocol" || code === "too_large" ? "changed" : "later";
  const reason = `The server "${call.server}" ${what}: ${describeError(error)}.`;
  const change =
    retry === "later"
      ? "Try again later; if it may have changed something, look before you repeat it."
      : "Ask for less, or in another way.";
  const fields = { decision_id: call.id, outcome: code, reason, change, retry };
  return told(
    `[Sallyport] The call to ${calledName(call)} failed. ${reason} ${change} Decision ${call.id}.`,
    fields,
    call,
  );
}

/** The result with what the caller must see in `_meta`: warnings, redactions, cuts, budgets. Unchanged when there is nothing to tell. */
export function withNotices(
  text: string,
  body: "result" | "error",
  call: Call,
  decisions: readonly Decision[],
  budgets: readonly LeftField[] = [],
): string {
  if (body === "error" || call.upward === true) return text;
  const notices = decisions.flatMap((decision) => noticeFields(decision, call) ?? []);
  const notice = notices.length < 2 ? notices[0] : { ...notices[1], input: notices[0] };
  const entry = [
    ...(notice === undefined ? [] : [`${JSON.stringify(META_KEY)}:${JSON.stringify(notice)}`]),
    ...(budgets.length === 0 ? [] : [`${JSON.stringify(LIMITS_KEY)}:${JSON.stringify(budgets)}`]),
  ].join();
  if (entry === "") return text;
  const root = parseJsonText(text);
  if (root.kind !== "object") return text;
  const meta = member(root, "_meta");
  const holder = meta?.kind === "object" ? meta : root;
  const added = holder === meta ? entry : `"_meta":{${entry}}`;
  if (meta !== undefined && meta.kind !== "object") return text;
  const comma = holder.children.length > 0 ? "," : "";
  return text.slice(0, holder.start + 1) + added + comma + text.slice(holder.start + 1);
}
