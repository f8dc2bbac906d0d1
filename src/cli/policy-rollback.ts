/** What it takes to put the policy files of a snapshot back. */
import type { PolicyFile } from "../audit/record.js";
import type { Snapshot } from "../audit/snapshots.js";
import { parsePolicies, type LoadedPolicies } from "../config/policies.js";
import type { KnownNames } from "../config/exceptions.js";
import { SallyportError } from "../model/errors.js";

/** Files that a rollback writes: those of the snapshot that are not as they were. */
export interface Restoring {
  readonly files: readonly PolicyFile[];
  /** What they say, read as a start would read them. */
  readonly read: LoadedPolicies;
}

/**
 * What has to be written so that the policies of `snapshot` are in force. `now` are the files of the configuration.
 * Throws SallyportError `config_invalid` where files alone cannot bring them back.
 */
export function planRollback(
  { snapshot, bundle, files }: Snapshot,
  now: readonly PolicyFile[],
  configured: readonly string[],
  known: KnownNames,
): Restoring {
  const id = snapshot.slice(0, 12);
  const bad = (message: string, fix: string): never => {
    throw new SallyportError("config_invalid", message, { fix });
  };
  const had = (bundle["policies"] as readonly unknown[]).length;
  if (had !== files.length)
    bad(
      `the files of snapshot ${id} were not kept: it is older than this version`,
      "restore them from your own history",
    );
  const then = new Set(files.map(({ file }) => file));
  const gone = files.filter(({ file }) => !configured.includes(file)).map(({ file }) => file);
  if (gone.length > 0)
    bad(`the configuration no longer names ${gone.join(", ")}`, "add it to `policies` again, then roll back");
  const since = configured.filter((file) => !then.has(file));
  if (since.length > 0)
    bad(
      `${since.join(", ")} came after snapshot ${id} and would stay in force`,
      "take it out of `policies`, then roll back",
    );
  const changed = files.filter(({ file, text }) => now.find((each) => each.file === file)?.text !== text);
  return { files: changed, read: parsePolicies(files, known) };
}
