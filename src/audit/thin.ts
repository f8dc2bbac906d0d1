import type { Tx } from "../store/store.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The newest ones all stay, by number and not by age: a clock that leaps ahead ages them, and takes none. */
const NEWEST = 1000;
/** From then on one a day is enough. */
const HOURLY = 90 * DAY;
/** A store that was never thinned is thinned little by little: no call waits for years of it. */
const AT_ONCE = 5000;

/**
 * Takes away checkpoints that say nothing which a later one does not, when the first of a new hour is stored. A minute
 * apart, they would be half a million in a year. Of the older ones the last of each hour stays, after 90 days the last
 * of each day, and the last before each change of key: nobody else can sign that again. Proofs end in the newest, and
 * what was published elsewhere is compared with the records themselves: neither misses any. Times in milliseconds.
 */
export function thinCheckpoints(tx: Tx, before: number, now: number): void {
  if (Math.floor(before / HOUR) === Math.floor(now / HOUR)) return;
  // As text: a bound number is a real one, and its division does not round.
  const unit = (time: string): string =>
    `${time} / iif(c.time < ${Math.floor(now) - HOURLY}, ${DAY}, ${HOUR})`;
  tx.run(
    `DELETE FROM checkpoints WHERE size IN (
       SELECT c.size FROM checkpoints c
       WHERE c.size < (SELECT min(size) FROM (SELECT size FROM checkpoints ORDER BY size DESC LIMIT ${NEWEST}))
         AND ${unit("c.time")} =
           ${unit("(SELECT n.time FROM checkpoints n WHERE n.size > c.size ORDER BY n.size LIMIT 1)")}
         AND NOT EXISTS (SELECT 1 FROM records k WHERE k.seq = c.size + 1 AND k.kind = 'key')
       ORDER BY c.size LIMIT ${AT_ONCE})`,
  );
}
