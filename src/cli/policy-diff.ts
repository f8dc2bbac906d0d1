/** `sallyport policy diff`: what differs between two snapshots, and which recorded calls would meet another decision. */
import { eachCall } from "../audit/search.js";
import { replay } from "../gate/simulate.js";
import { replayedBuckets } from "../limits/rate.js";
import { canonicalJson } from "../model/canonical.js";
import { isObject, type Json, type JsonObject } from "../model/json.js";
import { DECISIONS, type DecisionWord } from "../model/nouns.js";
import type { Posture } from "../model/posture.js";
import { visible } from "../pins/visible.js";
import { compilePolicies } from "../policy/rules/policies.js";
import type { PolicySpec } from "../policy/rules/spec.js";
import type { Store } from "../store/store.js";

/** One side of a comparison: all that decides, as snapshots keep it. */
export interface Side {
  readonly label: string;
  readonly bundle: JsonObject;
}

export interface PolicyDiff {
  readonly from: string;
  readonly to: string;
  /** What was added, removed or changed; `keys` are those that changed. */
  readonly changes: readonly Change[];
  readonly calls: number;
  /** Decision under `from` → decision under `to` → how many calls; only where they differ. */
  readonly decisions: Readonly<Partial<Record<DecisionWord, Partial<Record<DecisionWord, number>>>>>;
  /** Calls whose decision hangs on what is not on record. */
  readonly untold: number;
}

interface Change {
  readonly what: string;
  readonly name: string;
  readonly change: "added" | "removed" | "changed";
  readonly keys?: readonly string[];
}

export async function diffSides(store: Store, from: Side, to: Side, since?: number): Promise<PolicyDiff> {
  const decisions: Partial<Record<DecisionWord, Partial<Record<DecisionWord, number>>>> = {};
  const [one, other] = await Promise.all([rulesOf(from), rulesOf(to)]);
  const [before, after] = [replayedBuckets(), replayedBuckets()];
  let [calls, untold] = [0, 0];
  eachCall(store, since === undefined ? {} : { since }, (call, gates) => {
    calls++;
    const a = replay(one.policies, one.posture, call, gates, before);
    const b = replay(other.policies, other.posture, call, gates, after);
    if (a.untold.length + b.untold.length > 0) untold++;
    else if (a.is !== b.is) {
      const row = (decisions[a.is] ??= {});
      row[b.is] = (row[b.is] ?? 0) + 1;
    }
  });
  return {
    from: from.label,
    to: to.label,
    changes: changesOf(from.bundle, to.bundle),
    calls,
    decisions,
    untold,
  };
}

/** The rules of a side, as they can be asked. */
export async function rulesOf({ bundle }: Side) {
  const specs = (bundle["policies"] as readonly Json[]).map((each) => ({ ...(each as object), tests: [] }));
  // What was in force was compiled before; a rule that says nothing today is left out by today's reading.
  const { policies } = await compilePolicies(specs as unknown as readonly PolicySpec[]);
  return { policies, posture: bundle["posture"] as unknown as Posture };
}

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");

/** Everything that has a name, by what it is. */
function namedIn(bundle: JsonObject): Map<string, Map<string, Json>> {
  const listed = (value: Json | undefined): readonly JsonObject[] =>
    Array.isArray(value) ? (value as readonly JsonObject[]) : [];
  const by = (items: readonly JsonObject[], key: string): Map<string, Json> =>
    new Map(items.map((each) => [text(each[key]), each]));
  const policies = listed(bundle["policies"]);
  const rules = policies.flatMap((policy) => listed(policy["rules"]));
  const { actions = {}, ...profile } = (bundle["posture"] ?? {}) as JsonObject;
  return new Map([
    ["policy", new Map(policies.map(({ rules: _rules, ...rest }) => [text(rest["policy"]), rest]))],
    ["rule", by(rules, "name")],
    ["exception", new Map(listed(bundle["exceptions"]).map((each) => [exceptionName(each), each]))],
    ["action", new Map(Object.entries(isObject(actions) ? actions : {}))],
    ["profile", new Map(Object.entries(profile))],
    ["server", by(listed(bundle["servers"]), "name")],
    ["loops", new Map(Object.entries((bundle["loops"] ?? {}) as JsonObject))],
    ["detector", by(listed(bundle["rules"]), "id")],
  ]);
}

const exceptionName = ({ detector, match }: JsonObject): string =>
  `${text(detector)} ${canonicalJson(match ?? {})}`;

function changesOf(from: JsonObject, to: JsonObject): Change[] {
  const after = namedIn(to);
  return [...namedIn(from)].flatMap(([what, before]) => {
    const now = after.get(what) ?? new Map<string, Json>();
    const names = [...new Set([...before.keys(), ...now.keys()])].toSorted();
    return names.flatMap((name): Change[] => {
      const [was, is] = [before.get(name), now.get(name)];
      if (was === undefined || is === undefined)
        return [{ what, name, change: was === undefined ? "added" : "removed" }];
      if (canonicalJson(was) === canonicalJson(is)) return [];
      return [
        { what, name, change: "changed", ...(isObject(was) && isObject(is) && { keys: keysOf(was, is) }) },
      ];
    });
  });
}

function keysOf(was: JsonObject, is: JsonObject): string[] {
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].toSorted();
  return keys.filter((key) => canonicalJson(was[key] ?? null) !== canonicalJson(is[key] ?? null));
}

const SIGN = { added: "+", removed: "-", changed: "~" } as const;
/** Detectors change with a version, by the dozen. */
const MAX_SHOWN = 20;

/** As a person reads it. */
export function diffText({ from, to, changes, calls, decisions, untold }: PolicyDiff): string {
  const lines = [`from ${from}`, `to   ${to}`, ""];
  if (changes.length === 0) lines.push("nothing that decides differs");
  for (const what of new Set(changes.map((each) => each.what))) {
    const all = changes.filter((each) => each.what === what);
    for (const { name, change, keys } of all.slice(0, MAX_SHOWN))
      lines.push(
        `  ${SIGN[change]} ${what} ${visible(name)}${keys === undefined ? "" : `: ${keys.join(", ")}`}`,
      );
    if (all.length > MAX_SHOWN) lines.push(`  … and ${all.length - MAX_SHOWN} more (--json has all)`);
  }
  lines.push("", `of ${calls} recorded ${calls === 1 ? "call" : "calls"}:`);
  for (const was of DECISIONS)
    for (const is of DECISIONS) {
      const n = decisions[was]?.[is];
      if (n !== undefined) lines.push(`  ${String(n).padStart(7)}  ${was} → ${is}`);
    }
  if (Object.keys(decisions).length === 0) lines.push("        0  would be decided otherwise");
  if (untold > 0) lines.push(`  ${String(untold).padStart(7)}  cannot be told from what is on record`);
  if (changes.some(({ what }) => what === "detector" || what === "exception"))
    lines.push("Findings are as they were recorded: other detectors or exceptions are not tried again.");
  return `${lines.join("\n")}\n`;
}
