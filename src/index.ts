/** The public names. Only re-exports. */
export { CATEGORIES, ACTIONS, DECISIONS } from "./model/nouns.js";
export type {
  Action,
  Category,
  DecisionWord,
  Operation,
  Phase,
  Retry,
  Role,
  Severity,
} from "./model/nouns.js";
export type { Call, Decision, Finding, Principal, ToolResult, Verdict } from "./model/call.js";
export { SallyportError, type ErrorCode } from "./model/errors.js";
export { createGate } from "./gate.js";
export { checkInput } from "./gate/check-input.js";
export { checkOutput } from "./gate/check-output.js";
export type { Answer, Gate, GateParts, Governed } from "./gate.js";
