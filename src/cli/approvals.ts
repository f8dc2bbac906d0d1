/** `sallyport approvals`: what waits for a person, and a person's word on it. */
import { parseArgs } from "node:util";
import { question, questions, type Grant, type Groups, type Question } from "../approvals/approvals.js";
import { openAudit } from "../audit/log.js";
import { DURATION_FORM, parseDuration } from "../config/units.js";
import {
  castVote,
  MAX_COMMENT,
  MAX_GRANT,
  MAX_GRANT_MS,
  needs,
  WHY_NOT,
  type Counted,
} from "../gate/vote.js";
import { SallyportError, describeError } from "../model/errors.js";
import { visible } from "../pins/visible.js";
import { openStore } from "../store/sqlite.js";
import { UsageError } from "./audit-args.js";
import { table, type Column } from "./table.js";

export interface ApprovalsIo {
  /** Of the store. */
  readonly path: string;
  readonly version: string;
  /** Who answers: the user of this machine. */
  readonly user: string;
  readonly groups: Groups;
  readonly now: () => number;
  /** Tells who is told of answers; resolves when that is done, or given up. */
  readonly decided?: (question: Question) => Promise<void>;
  /** stdout: data. */
  write(text: string): void;
  /** stderr: talk. */
  say(text: string): void;
}

const APPROVALS_USAGE = `usage: sallyport approvals ls [--all] [--json] [--config FILE]
       sallyport approvals show ID [--json]
       sallyport approvals approve ID [--comment TEXT] [--for DURATION --count N]
       sallyport approvals deny ID [--comment TEXT]`;

/** Resolves with the exit code: 0, 1 when it cannot be answered so, 2 for bad usage. */
export async function approvalsCommand(argv: readonly string[], io: ApprovalsIo): Promise<number> {
  try {
    const [command = "ls", ...rest] = argv;
    const { values, positionals } = parsed(rest);
    if (command === "ls") return await list(values.all === true, values.json === true, io);
    const [id, ...more] = positionals;
    if (id === undefined || more.length > 0) throw new UsageError(APPROVALS_USAGE);
    if (command === "show") return await show(id, values.json === true, io);
    if (command !== "approve" && command !== "deny") throw new UsageError(APPROVALS_USAGE);
    const comment = values.comment;
    if (comment !== undefined && comment.length > MAX_COMMENT)
      throw new UsageError(`--comment takes at most ${MAX_COMMENT} characters`);
    const grant = grantOf(values.for, values.count);
    if (command === "deny" && grant !== undefined)
      throw new UsageError("only an approval can cover more than one call");
    return await vote(id, command === "approve", comment, grant, io);
  } catch (error) {
    if (error instanceof UsageError) io.say(`${error.message}\n`);
    else if (error instanceof SallyportError) io.say(`${describeError(error)}\n`);
    else throw error;
    return error instanceof UsageError ? 2 : 1;
  }
}

function parsed(argv: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = { all: flag, json: flag, comment: text, for: text, count: text } as const;
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${APPROVALS_USAGE}`);
  }
}

function grantOf(forText: string | undefined, countText: string | undefined): Grant | undefined {
  if (forText === undefined && countText === undefined) return undefined;
  const forMs = forText === undefined ? undefined : parseDuration(forText);
  const count = Number(countText ?? NaN);
  if (forMs === undefined || forMs > MAX_GRANT_MS)
    throw new UsageError(`--for takes ${DURATION_FORM}, at most a day; --count goes with it`);
  if (!Number.isInteger(count) || count < 1 || count > MAX_GRANT)
    throw new UsageError(`--count takes a whole number from 1 to ${MAX_GRANT}; --for goes with it`);
  return { forMs, count };
}

async function reading<T>(
  io: ApprovalsIo,
  work: (tx: Parameters<Parameters<ReturnType<typeof openStore>["read"]>[0]>[0]) => T,
): Promise<T> {
  const store = openStore(io.path, { readonly: true });
  try {
    return store.read(work);
  } finally {
    await store.close();
  }
}

async function list(all: boolean, json: boolean, io: ApprovalsIo): Promise<number> {
  const now = io.now();
  const found = await reading(io, (tx) => questions(tx, now, all));
  if (json) io.write(`${JSON.stringify(found, null, 2)}\n`);
  else if (found.length === 0) io.say("nothing waits for approval\n");
  else io.write(table(columns(now), found));
  return 0;
}

function columns(now: number): Column<Question>[] {
  return [
    { title: "id", text: ({ id }) => id },
    { title: "state", text: ({ state }) => state },
    { title: "who", text: ({ requester }) => visible(requester) },
    { title: "what", text: ({ server, tool }) => visible(`${server}/${tool}`) },
    {
      title: "why",
      text: ({ asked, approvals }) =>
        visible(asked?.reasons.join("; ") ?? approvals.map(({ rule }) => rule).join(", ")),
    },
    { title: "left", text: ({ state, expires }) => (state === "pending" ? left(expires - now) : "-") },
  ];
}

function left(ms: number): string {
  return ms < 120_000 ? `${Math.max(0, Math.ceil(ms / 1000))} s` : `${Math.ceil(ms / 60_000)} min`;
}

async function show(id: string, json: boolean, io: ApprovalsIo): Promise<number> {
  const now = io.now();
  const found = await reading(io, (tx) => question(tx, id, now));
  if (found === undefined) return unknown(id, io);
  io.write(json ? `${JSON.stringify(found, null, 2)}\n` : questionText(found, now));
  return 0;
}

function unknown(id: string, io: ApprovalsIo): number {
  io.say(`no question is called ${visible(id)}; \`sallyport approvals ls --all\` lists them\n`);
  return 1;
}

function questionText(found: Question, now: number): string {
  const { asked, votes } = found;
  const line = (name: string, text: string): string => `${name.padEnd(12)}${visible(text)}`;
  const where = asked?.environment === undefined ? "" : `, ${asked.environment}`;
  return [
    line(
      found.id,
      found.state === "pending"
        ? `waits for ${left(found.expires - now)} more, then it expires and the call stays refused`
        : found.state,
    ),
    line("who", `${found.requester}${asked?.client === undefined ? "" : `, by ${asked.client}`}`),
    line(
      "what",
      `${found.server}/${found.tool}${asked === undefined ? "" : ` (${asked.operation}${where})`}`,
    ),
    ...(asked === undefined ? [line("arguments", "no longer kept")] : [line("arguments", asked.preview)]),
    ...(asked?.tables === undefined ? [] : [line("tables", asked.tables.join(", "))]),
    ...(asked?.reasons ?? []).map((reason) => line("why", reason)),
    ...needs(found).map((need) => line("needs", need)),
    ...votes.map(({ by, approve, comment }) =>
      line("said", `${by}: ${approve ? "yes" : "no"}${comment === undefined ? "" : `, ${comment}`}`),
    ),
    line("decision", found.decision),
    "",
  ].join("\n");
}

async function vote(
  id: string,
  approve: boolean,
  comment: string | undefined,
  grant: Grant | undefined,
  io: ApprovalsIo,
): Promise<number> {
  // Looked up first: to answer what nobody has asked must not create a store.
  if ((await reading(io, (tx) => question(tx, id, io.now()))) === undefined) return unknown(id, io);
  const by = `local:${io.user}`;
  const audit = await openAudit({ path: io.path, version: io.version });
  let said: Counted;
  try {
    const ballot = {
      id,
      by,
      how: "os_user" as const,
      approve,
      ...(comment !== undefined && { comment }),
      ...(grant !== undefined && { grant }),
    };
    said = await castVote(audit, io.groups, ballot, io.now);
  } finally {
    await audit.close();
  }
  if ("problem" in said) {
    io.say(`${WHY_NOT[said.problem]}\n`);
    return 1;
  }
  io.write(`${said.after.state} ${id}\n`);
  await io.decided?.(said.after);
  if (said.after.state === "pending") io.say("One more person has to agree.\n");
  if (said.after.state === "approved")
    io.say("The same call may be made again, once; it is not made by this.\n");
  return 0;
}
