import type { AuditLog } from "./log.js";
import { prune } from "./prune.js";

/** How often old records are looked for. */
const EVERY_MS = 3_600_000;

/**
 * Erases the bodies of calls older than `ageMs`, now and every hour. Resolves, when asked to stop, once nothing is
 * under way.
 */
export function keepRetention(
  log: AuditLog,
  ageMs: number,
  problem: (error: unknown) => void,
): { stop(): Promise<void> } {
  let stopped = false;
  let running: Promise<unknown> = Promise.resolve();
  const once = (): void => {
    running = running.then(async () => {
      if (stopped) return;
      const by = { id: "audit.retention", how: "asserted" } as const;
      await prune(log, { before: Date.now() - ageMs, by, stopEarly: true, stopped: () => stopped }).catch(
        problem,
      );
    });
  };
  once();
  const timer = setInterval(once, EVERY_MS).unref();
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
