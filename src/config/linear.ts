/** Patterns that people write run on a linear engine: no text can make one of them slow. It knows no back-references. */
import { createRequire } from "node:module";
import type { Matcher } from "../detect/compile.js";
import { lazily } from "../detect/lazily.js";

/** Few configurations have such patterns; the others need not wait for it. */
const engine = lazily(() => {
  const { RE2JS } = createRequire(import.meta.url)("re2js") as typeof import("re2js");
  // It reads code points anyway: the flag "u" adds nothing.
  const flags: Readonly<Record<string, number>> = {
    i: RE2JS.CASE_INSENSITIVE,
    m: RE2JS.MULTILINE,
    s: RE2JS.DOTALL,
  };
  return { RE2JS, flags };
});

/** A pattern that is used as a global RegExp is. Throws when it is none. */
export function linearPattern(pattern: string, flags = ""): Matcher {
  const { RE2JS, flags: known } = engine();
  const wanted = [...flags].reduce((sum, flag) => sum | (known[flag] ?? 0), RE2JS.LOOKBEHINDS);
  const compiled = RE2JS.compile(pattern, wanted);
  const named = Object.hasOwn(compiled.namedGroups(), "value");
  return {
    lastIndex: 0,
    exec(text) {
      const found = compiled.matcher(text);
      if (this.lastIndex > text.length || !found.find(this.lastIndex)) return null;
      const [start, end] = [found.start(), found.end()];
      const value: [number, number] | undefined =
        named && found.start("value") >= 0 ? [found.start("value"), found.end("value")] : undefined;
      return {
        0: text.slice(start, end),
        index: start,
        groups: value && { value: text.slice(...value) },
        indices: value && { groups: { value } },
      };
    },
  };
}

/** What keeps a text from being such a pattern; undefined when nothing does. */
export function linearProblem(pattern: string, flags: string): string | undefined {
  try {
    linearPattern(pattern, flags);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
