import { isObject } from "../model/json.js";
import type { Store, Tx } from "../store/store.js";
import { hasCheckpoints } from "./checkpoints.js";
import { illegible } from "./search.js";
import type { DecisionBody, OutcomeBody, PostureBody } from "./record.js";

/** Where a record stands in the chain. Hashes in hex. */
export interface Place {
  readonly id: string;
  readonly seq: number;
  readonly body_hash: string;
  readonly hash: string;
}

/** All that is recorded about one call. */
export interface CallStory {
  readonly decision: DecisionBody;
  readonly outcome: OutcomeBody | null;
  /** The posture record the decision points to, when it is in this store. */
  readonly posture: { readonly id: string; readonly profile: string | null } | null;
  readonly proof: {
    readonly decision: Place;
    readonly outcome: Place | null;
    /** The first checkpoint that covers all of it; null while none does. Time in milliseconds since the epoch. */
    readonly checkpoint: { readonly size: number; readonly time: number } | null;
  };
}

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly ref: string | null;
  readonly seq: number;
  readonly body: string | null;
  readonly body_hash: Uint8Array;
  readonly hash: Uint8Array;
}

const COLUMNS = "id, kind, ref, seq, body, body_hash, hash";

/** The call with this decision id (or whose outcome has this id), or undefined. */
export function show(store: Store, id: string): CallStory | undefined {
  return store.read((tx) => {
    const named = byId(tx, id);
    const decision = named?.ref == null ? named : byId(tx, named.ref);
    if (decision?.kind !== "decision" || decision.body === null) return undefined;
    const body = parse<DecisionBody>(decision, decision.body);
    const outcome = tx.get<Row>(`SELECT ${COLUMNS} FROM records WHERE ref = ?`, body.id);
    return {
      decision: body,
      outcome: outcome?.body == null ? null : parse<OutcomeBody>(outcome, outcome.body),
      posture: postureOf(tx, body.snapshot),
      proof: {
        decision: placeOf(decision),
        outcome: outcome === undefined ? null : placeOf(outcome),
        checkpoint: firstOver(tx, outcome?.seq ?? decision.seq),
      },
    };
  });
}

/** Whether there was such a record whose body is erased. */
export function isErased(store: Store, id: string): boolean {
  const found = store.read((tx) => byId(tx, id));
  return found !== undefined && found.body === null;
}

function firstOver(tx: Tx, seq: number): CallStory["proof"]["checkpoint"] {
  if (!hasCheckpoints(tx)) return null;
  const sql = "SELECT size, time FROM checkpoints WHERE size >= ? ORDER BY size LIMIT 1";
  return tx.get<{ size: number; time: number }>(sql, seq) ?? null;
}

function parse<T>({ seq }: Row, body: string): T {
  try {
    return JSON.parse(body) as T;
  } catch (cause) {
    throw illegible(seq, cause);
  }
}

function byId(tx: Tx, id: string): Row | undefined {
  return tx.get<Row>(`SELECT ${COLUMNS} FROM records WHERE id = ?`, id);
}

/** The range of ids finds the few posture records by the id index. */
function postureOf(tx: Tx, snapshot: string): CallStory["posture"] {
  const found = tx.get<Row & { readonly body: string }>(
    `SELECT ${COLUMNS} FROM records WHERE id > 'p_' AND id < 'p~' AND kind = 'posture' AND instr(body, ?) > 0
     AND instr(body, '"bundle":{') > 0
     ORDER BY id DESC LIMIT 1`,
    `"snapshot":${JSON.stringify(snapshot)}`,
  );
  if (found === undefined) return null;
  const { id, bundle } = parse<PostureBody>(found, found.body);
  const posture = bundle?.["posture"];
  const profile = isObject(posture) ? posture["profile"] : undefined;
  return { id, profile: typeof profile === "string" ? profile : null };
}

function placeOf({ id, seq, body_hash, hash }: Row): Place {
  return {
    id,
    seq,
    body_hash: Buffer.from(body_hash).toString("hex"),
    hash: Buffer.from(hash).toString("hex"),
  };
}
