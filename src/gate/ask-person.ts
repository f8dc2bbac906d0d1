import { claim, isApproved } from "../approvals/approvals.js";
import type { Call, Verdict } from "../model/call.js";
import type { Tx } from "../store/store.js";
import { approvalClaim, waiting } from "./approval.js";
import { checkInput } from "./check-input.js";
import { heldBack } from "./held.js";
import type { GateParts } from "./parts.js";
import type { Against } from "./standing.js";

/** The call that a person has let pass; or the same verdict, with what it waits for. Rates and budgets come first. */
export function askPerson(
  parts: GateParts,
  tx: Tx,
  call: Call,
  against: Against,
  verdict: Verdict<Call>,
): [Verdict<Call>, ReturnType<typeof heldBack>] {
  const now = Date.now();
  const wanted = approvalClaim(parts, call, verdict.decision);
  const passes = isApproved(tx, wanted, now)
    ? checkInput(parts, call, { ...against, approved: true })
    : undefined;
  const held = passes && heldBack(parts, tx, call, passes.decision);
  if (held !== undefined) return [verdict, held];
  const claimed = claim(tx, wanted, now);
  if (passes === undefined || claimed?.event !== "consumed")
    return [{ ...verdict, decision: waiting(verdict.decision, claimed, now) }, undefined];
  const { id, votes, expires } = claimed.question;
  const approval = { id, event: "consumed" as const, expires, by: votes.map(({ by }) => by) };
  return [{ ...passes, decision: { ...passes.decision, approval } }, undefined];
}
