import { watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

/** An editor writes a file in several steps: it is read when they are over. Milliseconds. */
const SETTLE_MS = 200;

/**
 * Calls back when one of the files has changed. Folders are watched, not files: most editors put another file in place of
 * the old one. Returns how to stop; a folder that cannot be watched is told to `problem`.
 */
export function watchFiles(
  files: readonly string[],
  changed: () => void,
  problem: (error: unknown) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(changed, SETTLE_MS).unref();
  };
  const folders = new Map<string, Set<string>>();
  for (const file of files) {
    const names = folders.get(dirname(file)) ?? new Set<string>();
    folders.set(dirname(file), names.add(basename(file)));
  }
  const watchers: FSWatcher[] = [];
  for (const [folder, names] of folders) {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || names.has(name)) later();
      });
      watchers.push(watcher.on("error", problem));
    } catch (error) {
      problem(error);
    }
  }
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
