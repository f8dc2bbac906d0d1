/** What a model, and the person it tells, read about a tool that waits for a review. */

/**
 * A server chooses its tools' names: one that is pasted into a terminal, or read by a model, must not be able to say
 * anything but a name.
 */
function plainName(server: string, tool: string): string | undefined {
  return /^[\w.:@/-]{1,128}$/.test(tool) ? `${server}/${tool}` : undefined;
}

/** How a person looks at the tool and approves it, as a sentence. */
export function reviewSentence(server: string, tool: string): string {
  const name = plainName(server, tool);
  if (name === undefined)
    return "A person has to review this tool: `sallyport tools ls` shows it, `diff` and `approve` take its name.";
  return `A person has to review this tool with \`sallyport tools diff ${name}\` and accept it with \`sallyport tools approve ${name}\`.`;
}

/** Stands where the description was. `types`: of the findings that block it. */
export function unavailableText(server: string, tool: string, types: readonly string[]): string {
  const why = types.includes("tool_changed")
    ? "its definition is not the one that was approved"
    : "something was found in its definition";
  return [
    `[Sallyport] This tool is unavailable: ${why} (${types.join(", ")}).`,
    "Do not call it: every call is refused until it is approved. Tell the user.",
    reviewSentence(server, tool),
  ].join(" ");
}
