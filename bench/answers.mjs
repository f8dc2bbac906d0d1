// A bench that times wrong answers says nothing: each target's answer is read before its time is taken.

const SSN = /\b\d{3}-\d{2}-\d{4}\b/g;

/**
 * What is wrong with the answer to a cell's call, as a sentence; undefined when nothing is.
 * `expected`: { text } the exact text, or { rows, redacted } so many rows, their numbers masked or there.
 */
export function problemWith(answer, expected) {
  let message;
  try {
    message = JSON.parse(answer.toString());
  } catch {
    return "it is not JSON";
  }
  const { result } = message;
  if (result === undefined) return `it is an error: ${JSON.stringify(message.error)}`;
  const text = result.content?.[0]?.text;
  if (typeof text !== "string") return "it has no text";
  if (result.isError === true) return `it is a refusal: ${text.slice(0, 200)}`;
  if (expected.text !== undefined) return text === expected.text ? undefined : "its text is another one";
  return rowsProblem(text, result.structuredContent, expected);
}

function rowsProblem(text, structured, { rows, redacted }) {
  const inText = JSON.parse(text);
  if (inText.length !== rows || structured?.rows?.length !== rows)
    return `it has ${inText.length} rows in the text and ${structured?.rows?.length} beside it, not ${rows}`;
  if (redacted === undefined) return undefined;
  for (const [where, said] of [
    ["text", text],
    ["structured content", JSON.stringify(structured)],
  ]) {
    const raw = said.match(SSN)?.length ?? 0;
    const masked = said.split("[REDACTED:").length - 1;
    if (redacted && (raw > 0 || masked < rows))
      return `redaction is missing: ${raw} numbers stand in its ${where}, ${masked} are masked`;
    if (!redacted && raw !== rows) return `${rows - raw} numbers are missing in its ${where}`;
  }
  return undefined;
}
