import type { Finding } from "../../src/model/call.js";
import type { Posture } from "../../src/model/posture.js";
import { loadBuiltin } from "../../src/config/builtin.js";
import { resolvePosture } from "../../src/policy/posture.js";

/** The posture that an environment gives, or a failed test. */
export function postureOf(env: Record<string, string> = {}): Posture {
  const { posture, problems } = resolvePosture({ profiles: loadBuiltin().profiles, env });
  if (posture === undefined) throw new Error(JSON.stringify(problems));
  return posture;
}

export function finding(part: Partial<Finding> = {}): Finding {
  return {
    detector: "pii.us_ssn",
    category: "pii",
    type: "us_ssn",
    severity: "high",
    pointer: "/content/0/text",
    span: [0, 11],
    role: "text",
    ...part,
  };
}
