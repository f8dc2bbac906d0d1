/** The closed vocabularies. Every other list of categories, actions, decisions… is derived from these. */

export const CATEGORIES = [
  "pii",
  "sqli",
  "sensitive_data",
  "high_risk",
  "dangerous_queries",
  "dangerous_commands",
  "prompt_injection",
  "unsafe_code",
  "tool_integrity",
  "exfiltration",
] as const;
export type Category = (typeof CATEGORIES)[number];

/** Weakest first: an index comparison is a strictness comparison. */
export const ACTIONS = ["log", "warn", "redact", "block"] as const;
export type Action = (typeof ACTIONS)[number];

export const SEVERITIES = ["low", "medium", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Weakest first; nothing but `deny` means "no". */
export const DECISIONS = [
  "allow",
  "allow_with_constraints",
  "remediate",
  "require_approval",
  "deny",
] as const;
export type DecisionWord = (typeof DECISIONS)[number];

export const PHASES = ["input", "output"] as const;
export type Phase = (typeof PHASES)[number];

/** What a text is for. It decides which detectors speak: prose that mentions DROP TABLE is not a query. */
export const ROLES = ["sql", "shell", "path", "url", "code", "message", "text", "id"] as const;
export type Role = (typeof ROLES)[number];

export const OPERATIONS = ["query", "execute"] as const;
/** `execute` changes something; what is not known to read counts as `execute`. */
export type Operation = (typeof OPERATIONS)[number];

const RETRIES = ["never", "changed", "after_approval", "later"] as const;
export type Retry = (typeof RETRIES)[number];
