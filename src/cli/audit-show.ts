import type { CallStory } from "../audit/show.js";
import type { FindingCount, Judgement, OutcomeBody } from "../audit/record.js";
import { paintDecision } from "./audit-table.js";
import { printable } from "./table.js";

const LABEL = 12;

/** The five questions about one call, on one screen. */
export function storyText(story: CallStory, color: boolean): string {
  const { decision, outcome } = story;
  const sections: readonly (readonly [question: string, lines: readonly string[]])[] = [
    ["Who", who(story)],
    [
      "What was decided, and why",
      [
        line("input", paintDecision(decision.decision, decision.decision, color)),
        ...judgement(decision),
        ...(outcome?.decision === undefined
          ? []
          : [
              line("output", paintDecision(outcome.decision, outcome.decision, color)),
              ...judgement(outcome),
            ]),
        line("in force", inForce(story)),
      ],
    ],
    ["Was approval needed", approvalLines(story)],
    ["What ran, where, with which limits", ran(story)],
    ["Where the proof is", proof(story)],
  ];
  const text = sections.map(([question, lines]) => `${question}\n${lines.join("")}`).join("\n");
  return `${decision.id}  ${new Date(decision.time).toISOString()}\n\n${text}`;
}

function line(label: string, text: string): string {
  return label === "" ? `  ${text}\n` : `  ${label.padEnd(LABEL)}${text}\n`;
}

function approvalLines({ decision: { decision, approval } }: CallStory): string[] {
  if (approval === undefined) return [line("", decision === "require_approval" ? "yes" : "no")];
  const { id, event, by } = approval;
  const people = printable(by.join(", "));
  if (event === "consumed") return [line("", `yes, and given by ${people}: ${id}, used for this call`)];
  if (event === "denied") return [line("", `yes, and refused by ${people}: ${id}`)];
  return [line("", `yes: it waits as ${id}${by.length === 0 ? "" : `; so far ${people} agreed`}`)];
}

function who({ decision }: CallStory): string[] {
  const { principal, client, session, writer } = decision;
  const team = [principal.team, ...(principal.roles ?? [])].filter(Boolean).join(", ");
  return [
    line("principal", printable(`${principal.id} (${principal.how}${team && `; ${team}`})`)),
    ...(client === undefined ? [] : [line("client", `${printable(client)} (as it calls itself)`)]),
    ...(session === undefined ? [] : [line("session", printable(session))]),
    line("recorded by", writer),
  ];
}

function judgement(gate: Partial<Judgement>): string[] {
  const { reason, rules = [], finding_counts: counts = [], shadow = [], fail_closed: closed, retry } = gate;
  const said = (gate.findings ?? []).flatMap(({ says }) => says ?? []);
  return [
    ...(reason ? [line("", `  ${printable(reason)}`)] : []),
    ...rules.map((ref) =>
      line("", `  rule ${printable(`${ref.rule}: ${ref.category} = ${ref.action} (${ref.source})`)}`),
    ),
    ...counts.map((count) => line("", `  ${printable(findingText(count))}`)),
    ...said.map((says) => line("", `  ${printable(says)}`)),
    ...shadow.map((ref) => line("", `  not enforced: ${printable(`${ref.rule} (${ref.source})`)}`)),
    ...(closed === true ? [line("", "  refused because a check failed, not because a rule said so")] : []),
    ...(retry === undefined ? [] : [line("", `  retry: ${retry}${delayText(gate.retry_after_ms)}`)]),
  ];
}

function findingText({ detector, category, type, severity, action, exception, count }: FindingCount): string {
  const by = exception === undefined ? "" : ` by exception ${exception}`;
  return `found ${count} × ${category}/${type}, ${severity}, ${action}${by} (${detector})`;
}

function delayText(ms: number | undefined): string {
  return ms === undefined ? "" : ` after ${Math.ceil(ms / 1000)} s`;
}

function inForce({ decision, posture }: CallStory): string {
  const profile = posture?.profile == null ? "" : `profile ${printable(posture.profile)}, `;
  return `${profile}snapshot ${decision.snapshot.slice(0, 16)}${posture === null ? " (not in this store)" : ""}`;
}

function ran({ decision, outcome }: CallStory): string[] {
  const { server, tool, connector, operation, environment, args } = decision;
  const where = environment === undefined ? "" : `, ${environment}`;
  const keys = args.keys.length === 0 ? "" : `: ${args.keys.join(", ")}`;
  const limits = { ...decision.constraints, ...outcome?.limits, ...outcome?.constraints };
  return [
    line("tool", printable(`${server}/${tool} (${connector}, ${operation}${where})`)),
    line("arguments", printable(`${args.bytes} bytes${keys}`)),
    ...(args.preview === undefined ? [] : [line("", `  ${printable(args.preview)}`)]),
    line("outcome", outcomeText({ decision, outcome })),
    ...(outcome?.preview === undefined ? [] : [line("", `  ${printable(outcome.preview)}`)]),
    ...(outcome?.duration_ms === undefined ? [] : [line("took", `${outcome.duration_ms} ms`)]),
    ...(outcome?.rows === undefined
      ? []
      : [line("rows", counted(outcome.rows, `, counted by ${outcome.rows.rule}`))]),
    ...(outcome?.bytes === undefined ? [] : [line("bytes", counted(outcome.bytes, ""))]),
    ...(outcome?.not_scanned_count === undefined
      ? []
      : [
          line(
            "not scanned",
            `${outcome.not_scanned_count} of its parts: ${notScannedText(outcome.not_scanned)}`,
          ),
        ]),
    line("limits", printable(limitsText(limits))),
  ];
}

function outcomeText({ decision, outcome }: Pick<CallStory, "decision" | "outcome">): string {
  if (outcome === null) {
    const waiting = decision.decision === "deny" || decision.decision === "require_approval";
    return waiting ? "refused: nothing was forwarded" : "open: no outcome is recorded yet";
  }
  if (outcome.outcome === "in_doubt") return "in_doubt: the process died; the call may have run, or not";
  const error = outcome.error === undefined ? "" : ` (${printable(outcome.error)})`;
  return `${outcome.outcome}${error}${outcome.is_error === true ? ", an error result" : ""}`;
}

function counted({ received, released }: { received: number; released: number }, how: string): string {
  return `${released} released of ${received} received${how}`;
}

function notScannedText(parts: OutcomeBody["not_scanned"] = []): string {
  return printable(
    parts
      .slice(0, 3)
      .map(({ pointer, bytes, why }) => `${pointer} (${bytes} bytes, ${why})`)
      .join(", "),
  );
}

function limitsText(limits: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(limits).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as readonly unknown[]) : [value]).map((each) =>
      typeof each === "object" && each !== null
        ? `${name} (${limitsText(each as Record<string, unknown>)})`
        : `${name} ${String(each)}`,
    ),
  );
  return parts.length === 0 ? "none" : parts.join(", ");
}

function proof({ decision, proof: places }: CallStory): string[] {
  return [
    line("decision", `record ${places.decision.seq}, hash ${places.decision.hash}`),
    ...(places.outcome === null
      ? []
      : [line("outcome", `record ${places.outcome.seq}, hash ${places.outcome.hash}`)]),
    line("arguments", `HMAC ${decision.args.hmac}`),
    line(
      "signed",
      places.checkpoint === null
        ? "no checkpoint covers it yet"
        : `by the checkpoint of ${places.checkpoint.size} records, ${new Date(places.checkpoint.time).toISOString()}`,
    ),
    line(
      "to prove it",
      [decision.id, places.outcome?.id]
        .filter(Boolean)
        .map((id) => `sallyport audit prove ${id}`)
        .join("; "),
    ),
  ];
}
