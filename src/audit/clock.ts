/** Two processes read the clock and then queue for one write: this much is no step back. Milliseconds. */
const TOLERANCE_MS = 2000;

/** Said one by one; a machine that sleeps each night has more. */
const MAX_STEPS = 10;

const spell = (ms: number): string => `${Math.round(Math.abs(ms) / 1000)} s`;

export interface ClockCheck {
  record(seq: number, time: number): void;
  /** The checkpoint after record `size` was stored at `time`. */
  checkpoint(size: number, time: number): void;
  /** A writer noticed, before record `seq`, that its clock was set. Milliseconds. */
  step(seq: number, ms: number): void;
  notices(): string[];
}

/**
 * Times are what the writers' clocks said. A clock that was set back is no proof of tampering, and one that was right
 * all the time is no proof against it; but whoever reads the record must know that "when" is to be taken with care.
 */
export function clockCheck(): ClockCheck {
  let newest = 0;
  let back = 0;
  let worst = { seq: 0, ms: 0 };
  let late = 0;
  const steps: { readonly seq: number; readonly ms: number }[] = [];
  return {
    record(seq, time) {
      if (time < newest - TOLERANCE_MS) {
        back++;
        if (newest - time > worst.ms) worst = { seq, ms: newest - time };
      }
      newest = Math.max(newest, time);
    },
    checkpoint(_size, time) {
      if (time < newest - TOLERANCE_MS) late++;
    },
    step: (seq, ms) => void steps.push({ seq, ms }),
    notices: () => [
      ...steps
        .slice(0, MAX_STEPS)
        .map(
          ({ seq, ms }) =>
            `record ${seq}: the clock was set ${ms < 0 ? "back" : "ahead"} by ${spell(ms)} while it ran`,
        ),
      ...(steps.length > MAX_STEPS ? [`and ${steps.length - MAX_STEPS} times more`] : []),
      ...(back === 0
        ? []
        : [
            `the clock stood behind an earlier record's time at ${back} records, ` +
              `most at record ${worst.seq}: by ${Math.round(worst.ms / 1000)} s`,
          ]),
      ...(late === 0 ? [] : [`${late} checkpoints say a time before that of a record they cover`]),
    ],
  };
}
