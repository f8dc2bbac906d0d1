/** Newline-delimited messages over Buffers. Concatenating on every chunk would be quadratic; pieces are joined once. */

export interface LineHandlers {
  /** One line without its newline; a trailing CR is left to the JSON parser, to which it is white space. */
  line(bytes: Buffer): void;
  /** An empty line, where that means something. */
  empty?(): void;
  /** A line grew past `maxBytes`. What remains of it is skipped up to its newline. */
  tooLong(): void;
}

/** Returns a function that takes chunks as they come. */
export function lineReader(maxBytes: number, handlers: LineHandlers): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let held = 0;
  let skipping = false;
  const hold = (piece: Buffer): void => {
    if (skipping || piece.length === 0) return;
    held += piece.length;
    if (held > maxBytes) {
      parts = [];
      skipping = true;
      handlers.tooLong();
    } else parts.push(piece);
  };
  return (chunk) => {
    let from = 0;
    for (let newline; (newline = chunk.indexOf(10, from)) !== -1; from = newline + 1) {
      hold(chunk.subarray(from, newline));
      if (!skipping && held > 0) handlers.line(parts.length === 1 ? parts[0]! : Buffer.concat(parts, held));
      else if (!skipping) handlers.empty?.();
      parts = [];
      held = 0;
      skipping = false;
    }
    hold(chunk.subarray(from));
  };
}
