import { readFileSync } from "node:fs";
import { SallyportError } from "../model/errors.js";
import type { JsonObject } from "../model/json.js";
import { isObject } from "../model/json.js";
import { parseJsonText } from "../model/json-text.js";
import type { Problem } from "../policy/problem.js";

/** Reads one JSON object from a file. Duplicate keys are refused: a person reads the first, a parser takes the last. */
export function readJsonFile(path: string, name: string): { value?: JsonObject; problem?: Problem } {
  let text: string;
  try {
    text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return {
      problem: {
        message: missing
          ? "no such file"
          : `cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown"}`,
        file: name,
        fix: missing
          ? "create it, name another with --config FILE, or wrap one server: sallyport run -- <command>"
          : "make it a file you may read",
      },
    };
  }
  try {
    parseJsonText(text, { refuseDuplicates: true });
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    return { problem: { ...syntaxProblem(text, error.message), file: name } };
  }
  const value: unknown = JSON.parse(text);
  return isObject(value) ? { value } : { problem: { message: "not a JSON object", file: name } };
}

/** The parser's complaint with line and column, and with the usual causes named. */
function syntaxProblem(text: string, message: string): Problem {
  const found = /^(.*) at character (\d+)$/s.exec(message);
  // The parser stands on the character it did not expect, or just behind it.
  let at = Number(found?.[2] ?? 0);
  if (found?.[1]?.startsWith("expected") === true && !found[1].endsWith("a key")) at = Math.max(0, at - 1);
  const before = text.slice(0, at);
  const place = `line ${before.split("\n").length} column ${at - before.lastIndexOf("\n")}`;
  const comment = text[at] === "/" || text[at] === "#";
  const trailing = /[}\]]/.test(text[at] ?? "") && before.trimEnd().endsWith(",");
  const what = comment ? "comments are not JSON" : trailing ? "trailing comma" : (found?.[1] ?? message);
  const fix = comment
    ? "remove the comment"
    : trailing
      ? "remove the comma before the closing bracket"
      : "make it valid JSON";
  return { message: `${what} at ${place}`, path: place, fix };
}
