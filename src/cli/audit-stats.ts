import type { Scorecard } from "../audit/stats.js";
import { printable } from "./table.js";

const LABEL = 24;

/** The scorecard on one screen. */
export function scorecardText(card: Scorecard): string {
  const { completeness: whole } = card;
  const percent = (rate: number): string => `${(rate * 100).toFixed(1)} %`;
  const counts = (all: Readonly<Record<string, number>>): string =>
    Object.entries(all)
      .filter(([, count]) => count > 0)
      .toSorted(([, a], [, b]) => b - a)
      .map(([name, count]) => line(name, count))
      .join("");
  const widest = Math.max(LABEL, ...card.rules.map(({ rule }) => printable(rule).length + 2));
  const sections: readonly (readonly [title: string, text: string])[] = [
    ["Decisions", counts(card.decisions)],
    ["Outcomes", counts(card.outcomes)],
    [
      "Rates",
      line("denied", percent(card.denial_rate)) +
        line("remediated", percent(card.remediation_rate)) +
        line("cut or constrained", percent(card.constraint_rate)) +
        line("held for approval", card.held_for_approval) +
        line("refused, check failed", card.fail_closed),
    ],
    ["Approvals", approvals(card)],
    ["Findings, by call", counts(card.categories)],
    ["Deciding rules", card.rules.map(({ rule, calls }) => line(printable(rule), calls, widest)).join("")],
    [
      "Completeness",
      line("forwarded", whole.forwarded) +
        line("with an outcome", whole.with_outcome) +
        line("in doubt", whole.in_doubt) +
        line("open", whole.open) +
        line("parts not scanned", whole.not_scanned) +
        line("records not signed yet", whole.unsigned) +
        (whole.clock_set === 0 ? "" : line("times the clock was set", whole.clock_set)),
    ],
    [
      "What was in force",
      card.drift
        .map(({ snapshot, from, calls, denial_rate: rate }) =>
          line(snapshot.slice(0, 16), `from ${from}: ${calls} calls, ${percent(rate)} denied`),
        )
        .join(""),
    ],
  ];
  const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
  const head = `${many(card.calls, "call")}, ${many(card.principals, "principal")}, ${many(card.tools, "tool")}; ${card.first ?? "-"} to ${card.last ?? "-"}\n`;
  return head + sections.flatMap(([title, text]) => (text === "" ? [] : [`\n${title}\n${text}`])).join("");
}

function line(label: string, text: string | number, width = LABEL): string {
  return `  ${label.padEnd(width)}${text}\n`;
}

function approvals({ approvals: score }: Scorecard): string {
  if (score.asked === 0 && score.used === 0) return "";
  const times = `${score.median_seconds} s (median), ${score.slowest_seconds} s at most`;
  return (
    line("asked", score.asked) +
    line("approved", score.approved) +
    line("denied", score.denied) +
    line("expired", score.expired) +
    line("waiting", score.waiting) +
    line("calls let through", score.used) +
    (score.median_seconds === null ? "" : line("answered after", times))
  );
}
