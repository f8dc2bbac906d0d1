import { setFlagsFromString } from "node:v8";

/**
 * A proxy lives for days beside an editor, one for each of its windows. Left alone, V8 lets the space of young objects
 * grow to 32 MB and collects the old ones when there are three times as many; a call leaves nothing behind, so that
 * would be garbage waiting. Both are read when the heap is about to grow, and may be set at any time.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=50");
}
