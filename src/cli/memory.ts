import { setFlagsFromString } from "node:v8";

/** A result from which on collecting old objects costs more than keeping them for a while. Bytes. */
export const LARGE_RESULT = 64 * 1024;
/** As long as large results are taken to go on coming. Milliseconds. */
const CALM_MS = 30_000;
const SMALL = ["--semi-space-growth-factor=1", "--heap-growing-percent=50"];
const ROOMY = ["--semi-space-growth-factor=2", "--heap-growing-percent=200"];

/**
 * A proxy lives for days beside an editor, one for each of its windows. Left alone, V8 lets the space of young objects
 * grow to 32 MB and collects the old ones when there are three times as many; a call leaves nothing behind, so that
 * would be garbage waiting. Both are read when the heap is about to grow, and may be set at any time.
 */
export function keepHeapSmall(): void {
  for (const flag of SMALL) setFlagsFromString(flag);
}

let calm: NodeJS.Timeout | undefined;

/**
 * A result of so many bytes has come. What is made of a large one outlives a small space of young objects, is moved twice
 * for nothing, and the old ones would be collected in the middle of each call, for up to two fifths of its time. When it is
 * quiet again, V8 gives the room back by itself.
 */
export function makeRoom(bytes: number): void {
  if (bytes < LARGE_RESULT) return;
  if (calm !== undefined) {
    calm.refresh();
    return;
  }
  for (const flag of ROOMY) setFlagsFromString(flag);
  calm = setTimeout(() => {
    calm = undefined;
    keepHeapSmall();
  }, CALM_MS).unref();
}
