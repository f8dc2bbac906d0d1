/** A question as it is shown: what a person needs to answer it, and none of the keys that bind it. */
import type { Question } from "../approvals/approvals.js";
import { needs } from "../gate/vote.js";

export interface Shown {
  readonly id: string;
  readonly state: Question["state"];
  readonly requester: string;
  readonly client?: string;
  readonly server: string;
  readonly tool: string;
  readonly operation?: string;
  readonly environment?: string;
  /** The arguments that would run, with everything masked that was found in them. Absent once it is over. */
  readonly arguments?: string;
  readonly tables?: readonly string[];
  readonly reasons: readonly string[];
  /** Who must agree, a line for each rule. */
  readonly needs: readonly string[];
  readonly votes: readonly { readonly by: string; readonly approve: boolean; readonly comment?: string }[];
  /** The first decision that waits for it: `sallyport audit show` tells the rest. */
  readonly decision: string;
  readonly created: string;
  readonly expires: string;
}

export function shown(asked: Question): Shown {
  const { id, state, requester, server, tool, decision, votes, asked: call } = asked;
  return {
    id,
    state,
    requester,
    ...(call?.client !== undefined && { client: call.client }),
    server,
    tool,
    ...(call !== undefined && { operation: call.operation, arguments: call.preview }),
    ...(call?.environment !== undefined && { environment: call.environment }),
    ...(call?.tables !== undefined && { tables: call.tables }),
    reasons: call?.reasons ?? [],
    needs: needs(asked),
    votes: votes.map(({ by, approve, comment }) => ({
      by,
      approve,
      ...(comment !== undefined && { comment }),
    })),
    decision,
    created: new Date(asked.created).toISOString(),
    expires: new Date(asked.expires).toISOString(),
  };
}
