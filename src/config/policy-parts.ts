/** What the rules of a policy file carry: bounds, remedies, approvals. Problems go to the reader. */
import type { ArgumentRule, Constraints } from "../model/call.js";
import type { Json } from "../model/json.js";
import type { Remedy, RuleSpec } from "../policy/rules/spec.js";
import { readRate } from "./limits.js";
import { join, type Reader } from "./reader.js";
import {
  AGE_FORM,
  COUNT_FORM,
  DURATION_FORM,
  parseAge,
  parseCount,
  parseDuration,
  parseSize,
  SIZE_FORM,
} from "./units.js";

export const CONSTRAINT_KEYS = [
  "max_rows",
  "max_bytes",
  "timeout",
  "read_only",
  "arguments",
  "rate",
] as const;
export const ARGUMENT_KEYS = ["one_of", "min", "max", "matches"] as const;
export const REMEDY_KEYS = ["set", "cap", "sql_limit", "redact"] as const;
export const APPROVAL_KEYS = ["approvers", "not_requester", "quorum", "expires"] as const;

/** How long a question waits where a rule does not say. Milliseconds. */
export const DEFAULT_EXPIRY_MS = 15 * 60_000;

export function readConstraints(
  reader: Reader,
  value: Json | undefined,
  path: string,
): Constraints | undefined {
  const map = reader.object(value, path);
  if (map === undefined) return undefined;
  reader.keys(map, path, CONSTRAINT_KEYS);
  const maxRows = reader.formed(map["max_rows"], `${path}.max_rows`, parseCount, COUNT_FORM);
  const maxBytes = reader.formed(map["max_bytes"], `${path}.max_bytes`, parseSize, SIZE_FORM);
  const timeout = reader.formed(map["timeout"], `${path}.timeout`, parseDuration, DURATION_FORM);
  const readOnly = reader.boolean(map["read_only"], `${path}.read_only`);
  const rules = readArguments(reader, map["arguments"], `${path}.arguments`);
  const rate = readRate(reader, map["rate"], `${path}.rate`);
  return {
    ...(maxRows !== undefined && { max_rows: maxRows }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    ...(timeout !== undefined && { timeout }),
    ...(readOnly === true && { read_only: true }),
    ...(rules !== undefined && { arguments: rules }),
    ...(rate !== undefined && { rate }),
  };
}

function readArguments(reader: Reader, value: Json | undefined, path: string): Constraints["arguments"] {
  const map = reader.object(value, path);
  if (map === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(map).flatMap(([name, raw]): [string, ArgumentRule][] => {
      const at = join(path, name);
      const rule = reader.object(raw, at);
      if (rule === undefined) return [];
      reader.keys(rule, at, ARGUMENT_KEYS);
      const { one_of: oneOf, min, max } = rule;
      if (oneOf !== undefined && !Array.isArray(oneOf))
        reader.problem(`${at}.one_of`, "expected a list of values");
      for (const [key, bound] of [
        ["min", min],
        ["max", max],
      ] as const)
        if (bound !== undefined && typeof bound !== "number")
          reader.problem(`${at}.${key}`, "expected a number");
      const given = rule["matches"];
      const matches = typeof given === "string" ? [given] : reader.strings(given, `${at}.matches`);
      if (Object.keys(rule).length === 0)
        reader.problem(at, "a rule that allows everything", `set one of ${ARGUMENT_KEYS.join(", ")}`);
      return [
        [
          name,
          {
            ...(Array.isArray(oneOf) && { one_of: oneOf as readonly Json[] }),
            ...(typeof min === "number" && { min }),
            ...(typeof max === "number" && { max }),
            ...(matches !== undefined && { matches }),
          },
        ],
      ];
    }),
  );
}

export function readRemedy(reader: Reader, value: Json | undefined, path: string): Remedy | undefined {
  const map = reader.object(value, path);
  if (map === undefined) return undefined;
  reader.keys(map, path, REMEDY_KEYS);
  const set = reader.object(map["set"], `${path}.set`);
  const cap = reader.object(map["cap"], `${path}.cap`);
  for (const [name, most] of Object.entries(cap ?? {}))
    if (typeof most !== "number") reader.problem(join(`${path}.cap`, name), "expected a number");
  const limit = reader.formed(map["sql_limit"], `${path}.sql_limit`, parseCount, COUNT_FORM);
  const redact = reader.strings(map["redact"], `${path}.redact`);
  return {
    ...(set !== undefined && { set }),
    ...(cap !== undefined && { cap: cap as Readonly<Record<string, number>> }),
    ...(limit !== undefined && { sql_limit: limit }),
    ...(redact !== undefined && { redact }),
  };
}

export function readApproval(reader: Reader, value: Json | undefined, path: string): RuleSpec["approval"] {
  const map = reader.object(value, path);
  if (map === undefined) return undefined;
  reader.keys(map, path, APPROVAL_KEYS);
  const approvers = reader.strings(map["approvers"], `${path}.approvers`) ?? [];
  for (const [at, who] of approvers.entries())
    if (!/^(?:team|role|user):\S{1,256}$/.test(who))
      reader.problem(`${path}.approvers[${at}]`, `"${who}" names nobody`, "write team:…, role:… or user:…");
  const notRequester = reader.boolean(map["not_requester"], `${path}.not_requester`) ?? false;
  const quorum = reader.formed(map["quorum"], `${path}.quorum`, parseCount, COUNT_FORM) ?? 1;
  const form = `${DURATION_FORM}, or ${AGE_FORM}`;
  const expires =
    reader.formed(map["expires"], `${path}.expires`, (v) => parseDuration(v) ?? parseAge(v), form) ??
    DEFAULT_EXPIRY_MS;
  return { approvers, not_requester: notRequester, quorum, expires };
}
