/** A text as its reader will understand it. */
export interface View {
  readonly text: string;
  /** Where it differs from the original, as rising places in it, never far apart in one change; absent: all of it does. */
  readonly changes?: readonly number[];
  /** About where a place of the original is in it. */
  forth?(offset: number): number;
  /** A span of the view, as the smallest span of the original that covers it. */
  back(start: number, end: number): [start: number, end: number];
}

/** The views of a text, and whether there is more in it than was unfolded: nobody looked there, and that has to be told. */
export interface Unfolded {
  readonly views: readonly View[];
  readonly unread: boolean;
}
