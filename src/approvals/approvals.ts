/**
 * Calls that wait for a person. One row for each question; all that happens to it, happens inside a transaction of the
 * store, so that an approval is used once, whatever processes and crashes there are.
 *
 *   pending → approved → consumed
 *           → denied
 *           → superseded   the same call is held for another reason now: another rule, definition or snapshot
 *   and expired, from pending or approved, as time passes
 */
import type { Approval } from "../model/call.js";
import type { Tx } from "../store/store.js";

const STATES = ["pending", "approved", "denied", "superseded", "consumed"] as const;
type Stored = (typeof STATES)[number];
export type State = Stored | "expired";

/** Whoever has answered, how we know, and in which words. */
export interface Vote {
  readonly by: string;
  readonly how: "os_user" | "client" | "asserted" | "api_key";
  readonly approve: boolean;
  readonly at: number;
  readonly comment?: string;
}

/** What a person sees of the call. It is kept while the question is open, and no longer. */
export interface Asked {
  readonly client?: string;
  readonly operation: string;
  readonly environment?: string;
  /** Why it is held, in the rules' own words. */
  readonly reasons: readonly string[];
  /** The arguments with everything masked that was found in them, cut to what can be read. */
  readonly preview: string;
  readonly argsBytes: number;
  readonly tables?: readonly string[];
}

export interface Question {
  readonly id: string;
  readonly state: State;
  /** Keyed digest of all that was asked: one other byte is another question. */
  readonly binding: string;
  /** Keyed digest of what calls of one shape share. */
  readonly shape: string;
  /** Keyed digest of who calls what with which arguments, for any reason. */
  readonly call: string;
  readonly requester: string;
  readonly server: string;
  readonly tool: string;
  /** The first decision that waits for it. */
  readonly decision: string;
  readonly approvals: readonly Approval[];
  /** Undefined once it is over. */
  readonly asked?: Asked;
  readonly votes: readonly Vote[];
  readonly created: number;
  readonly expires: number;
  /** Other calls of its shape that it lets pass as well, each of at most `grantBytes` of arguments. */
  readonly grantLeft: number;
  readonly grantBytes: number;
}

interface Row {
  readonly id: string;
  readonly state: Stored;
  readonly binding: string;
  readonly shape: string;
  readonly call: string;
  readonly requester: string;
  readonly server: string;
  readonly tool: string;
  readonly decision: string;
  readonly approvals: string;
  readonly asked: string | null;
  readonly votes: string;
  readonly created: number;
  readonly expires: number;
  readonly grant_left: number;
  readonly grant_bytes: number;
}

const COLUMNS = `id, state, binding, shape, call, requester, server, tool, decision, approvals, asked, votes, created,
  expires, grant_left, grant_bytes`;

function parse(row: Row, now: number): Question {
  const open = row.state === "pending" || row.state === "approved";
  return {
    id: row.id,
    state: open && now >= row.expires ? "expired" : row.state,
    binding: row.binding,
    shape: row.shape,
    call: row.call,
    requester: row.requester,
    server: row.server,
    tool: row.tool,
    decision: row.decision,
    approvals: JSON.parse(row.approvals) as readonly Approval[],
    ...(row.asked !== null && { asked: JSON.parse(row.asked) as Asked }),
    votes: JSON.parse(row.votes) as readonly Vote[],
    created: row.created,
    expires: row.expires,
    grantLeft: row.grant_left,
    grantBytes: row.grant_bytes,
  };
}

/** Everything that waits, oldest first; `all`: whatever its state, newest first, at most 500. */
export function questions(tx: Tx, now: number, all = false): Question[] {
  if (tx.get("SELECT 1 FROM sqlite_schema WHERE name = 'approvals'") === undefined) return [];
  const sql = all
    ? `SELECT ${COLUMNS} FROM approvals ORDER BY id DESC LIMIT 500`
    : `SELECT ${COLUMNS} FROM approvals WHERE state = 'pending' ORDER BY id`;
  return tx
    .all<Row>(sql)
    .map((row) => parse(row, now))
    .filter(({ state }) => all || state === "pending");
}

export function question(tx: Tx, id: string, now: number): Question | undefined {
  const row = tx.get<Row>(`SELECT ${COLUMNS} FROM approvals WHERE id = ?`, id);
  return row && parse(row, now);
}

/** The newest question about exactly this. */
function newest(tx: Tx, binding: string, now: number): Question | undefined {
  const row = tx.get<Row>(
    `SELECT ${COLUMNS} FROM approvals WHERE binding = ? ORDER BY id DESC LIMIT 1`,
    binding,
  );
  return row && parse(row, now);
}

export interface Claim {
  readonly id: string;
  readonly binding: string;
  readonly shape: string;
  readonly call: string;
  readonly requester: string;
  readonly server: string;
  readonly tool: string;
  readonly decision: string;
  readonly approvals: readonly Approval[];
  readonly asked: () => Asked;
  readonly argsBytes: number;
}

/** What has become of a call that waits. */
export interface Claimed {
  readonly event: "requested" | "pending" | "denied" | "consumed";
  readonly question: Question;
}

/** More than this and nobody reads them: an agent that asks without end must not fill the store. */
const MAX_PENDING = 1000;

/** Whether `claim` would use an approval. */
export function isApproved(tx: Tx, { binding, shape, argsBytes }: Claim, now: number): boolean {
  return (
    newest(tx, binding, now)?.state === "approved" ||
    tx.get(
      `SELECT 1 FROM approvals WHERE shape = ? AND grant_left > 0 AND grant_bytes >= ? AND expires > ?
       AND state IN ('approved', 'consumed')`,
      shape,
      argsBytes,
      now,
    ) !== undefined
  );
}

/**
 * Uses the approval there is, or says what the call waits for; asks, when nobody has. Inside the transaction that
 * records the decision. Undefined when too many questions are open.
 */
export function claim(tx: Tx, claimed: Claim, now: number): Claimed | undefined {
  const known = newest(tx, claimed.binding, now);
  if (known?.state === "approved") {
    tx.run("UPDATE approvals SET state = 'consumed', asked = NULL WHERE id = ?", known.id);
    return { event: "consumed", question: { ...known, state: "consumed" } };
  }
  const grant = grantFor(tx, claimed, now);
  if (grant !== undefined) return { event: "consumed", question: grant };
  if (known?.state === "pending") return { event: "pending", question: known };
  if (known?.state === "denied" && now < known.expires) return { event: "denied", question: known };
  tx.run(
    "UPDATE approvals SET state = 'superseded', asked = NULL WHERE call = ? AND state = 'pending'",
    claimed.call,
  );
  tx.run(
    "UPDATE approvals SET asked = NULL WHERE asked IS NOT NULL AND (expires <= ? OR state = 'superseded')",
    now,
  );
  const { open } = tx.get<{ open: number }>(
    "SELECT count(*) AS open FROM approvals WHERE state = 'pending' AND expires > ?",
    now,
  )!;
  if (open >= MAX_PENDING) return undefined;
  const expires = now + Math.min(...claimed.approvals.map((each) => each.expires));
  tx.run(
    `INSERT INTO approvals (${COLUMNS}) VALUES (?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, '[]', ?, ?, 0, 0)`,
    claimed.id,
    claimed.binding,
    claimed.shape,
    claimed.call,
    claimed.requester,
    claimed.server,
    claimed.tool,
    claimed.decision,
    JSON.stringify(claimed.approvals),
    JSON.stringify(claimed.asked()),
    now,
    expires,
  );
  return { event: "requested", question: question(tx, claimed.id, now)! };
}

/** An approval that covers the shape of a call, drawn from once. */
function grantFor(tx: Tx, { shape, argsBytes }: Claim, now: number): Question | undefined {
  const row = tx.get<Row>(
    `SELECT ${COLUMNS} FROM approvals
     WHERE shape = ? AND grant_left > 0 AND grant_bytes >= ? AND expires > ? AND state IN ('approved', 'consumed')
     ORDER BY id LIMIT 1`,
    shape,
    argsBytes,
    now,
  );
  if (row === undefined) return undefined;
  tx.run("UPDATE approvals SET grant_left = grant_left - 1 WHERE id = ?", row.id);
  return parse({ ...row, state: "consumed", grant_left: row.grant_left - 1 }, now);
}

/** Why somebody's answer does not count; undefined: it does. */
export type Unfit = "not_an_approver" | "requester" | "over" | "answered";

/** Groups of approvers: `team:dba` → who is in it. */
export type Groups = Readonly<Record<string, readonly string[]>>;

/**
 * Whether a person may answer. `inClient`: in the client that made the call, where an answer is the requester's own,
 * whoever typed it.
 */
export function unfit(
  { state, requester, approvals, votes }: Question,
  who: string,
  groups: Groups,
  inClient: boolean,
): Unfit | undefined {
  if (state !== "pending") return "over";
  if (approvals.some((each) => each.not_requester) && (inClient || who === requester)) return "requester";
  if (
    !approvals.every(
      ({ approvers }) => approvers.length === 0 || approvers.some((each) => isMember(each, who, groups)),
    )
  )
    return "not_an_approver";
  return votes.some(({ by }) => by === who) ? "answered" : undefined;
}

function isMember(approver: string, who: string, groups: Groups): boolean {
  const name = approver.slice(approver.indexOf(":") + 1);
  if (approver.startsWith("user:")) return who === name || who === `local:${name}`;
  return (groups[approver] ?? []).some((each) =>
    isMember(each.startsWith("user:") ? each : `user:${each}`, who, groups),
  );
}

export interface Grant {
  /** Milliseconds from now. */
  readonly forMs: number;
  readonly count: number;
}

/**
 * Counts an answer; the caller has seen that it may. One no ends it; a yes does when there are as many as every rule
 * asks for. `grant`: calls of the same shape pass as well, for so long and so many of them.
 */
export function answer(tx: Tx, asked: Question, vote: Vote, grant?: Grant): Question {
  const votes = [...asked.votes, vote];
  const yes = votes.filter(({ approve }) => approve).length;
  const enough = asked.approvals.every(({ quorum }) => yes >= quorum);
  const state: Stored = vote.approve ? (enough ? "approved" : "pending") : "denied";
  const expires = grant === undefined ? asked.expires : Math.max(asked.expires, vote.at + grant.forMs);
  tx.run(
    `UPDATE approvals SET state = ?, votes = ?, expires = ?, grant_left = ?, grant_bytes = ?,
       asked = CASE WHEN ? THEN NULL ELSE asked END WHERE id = ? AND state = 'pending'`,
    state,
    JSON.stringify(votes),
    expires,
    grant === undefined || state !== "approved" ? 0 : grant.count - 1,
    grant === undefined ? 0 : GRANT_SIZE * (asked.asked?.argsBytes ?? 0),
    state === "denied" ? 1 : 0,
    asked.id,
  );
  return question(tx, asked.id, vote.at)!;
}

/** What a grant lets pass may be this much larger than what the person has seen. */
const GRANT_SIZE = 2;
