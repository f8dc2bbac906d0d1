/** What a held call waits for: the question that a person is asked about it, and the approval that lets it pass. */
import { newId } from "../audit/ids.js";
import { canonicalJson } from "../model/canonical.js";
import { answer, question, unfit, type Claim, type Claimed } from "../approvals/approvals.js";
import type { AuditLog } from "../audit/log.js";
import type { ServerConfig } from "../config/load.js";
import { redactDocument } from "../detect/apply-redactions.js";
import type { Call, Decision } from "../model/call.js";
import type { Waits } from "./parts.js";
import { sqlFactsOf } from "./sql-arguments.js";

export interface ApprovalParts {
  readonly audit: { digest(text: string): string };
  readonly server: (name: string) => ServerConfig;
  /** Hash of the tool's definition as last listed; empty for one that was never seen. */
  readonly definition: (call: Call) => string;
}

/** A person reads it on a screen. UTF-16 code units. */
const MAX_PREVIEW = 4000;

/** What the call asks for, in this transaction. */
export function approvalClaim(
  { audit, server, definition }: ApprovalParts,
  call: Call,
  decision: Decision,
): Claim {
  const approvals = decision.approvals ?? [];
  const rules = approvals.map(({ rule }) => rule);
  const who = [call.principal.id, call.server, call.tool, call.method ?? ""];
  const reason = [rules, decision.snapshot, definition(call)];
  const digest = (value: unknown): string => audit.digest(canonicalJson(value));
  return {
    id: newId("a"),
    // What the input gate would make of the arguments is the snapshot's to say: it is bound with them.
    binding: digest(["binding", who, call.argsText, call.inputResponses ?? null, reason]),
    shape: digest(["shape", who, Object.keys(call.args).toSorted(), reason]),
    call: digest(["call", who, call.argsText]),
    requester: call.principal.id,
    server: call.server,
    tool: call.tool,
    decision: call.id,
    approvals,
    argsBytes: Buffer.byteLength(call.argsText),
    asked: () => {
      const { tables } = sqlFactsOf(server(call.server).connector, call);
      return {
        operation: call.operation,
        reasons: decision.findings.flatMap(({ action, says }) =>
          action === "block" && says !== undefined ? [says] : [],
        ),
        preview: preview(call, decision),
        argsBytes: Buffer.byteLength(call.argsText),
        ...(call.client !== undefined && { client: call.client }),
        ...(call.environment !== undefined && { environment: call.environment }),
        ...(tables.length > 0 && { tables }),
      };
    },
  };
}

/** The decision of a call that waits, or may not run after all. `claimed` undefined: too many wait already. */
export function waiting(decision: Decision, claimed: Claimed | undefined, now: number): Decision {
  if (claimed === undefined)
    return {
      ...decision,
      decision: "deny",
      reason: "Refused: too many calls wait for approval already.",
      advice: {
        retry: "later",
        change: "People have to answer the open questions first: `sallyport approvals ls`.",
      },
    };
  const { id, votes, expires } = claimed.question;
  const approval = { id, event: claimed.event, expires, by: votes.map(({ by }) => by) };
  if (claimed.event === "denied") {
    const no = votes.find(({ approve }) => !approve);
    const words = no?.comment === undefined ? "" : `: ${no.comment}`;
    return {
      ...decision,
      decision: "deny",
      approval,
      reason: `Refused: ${no?.by ?? "a person"} said no${words}.`,
      advice: {
        retry: "never",
        change: `${no?.by ?? "A person"} said no${words}. Do something else, or ask the user.`,
      },
    };
  }
  const minutes = Math.max(1, Math.round((expires - now) / 60_000));
  const more = votes.length > 0 ? ` ${votes.length} of them did.` : "";
  const change = `${decision.advice?.change ?? ""}${more} It waits as ${id}, for ${minutes} min: \`sallyport approvals show ${id}\`. Tell the user, and go on with something else meanwhile.`;
  return { ...decision, approval, advice: { retry: "after_approval", change: change.trim() } };
}

/** All that any detector has found is masked, whatever the profile makes of it. */
function preview(call: Call, decision: Decision): string {
  const found = decision.findings
    .filter(({ pointer }) => pointer.startsWith("/arguments"))
    .map((finding) => ({ ...finding, pointer: finding.pointer.slice("/arguments".length) }));
  const { text } = redactDocument(call.argsText, found);
  return text.length <= MAX_PREVIEW ? text : `${text.slice(0, MAX_PREVIEW)}… (${text.length} characters)`;
}

/** What the caller's own user may be asked; undefined where the rules want somebody else, or nothing waits. */
export function waitsFor(call: Call, decision: Decision): Waits | undefined {
  const { approval, approvals = [] } = decision;
  if (decision.decision !== "require_approval" || approval === undefined) return undefined;
  if (approvals.some(({ not_requester: other }) => other)) return undefined;
  const why = decision.findings.flatMap(({ action, says }) =>
    action === "block" && says !== undefined ? [says] : [],
  );
  const text = `[Sallyport] ${call.shown ?? `${call.server}/${call.tool}`} is held: ${why.join("; ")}.\n\n${preview(call, decision)}\n\nLet this call run, once?`;
  return { id: approval.id, text };
}

/** The requester's own answer: it counts where the rules let the requester answer, and for nobody else's question. */
export async function answerInClient(
  { audit }: { readonly audit: Pick<AuditLog, "appendApprovals"> },
  { principal }: Call,
  id: string,
  approve: boolean,
): Promise<boolean> {
  const groups = Object.fromEntries(
    [
      ...(principal.team === undefined ? [] : [`team:${principal.team}`]),
      ...(principal.roles ?? []).map((role) => `role:${role}`),
    ].map((group) => [group, [principal.id]]),
  );
  let counted = false;
  await audit.appendApprovals((tx) => {
    const now = Date.now();
    const asked = question(tx, id, now);
    if (asked?.requester !== principal.id || unfit(asked, principal.id, groups, true) !== undefined)
      return [];
    const after = answer(tx, asked, { by: principal.id, how: "client", approve, at: now });
    counted = true;
    const event = approve ? (after.state === "approved" ? "approved" : "counted") : "denied";
    return [{ event, approval: id, decision_id: asked.decision, by: { id: principal.id, how: "client" } }];
  });
  return counted;
}
