/** What was in force, and since when: the posture records of a store. */
import { SallyportError } from "../model/errors.js";
import type { JsonObject } from "../model/json.js";
import type { Store } from "../store/store.js";
import type { PolicyFile, PostureBody } from "./record.js";
import { illegible } from "./search.js";

export interface Activation {
  readonly snapshot: string;
  /** When it was put in force last. Milliseconds since the epoch. */
  readonly time: number;
  /** The policies in it. */
  readonly policies: readonly string[];
}

export interface Snapshot {
  readonly snapshot: string;
  readonly bundle: JsonObject;
  /** The policy files as they were written. */
  readonly files: readonly PolicyFile[];
}

/** The snapshots that were in force, each once, the latest first. */
export function activations(store: Store): Activation[] {
  const found = new Map<string, Activation>();
  for (const { snapshot, time, bundle } of postures(store)) {
    const known = found.get(snapshot);
    const policies = bundle === undefined ? (known?.policies ?? []) : policiesIn(bundle);
    // A map keeps the place of what it knows: what is put in force again is the latest.
    found.delete(snapshot);
    found.set(snapshot, { snapshot, time, policies });
  }
  return [...found.values()].toReversed();
}

/** The one whose hash begins with `name`. Throws SallyportError `config_invalid` when there is none, or several. */
export function readSnapshot(store: Store, name: string): Snapshot {
  const all = postures(store).filter(({ snapshot }) => snapshot.startsWith(name));
  const named = [...new Set(all.map(({ snapshot }) => snapshot))];
  const fix = "`sallyport policy snapshots` lists them";
  if (named.length > 1)
    throw new SallyportError("config_invalid", `${named.length} snapshots begin with ${name}`, { fix });
  const whole = all.find(({ bundle }) => bundle !== undefined);
  if (whole?.bundle === undefined)
    throw new SallyportError("config_invalid", `no snapshot begins with ${name}`, { fix });
  return { snapshot: whole.snapshot, bundle: whole.bundle, files: whole.policy_files ?? [] };
}

/** Oldest first. The range of ids finds the few posture records by the id index. */
function postures(store: Store): PostureBody[] {
  return store.read((tx) => {
    const rows = tx.all<{ seq: number; body: string }>(
      `SELECT seq, body FROM records WHERE id > 'p_' AND id < 'p~' AND kind = 'posture' AND body IS NOT NULL ORDER BY id`,
    );
    return rows.map(({ seq, body }) => {
      try {
        return JSON.parse(body) as PostureBody;
      } catch (cause) {
        throw illegible(seq, cause);
      }
    });
  });
}

function policiesIn({ policies }: JsonObject): string[] {
  const names = Array.isArray(policies)
    ? (policies as readonly JsonObject[]).map((each) => each["policy"])
    : [];
  return names.filter((name) => typeof name === "string");
}
