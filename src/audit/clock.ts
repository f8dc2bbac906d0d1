/** Two processes read the clock and then queue for one write: this much is no step back. Milliseconds. */
const TOLERANCE_MS = 2000;

export interface ClockCheck {
  record(seq: number, time: number): void;
  /** The checkpoint after record `size` was stored at `time`. */
  checkpoint(size: number, time: number): void;
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
    notices: () => [
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
