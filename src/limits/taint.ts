import type { Category, Severity } from "../model/nouns.js";
import type { SessionFacts } from "../model/session.js";
import type { StandingFinding } from "../policy/standing.js";

export const TAINT_DETECTOR = "session.taint";

/** What a session that has seen it should not send out: other people's data, secrets, and an injection's orders. */
const TAINTING: readonly Category[] = ["sensitive_data", "pii", "prompt_injection"];

/**
 * What stands against a tool that can send data out of the house, in a session that has seen sensitive data: the model
 * may carry it on in words that no detector knows again. `mediumCounts`: as for findings, where the posture says so.
 */
export function taintFinding(
  { seen }: Pick<SessionFacts, "seen">,
  mediumCounts: boolean,
): StandingFinding | undefined {
  const counts = (severity: Severity): boolean =>
    severity === "high" || severity === "critical" || (mediumCounts && severity === "medium");
  const found = TAINTING.flatMap((category) => {
    const what = seen.get(category);
    return what !== undefined && counts(what.severity) ? [{ category, ...what }] : [];
  });
  if (found.length === 0) return undefined;
  const what = found.map(
    ({ category, type, call, server, tool }) =>
      `${type} (${category}) in call ${call} to ${plain(`${server}/${tool}`)}`,
  );
  return {
    detector: TAINT_DETECTOR,
    category: "high_risk",
    type: "tainted_session",
    severity: "high",
    pointer: "",
    span: [0, 0],
    role: "text",
    says: `This session has seen ${what.join(", ")}; this tool can send data out`,
    change: "Go on without sending anything out, or ask the user to send it themselves.",
    retry: "never",
  };
}

/** Servers choose the names of their tools, and could write instructions in them. */
export function plain(name: string): string {
  return name.replace(/[^\w.:/-]/g, "?").slice(0, 96);
}
