import { redactDocument } from "../detect/apply-redactions.js";
import type { Json } from "../model/json.js";
import { judge } from "../policy/judge.js";
import type { GateParts, Screened } from "./parts.js";

/** What passes outside of any call, such as a log line of a server. Throws when it cannot be judged. */
export function screen({ engine, posture }: GateParts, text: string): Screened {
  const found = engine.scanJson(JSON.parse(text) as Json, { phase: "output", text });
  if (found.length === 0) return { text, masked: [] };
  const masked = found
    .map((f) => judge(f, posture))
    .filter((f) => f.action === "redact" || f.action === "block");
  return { text: masked.length === 0 ? text : redactDocument(text, masked).text, masked };
}
