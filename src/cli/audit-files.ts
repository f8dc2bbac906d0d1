import { readFileSync, writeFileSync } from "node:fs";
import { parseVerifier, splitNotes, type Verifier } from "../audit/note.js";
import type { Anchored } from "../audit/verify-tree.js";
import { UsageError } from "./audit-args.js";

/** A file that the person at the command line named. Throws UsageError. */
export function readNamed(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown"}`);
  }
}

/** Writes a file that the person at the command line named; for its owner alone. Throws UsageError. */
export function writeNamed(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600 });
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code ?? "unknown"}`);
  }
}

/** `--key`: a public key as it is written down, or a file with one or several, a line each. Throws UsageError. */
export function readKeys(given: string): Verifier[] {
  const whole = parseVerifier(given);
  if (whole !== undefined) return [whole];
  const lines = readNamed(given)
    .split("\n")
    .filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const key = parseVerifier(line);
    if (key === undefined)
      throw new UsageError(`${given} holds a line that is no key: sallyport audit key prints one`);
    return key;
  });
}

/** `--against`: a file of checkpoints that were kept elsewhere. Throws UsageError. */
export function readAnchor(path: string): Anchored {
  return { from: path, notes: splitNotes(readNamed(path)) };
}
