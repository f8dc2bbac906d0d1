/** `sallyport policy simulate`: what recorded calls would have met under other policies. */
import { eachCall } from "../audit/search.js";
import { replay } from "../gate/simulate.js";
import { replayedBuckets } from "../limits/rate.js";
import { DECISIONS, type DecisionWord } from "../model/nouns.js";
import type { Posture } from "../model/posture.js";
import { visible } from "../pins/visible.js";
import type { Policies } from "../policy/rules/policies.js";
import { openStore } from "../store/sqlite.js";

export interface Simulation {
  readonly calls: number;
  /** Recorded decision → decision now → how many calls. */
  readonly transitions: Readonly<Partial<Record<DecisionWord, Partial<Record<DecisionWord, number>>>>>;
  /** Calls that would be decided otherwise, by who makes which, the most first. */
  readonly hit: readonly {
    readonly principal: string;
    readonly tool: string;
    readonly calls: number;
    readonly to: DecisionWord;
  }[];
  /** Questions that people would be asked, on average, a day. */
  readonly approvals_a_day: number;
  /** Calls whose decision cannot be told from what is on record, and the rules that it hangs on. */
  readonly untold: { readonly calls: number; readonly rules: Readonly<Record<string, number>> };
}

const DAY_MS = 86_400_000;
const MAX_HIT = 20;

/** Tries every recorded call, oldest first. Throws `store_unavailable`. */
export async function simulate(
  path: string,
  policies: Policies,
  posture: Posture,
  since: number | undefined,
): Promise<Simulation> {
  const transitions: Partial<Record<DecisionWord, Partial<Record<DecisionWord, number>>>> = {};
  const hit = new Map<string, { principal: string; tool: string; calls: number; to: DecisionWord }>();
  const rules: Record<string, number> = {};
  const buckets = replayedBuckets();
  let [calls, untold, asked] = [0, 0, 0];
  let [first, last] = [Infinity, -Infinity];
  const store = openStore(path, { readonly: true });
  try {
    eachCall(store, since === undefined ? {} : { since }, (call, gates) => {
      calls++;
      first = Math.min(first, gates.input.time);
      last = Math.max(last, gates.input.time);
      const { was, is, untold: on } = replay(policies, posture, call, gates, buckets);
      if (on.length > 0) {
        untold++;
        for (const rule of on) rules[rule] = (rules[rule] ?? 0) + 1;
        return;
      }
      const row = (transitions[was] ??= {});
      row[is] = (row[is] ?? 0) + 1;
      if (is === "require_approval") asked++;
      if (was === is) return;
      const [principal, tool] = [call.principal, `${call.server}/${call.tool}`];
      const key = `${principal}\n${tool}\n${is}`;
      const known = hit.get(key) ?? { principal, tool, calls: 0, to: is };
      hit.set(key, { ...known, calls: known.calls + 1 });
    });
  } finally {
    await store.close();
  }
  const days = Math.max(1, (last - first) / DAY_MS);
  return {
    calls,
    transitions,
    hit: [...hit.values()].toSorted((a, b) => b.calls - a.calls).slice(0, MAX_HIT),
    approvals_a_day: calls === 0 ? 0 : Math.round((asked / days) * 10) / 10,
    untold: { calls: untold, rules },
  };
}

/** As a person reads it. */
export function simulationText({
  calls,
  transitions,
  hit,
  approvals_a_day: asked,
  untold,
}: Simulation): string {
  const lines = [`${calls} recorded ${calls === 1 ? "call" : "calls"}`];
  for (const was of DECISIONS)
    for (const is of DECISIONS) {
      const n = transitions[was]?.[is];
      if (n !== undefined)
        lines.push(`  ${String(n).padStart(7)}  ${was === is ? `${was}, as before` : `${was} → ${is}`}`);
    }
  if (untold.calls > 0) {
    lines.push(
      `  ${String(untold.calls).padStart(7)}  cannot be told: values of arguments and names of tables are not on record`,
    );
    for (const [rule, n] of Object.entries(untold.rules)) lines.push(`           ${n} × ${rule}`);
  }
  if (hit.length > 0) lines.push("", "decided otherwise:");
  for (const { principal, tool, calls: n, to } of hit)
    lines.push(`  ${String(n).padStart(7)}  ${visible(principal)} ${visible(tool)} → ${to}`);
  lines.push(
    "",
    `people would be asked ${asked} times a day`,
    "Policies' rates are counted anew; servers' rates, budgets, stops and loops are taken as they were.",
    "",
  );
  return lines.join("\n");
}
