import { dirname } from "node:path";
import { SallyportError } from "../model/errors.js";
import type { Store, Tx } from "../store/store.js";
import { append } from "./chain.js";
import { checkpointer, keyInForce, originOf, type StoredCheckpoint } from "./checkpoints.js";
import { endorse } from "./note.js";
import { newId } from "./ids.js";
import { openSigningKey, replaceSigningKey, type SigningKey } from "./signing-key.js";

export interface SignerOptions {
  readonly path: string;
  /** The key that signs checkpoints, as PEM. Default: `checkpoint.key` beside the store. */
  readonly signingPem?: string;
  /** Between two checkpoints, milliseconds. Default: one minute. */
  readonly checkpointMs?: number;
  /** Told of each checkpoint, one after the other; must not reject. */
  readonly published?: (checkpoint: StoredCheckpoint) => void | Promise<void>;
  /** Told when no checkpoint could be made. Records are written all the same: the next one covers them. */
  readonly problem?: (error: unknown) => void;
}

const CHECKPOINT_MS = 60_000;
/** A checkpoint is due after so many records, however fast they come. */
const CHECKPOINT_RECORDS = 10_000;

/** When checkpoints are made, and with which key. */
export interface Signer {
  /** One more record: now and then a checkpoint is due. */
  count(): void;
  /** Rejects with `store_unavailable`. Undefined when nothing is new. */
  checkpoint(): Promise<StoredCheckpoint | undefined>;
  /** Resolves with the new public key, 32 bytes in base64. */
  changeKey(): Promise<string>;
  /** A last checkpoint, and no more after it. Resolves when everybody was told, also of a failure. */
  stop(): Promise<void>;
}

export function createSigner(
  store: Store,
  writer: string,
  firstKey: SigningKey,
  options: SignerOptions,
): Signer {
  let signing = firstKey;
  const { make } = checkpointer(store, () => signing);
  let counted = 0;
  let last: Promise<unknown> = Promise.resolve();
  let telling: Promise<void> = Promise.resolve();

  /** One after the other: two at once would sign the same records twice. */
  function checkpoint(): Promise<StoredCheckpoint | undefined> {
    counted = 0;
    const made = last.then(followKey).then(make);
    last = made.catch(() => {});
    return made.then((one) => {
      if (one !== undefined) telling = telling.then(() => options.published?.(one));
      return one;
    });
  }
  /** Another process may have changed the key: the file holds the new one then. */
  function followKey(): void {
    if (options.signingPem !== undefined) return;
    const inForce = store.read(keyInForce)?.public;
    if (inForce === undefined || inForce === signing.public) return;
    const found = openSigningKey(dirname(options.path));
    if (found.public === inForce) signing = found;
  }

  const attempt = (): Promise<unknown> => checkpoint().catch((error: unknown) => options.problem?.(error));
  const due = (): void => void attempt();
  const timer = setInterval(due, options.checkpointMs ?? CHECKPOINT_MS).unref();

  return {
    count() {
      if (++counted === CHECKPOINT_RECORDS) due();
    },
    checkpoint,
    async changeKey() {
      if (options.signingPem !== undefined) {
        throw new SallyportError("config_invalid", "the checkpoint key is given by the configuration", {
          path: "audit.key",
          fix: "put another key where it points, and restart: the change is recorded then",
        });
      }
      await checkpoint();
      const next = replaceSigningKey(dirname(options.path));
      await store.transact((tx) => recordKey(tx, next, writer, signing));
      signing = next;
      await checkpoint();
      return next.public;
    },
    async stop() {
      clearInterval(timer);
      await attempt();
      await telling;
    },
  };
}

/**
 * Writes down that checkpoints are signed with this key from here on, unless the newest record says so already. With
 * the key of before at hand, that one signs the change: whoever can write the store can write such a record too.
 */
export function recordKey(tx: Tx, signing: SigningKey, writer: string, old?: SigningKey): void {
  const was = keyInForce(tx)?.public;
  if (was === signing.public) return;
  const head = { kind: "key", id: newId("k"), time: Date.now(), writer } as const;
  const event = was === undefined ? ({ event: "first" } as const) : ({ event: "changed", was } as const);
  const origin = originOf(tx);
  const endorsed =
    old === undefined || old.public !== was || origin === undefined
      ? {}
      : { endorsed: endorse(origin, old.key, signing.public) };
  append(tx, { ...head, ...event, public: signing.public, ...endorsed });
}
