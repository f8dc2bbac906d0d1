import type { Engine } from "../detect/engine.js";
import type { RawFinding } from "../detect/finding.js";
import type { Json } from "../model/json.js";

/** What in a tool's definition speaks to the model, or hides from the person who reads it. An example's e-mail address does not. */
const TOLD = new Set(["prompt_injection", "tool_integrity"]);

/** Findings in a tool's definition (JSON text): descriptions, titles, every string and name of the schemas. */
export function scanDefinition(engine: Engine, definition: string): RawFinding[] {
  const found = engine.scanJson(JSON.parse(definition) as Json, {
    phase: "output",
    text: definition,
    roleOf: () => "text",
  });
  return found.filter(({ category }) => TOLD.has(category));
}
