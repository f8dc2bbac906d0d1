/** A text as its reader will understand it. */
export interface View {
  readonly text: string;
  /** A span of the view, as the smallest span of the original that covers it. */
  back(start: number, end: number): [start: number, end: number];
}
