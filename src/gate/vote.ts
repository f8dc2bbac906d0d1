/** A person's word on a call that waits, however it comes: the command line, the page, another program. */
import {
  answer,
  question,
  unfit,
  type Grant,
  type Groups,
  type Question,
  type Unfit,
  type Vote,
} from "../approvals/approvals.js";
import type { ApprovalInput, AuditLog } from "../audit/log.js";

/** It is read by models, and stays in the record. */
export const MAX_COMMENT = 300;
/** Longer or more than this is a rule, and belongs into a policy. */
export const MAX_GRANT_MS = 24 * 3_600_000;
export const MAX_GRANT = 1000;

export interface Ballot {
  /** Of the question. */
  readonly id: string;
  readonly by: string;
  readonly how: Vote["how"];
  readonly approve: boolean;
  readonly comment?: string;
  readonly grant?: Grant;
}

export type Counted = { readonly after: Question } | { readonly problem: Unfit };

/** Counts the word in the transaction that records it. Rejects with `store_unavailable`. */
export async function castVote(
  audit: Pick<AuditLog, "appendApprovals">,
  groups: Groups,
  { id, by, how, approve, comment, grant }: Ballot,
  clock: () => number,
): Promise<Counted> {
  let counted: Counted = { problem: "over" };
  await audit.appendApprovals((tx): ApprovalInput[] => {
    const now = clock();
    const asked = question(tx, id, now);
    const problem = asked === undefined ? "over" : unfit(asked, by, groups, false);
    if (asked === undefined || problem !== undefined) {
      counted = { problem: problem ?? "over" };
      return [];
    }
    const vote: Vote = { by, how, approve, at: now, ...(comment !== undefined && { comment }) };
    const after = answer(tx, asked, vote, grant);
    counted = { after };
    return [
      {
        event: approve ? (after.state === "approved" ? "approved" : "counted") : "denied",
        approval: id,
        decision_id: asked.decision,
        by: { id: by, how },
        ...(comment !== undefined && { comment }),
        ...(grant !== undefined &&
          after.state === "approved" && { grant: { count: grant.count, until: after.expires } }),
      },
    ];
  });
  return counted;
}

export const WHY_NOT: Readonly<Record<Unfit, string>> = {
  not_an_approver:
    "you are none of those whom the rule names (`approvers` in the configuration says who is in which team)",
  requester: "the rule wants another person than the one who asks",
  over: "it is over: nobody waits for it any more",
  answered: "you have answered it already",
};

/** Who must agree, in words: one line for each rule. */
export function needs({ approvals }: Question): string[] {
  return approvals.map(({ rule, approvers, quorum, not_requester: other }) => {
    const who = approvers.length === 0 ? "anybody" : approvers.join(" or ");
    return `${rule}: ${quorum > 1 ? `${quorum} of ` : ""}${who}${other ? ", not who asks" : ""}`;
  });
}
