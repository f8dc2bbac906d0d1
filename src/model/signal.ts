/** Tells that nobody waits any more: what we ask of an AbortSignal, which is one. */
export interface Signal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** As an AbortController with its signal, which takes as long to make as a hundredth of a small call. */
export class Cancellation implements Signal {
  aborted = false;
  private listeners: Set<() => void> | undefined;

  addEventListener(_: "abort", listener: () => void): void {
    (this.listeners ??= new Set()).add(listener);
  }

  removeEventListener(_: "abort", listener: () => void): void {
    this.listeners?.delete(listener);
  }

  /** Tells all listeners, once. */
  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of this.listeners ?? []) listener();
    this.listeners = undefined;
  }
}
