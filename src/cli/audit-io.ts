import { openAudit, type AuditLog } from "../audit/log.js";
import type { AuditSettings } from "../config/load.js";
import { describeError } from "../model/errors.js";
import { openStore } from "../store/sqlite.js";
import type { Store } from "../store/store.js";
import { publish } from "./anchors.js";

export interface AuditIo {
  /** Of the audit store. */
  readonly path: string;
  readonly settings: AuditSettings;
  /** Of Sallyport, for commands that write. */
  readonly version: string;
  /** Who is at the command line. */
  readonly user: string;
  /** stdout: data. */
  write(text: string): void;
  /** stderr: talk. Without it, talk goes where data goes. */
  say?(text: string): void;
  readonly color: boolean;
  /** Width of the terminal, when there is one. */
  readonly columns?: number;
  /** Ends `tail --follow`. */
  readonly signal?: AbortSignal;
}

/** Opens the store for reading: nothing in it is changed. */
export async function reading<T>(io: AuditIo, work: (store: Store) => T | Promise<T>): Promise<T> {
  const store = openStore(io.path, { readonly: true });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Opens the store for writing, as a process of its own: its start and stop are on record. */
export async function writing<T>(io: AuditIo, work: (log: AuditLog) => Promise<T>): Promise<T> {
  // A command that was pointed at nothing must not make a store there.
  await openStore(io.path, { readonly: true }).close();
  const { path, version, settings } = io;
  const say = io.say ?? io.write;
  const log = await openAudit({
    ...settings,
    path,
    version,
    published: async ({ note }) => {
      for (const anchor of settings.anchors)
        await publish(anchor, note).catch((error: unknown) => say(`${describeError(error)}\n`));
    },
    problem: (error) => say(`${describeError(error)}\n`),
  });
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}
